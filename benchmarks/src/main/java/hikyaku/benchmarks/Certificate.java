package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A certificate for a peer, of the kind that a node makes for itself (ECDSA, P-256).
 *
 * @param chain the certificate
 * @param both chain and key in one file
 */
record Certificate(Path chain, Path key, Path both) {
  /** Makes one in a directory, unless it is there. */
  static Certificate in(Path directory) throws IOException, InterruptedException {
    Certificate made =
        new Certificate(
            directory.resolve("certificate.pem"),
            directory.resolve("key.pem"),
            directory.resolve("both.pem"));
    if (Files.exists(made.both)) {
      return made;
    }
    Process openssl =
        new ProcessBuilder(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "10",
                "-subj",
                "/CN=localhost",
                "-keyout",
                made.key.toString(),
                "-out",
                made.chain.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (openssl.waitFor() != 0) {
      throw new IOException("openssl: " + said);
    }
    Files.writeString(made.both, Files.readString(made.chain) + Files.readString(made.key));
    return made;
  }
}
