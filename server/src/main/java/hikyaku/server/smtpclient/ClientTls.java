package hikyaku.server.smtpclient;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/** TLS to another mail server. */
final class ClientTls {
  private ClientTls() {}

  /**
   * Negotiates TLS. The server's name goes with it (SNI), as who has certificates for many names
   * must know which one is meant (RFC 7672 §8.1, RFC 8461 §4.1).
   *
   * @param judge says whether the certificate will do. A context of its own for each connection: a
   *     session that is resumed would be judged by nobody
   * @throws IOException if that fails
   */
  static SSLSocket over(Socket socket, Hop hop, PeerJudge judge) throws IOException {
    SSLSocket secured =
        (SSLSocket)
            context(judge)
                .getSocketFactory()
                .createSocket(socket, hop.name(), hop.address().getPort(), true);
    if (hop.check() instanceof PeerCheck.Named) {
      SSLParameters parameters = secured.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secured.setSSLParameters(parameters);
    }
    secured.startHandshake();
    return secured;
  }

  private static SSLContext context(PeerJudge judge) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {judge}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no TLS", e);
    }
  }
}
