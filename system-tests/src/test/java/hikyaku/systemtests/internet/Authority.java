package hikyaku.systemtests.internet;

import hikyaku.fixtures.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Whom this internet trusts to say who is who. */
final class Authority {
  /** Of the store below, which has nothing to hide. */
  static final String STORE_PASSWORD = "changeit";

  private static final String NAME = "authority";

  private final Path directory;

  Authority(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve("openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n");
    make(
        NAME,
        List.of(
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign"));
  }

  /** Makes a key and a certificate for it that has these names, and is called by the first. */
  void certify(String... names) throws IOException, InterruptedException {
    make(
        names[0],
        List.of(
            "-CA",
            certificate().toString(),
            "-CAkey",
            key(NAME).toString(),
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "subjectAltName=DNS:" + String.join(",DNS:", names)));
  }

  private void make(String name, List<String> more) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "openssl",
                "req",
                "-x509",
                "-config",
                directory.resolve("openssl.cnf").toString(),
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=" + name,
                "-keyout",
                key(name).toString(),
                "-out",
                certificate(name).toString()));
    command.addAll(more);
    Machine.HERE.run(command);
  }

  /** Its own certificate, as PEM. */
  Path certificate() {
    return certificate(NAME);
  }

  Path certificate(String name) {
    return directory.resolve(name + ".pem");
  }

  Path key(String name) {
    return directory.resolve(name + ".key");
  }

  /** The data of a TLSA record (RFC 6698 §2.1) for the key of a certificate: DANE-EE, SHA-256. */
  String tlsa(String name) throws IOException, GeneralSecurityException {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(read(name).getPublicKey().getEncoded());
    return "3 1 1 " + HexFormat.of().formatHex(digest);
  }

  private X509Certificate read(String name) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(certificate(name))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  /** A store for Java in which its certificate is the only one. */
  Path store() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry(NAME, read(NAME));
    Path file = directory.resolve("authority.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, STORE_PASSWORD.toCharArray());
    }
    return file;
  }
}
