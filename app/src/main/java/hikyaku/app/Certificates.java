package hikyaku.app;

import hikyaku.app.config.Tls;
import hikyaku.server.net.Credential;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.TlsContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the certificate comes from: the configuration, or else one of our own making. */
final class Certificates {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);

  private final Path certificate;
  private final Path key;
  private final boolean ownMaking;
  private final String hostname;
  private final InstantSource clock;

  Certificates(Tls tls, Path selfSigned, String hostname, InstantSource clock) {
    this.ownMaking = tls.certificate().isEmpty();
    this.certificate = tls.certificate().orElse(selfSigned.resolve("certificate.pem"));
    this.key = tls.key().orElse(selfSigned.resolve("key.pem"));
    this.hostname = hostname;
    this.clock = clock;
  }

  Path certificate() {
    return certificate;
  }

  boolean isSelfSigned() {
    return ownMaking;
  }

  /** The certificate as it is now; a self-signed one is made if there is none yet. */
  Credential read() throws IOException {
    if (ownMaking && !Files.exists(certificate)) {
      return SelfSigned.create(
          certificate, key, List.of(hostname, "localhost", "127.0.0.1", "::1"), clock.instant());
    }
    return Credential.fromPem(certificate, key);
  }

  /** For handshakes. A certificate out of its time serves, since some clients do not look. */
  TlsContext context() throws IOException {
    Credential credential = read();
    X509Certificate leaf = credential.chain().getFirst();
    Instant now = clock.instant();
    if (now.isAfter(leaf.getNotAfter().toInstant())) {
      LOG.atWarn()
          .addKeyValue("certificate", certificate)
          .addKeyValue("ended", leaf.getNotAfter().toInstant())
          .log("the certificate has expired, and clients will refuse it");
    } else if (now.isBefore(leaf.getNotBefore().toInstant())) {
      LOG.atWarn()
          .addKeyValue("certificate", certificate)
          .addKeyValue("begins", leaf.getNotBefore().toInstant())
          .log("the certificate is not valid yet, and clients will refuse it");
    }
    return TlsContext.of(List.of(credential));
  }
}
