package hikyaku.server.net;

import hikyaku.server.testing.TrustEveryone;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** TLS from the client's side, by the JDK's SSLSocket; trusts anyone. */
final class TlsClient {
  private String[] versions = {"TLSv1.3", "TLSv1.2"};
  private String name = "localhost";
  private String[] alpn = {};
  private SSLContext context = context();

  static TlsClient ready() {
    return new TlsClient();
  }

  static TlsSession connect(int port) throws IOException {
    return ready().to(port);
  }

  TlsClient versions(String... some) {
    versions = some;
    return this;
  }

  TlsClient name(String asked) {
    name = asked;
    return this;
  }

  TlsClient alpn(String... some) {
    alpn = some;
    return this;
  }

  record TlsSession(TestClient client, SSLSocket socket) {}

  TlsSession to(int port) throws IOException {
    return over(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  TlsSession over(Socket plain) throws IOException {
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(plain, name, plain.getPort(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(versions);
    parameters.setServerNames(List.of(new SNIHostName(name)));
    parameters.setApplicationProtocols(alpn);
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(30_000);
    socket.startHandshake();
    return new TlsSession(new TestClient(socket), socket);
  }

  static SSLContext context() {
    return TrustEveryone.context("TLS");
  }
}
