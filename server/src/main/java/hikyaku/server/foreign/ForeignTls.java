package hikyaku.server.foreign;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** TLS to a foreign server. */
final class ForeignTls {
  private ForeignTls() {}

  /**
   * Negotiates TLS.
   *
   * @throws IOException if that fails, or the certificate is not one that will do
   */
  static SSLSocket over(Socket socket, Backend backend, Endpoint endpoint) throws IOException {
    boolean byHost = !backend.unchecked() && backend.certificate().isEmpty();
    SSLSocket secured =
        (SSLSocket)
            context(backend, byHost)
                .getSocketFactory()
                .createSocket(socket, endpoint.bareHost(), endpoint.port(), true);
    if (byHost) {
      SSLParameters parameters = secured.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secured.setSSLParameters(parameters);
    }
    secured.startHandshake();
    return secured;
  }

  private static SSLContext context(Backend backend, boolean byHost) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      // Without trust managers of our own it is the machine that says whom it trusts.
      context.init(
          null, byHost ? null : new TrustManager[] {new OneTrusted(backend.certificate())}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no TLS", e);
    }
  }

  /**
   * Trusts one certificate.
   *
   * @param digest its SHA-256; empty to trust any
   */
  private record OneTrusted(String digest) implements X509TrustManager {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      if (!digest.isEmpty() && !digest.equals(digestOf(chain[0]))) {
        throw new CertificateException("it shows another certificate than the one that was named");
      }
    }

    private static String digestOf(X509Certificate certificate) throws CertificateException {
      try {
        return HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
      } catch (GeneralSecurityException e) {
        throw new CertificateException(e);
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      throw new CertificateException("nobody is a client here");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
