package hikyaku.server.smtpclient;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** TLS to another mail server. */
final class ClientTls {
  private static final SSLContext CHECKED = context(null);
  private static final SSLContext UNCHECKED = context(new TrustManager[] {new Anybody()});

  private ClientTls() {}

  private static SSLContext context(TrustManager @Nullable [] trusted) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      // Without trust managers of our own it is the machine that says whom it trusts.
      context.init(null, trusted, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no TLS", e);
    }
  }

  /**
   * Negotiates TLS.
   *
   * @param checked whether the certificate must be one for the host that is trusted here
   * @throws IOException if that fails
   */
  static SSLSocket over(Socket socket, Hop hop, boolean checked) throws IOException {
    SSLSocket secured =
        (SSLSocket)
            (checked ? CHECKED : UNCHECKED)
                .getSocketFactory()
                .createSocket(socket, hop.name(), hop.address().getPort(), true);
    if (checked) {
      SSLParameters parameters = secured.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secured.setSSLParameters(parameters);
    }
    secured.startHandshake();
    return secured;
  }

  /**
   * Opportunistic security (RFC 7435): encryption against who listens, for mail that would else go
   * in the clear; it does not keep out who stands between.
   */
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
