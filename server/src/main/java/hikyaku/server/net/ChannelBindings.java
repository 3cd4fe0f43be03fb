package hikyaku.server.net;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads from an engine what was negotiated. */
final class ChannelBindings {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelBindings.class);

  private ChannelBindings() {}

  static TlsInfo describe(SSLEngine engine) {
    SSLSession session = engine.getSession();
    return new TlsInfo(
        session.getProtocol(),
        session.getCipherSuite(),
        serverName(session),
        Optional.ofNullable(engine.getApplicationProtocol()).filter(name -> !name.isEmpty()),
        exporter(session),
        serverEndPoint(session));
  }

  private static Optional<String> serverName(SSLSession session) {
    return session instanceof ExtendedSSLSession extended
        ? extended.getRequestedServerNames().stream()
            .filter(SNIHostName.class::isInstance)
            .map(name -> ((SNIHostName) name).getAsciiName())
            .findFirst()
        : Optional.empty();
  }

  /** RFC 9266 §2: 32 octets under this label, with an empty context. */
  private static Optional<byte[]> exporter(SSLSession session) {
    if (session.getProtocol().equals("TLSv1.3") && session instanceof ExtendedSSLSession extended) {
      try {
        return Optional.of(
            extended.exportKeyingMaterialData("EXPORTER-Channel-Binding", new byte[0], 32));
      } catch (SSLException | UnsupportedOperationException e) {
        LOG.atWarn().setCause(e).log("no keying material to bind to");
      }
    }
    return Optional.empty();
  }

  /**
   * RFC 5929 §4.1: the hash of our certificate by the hash function of its signature, but SHA-256
   * for MD5 and SHA-1. Signatures with no hash function of their own have no such binding.
   */
  private static Optional<byte[]> serverEndPoint(SSLSession session) {
    Certificate[] chain = session.getLocalCertificates();
    if (chain == null || !(chain[0] instanceof X509Certificate leaf)) {
      return Optional.empty();
    }
    String signature = leaf.getSigAlgName().toUpperCase(Locale.ROOT);
    int with = signature.indexOf("WITH");
    if (with < 0) {
      return Optional.empty();
    }
    String hash =
        switch (signature.substring(0, with)) {
          case "SHA384" -> "SHA-384";
          case "SHA512" -> "SHA-512";
          case "SHA224" -> "SHA-224";
          default -> "SHA-256";
        };
    try {
      return Optional.of(MessageDigest.getInstance(hash).digest(leaf.getEncoded()));
    } catch (GeneralSecurityException e) {
      LOG.atWarn().setCause(e).log("no certificate to bind to");
      return Optional.empty();
    }
  }
}
