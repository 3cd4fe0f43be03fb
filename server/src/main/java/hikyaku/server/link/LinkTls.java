package hikyaku.server.link;

import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.TlsContext;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * TLS under a link. Certificates prove nothing here: a node makes one when it starts, and a front
 * takes any. Who is at the other end is proven by the greeting, which covers a value that only the
 * two ends of this very TLS connection can know (RFC 8446 §7.5).
 */
final class LinkTls {
  private static final String LABEL = "EXPORTER-hikyaku-link";

  /** Under TLS 1.2 the value would be safe only with an extended master secret. */
  private static final String VERSION = "TLSv1.3";

  private LinkTls() {}

  static TlsContext ofNode(String name) throws IOException {
    return TlsContext.of(List.of(SelfSigned.create(List.of(name), Instant.now())));
  }

  /** For the front's end. */
  static SSLEngine ofFront() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Anybody()}, null);
      return speaking(context.createSSLEngine(), true);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no TLS", e);
    }
  }

  /** For the node's end. */
  static SSLEngine ofNode(TlsContext context) {
    return speaking(context.engine(List.of()), false);
  }

  private static SSLEngine speaking(SSLEngine engine, boolean asClient) {
    engine.setUseClientMode(asClient);
    engine.setEnabledProtocols(new String[] {VERSION});
    return engine;
  }

  /** What both ends of this connection know, and nobody else. */
  static byte[] binding(ExtendedSSLSession session) throws IOException {
    if (!session.getProtocol().equals(VERSION)) {
      throw new LinkException("a link needs " + VERSION);
    }
    return session.exportKeyingMaterialData(LABEL, new byte[0], 32);
  }

  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
