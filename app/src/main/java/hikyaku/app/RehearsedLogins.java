package hikyaku.app;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.OptionalInt;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Logins over TLS, often enough that the virtual machine learns what is worth compiling: in the
 * first minutes of a node, which has all its clients come back at once, compiling what TLS computes
 * costs more than TLS.
 */
final class RehearsedLogins {
  /** Clients, each of which is new to the node, and comes back once to resume its TLS session. */
  private static final int CLIENTS = 150;

  private RehearsedLogins() {}

  static void run(Node node, Demo.Login login) throws Failure {
    OptionalInt port = RehearsedSessions.port(node.status().listeners(), "imaps");
    if (port.isEmpty()) {
      return;
    }
    try {
      TrustManagerFactory trusted = trusted(node.core().data().tls().resolve("certificate.pem"));
      for (int i = 0; i < CLIENTS; i++) {
        SSLContext client = SSLContext.getInstance("TLS");
        client.init(null, trusted.getTrustManagers(), null);
        logIn(client, port.getAsInt(), login);
        logIn(client, port.getAsInt(), login);
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new Failure("A rehearsed login failed: " + Reason.of(e), e);
    }
  }

  private static void logIn(SSLContext client, int port, Demo.Login login) throws IOException {
    try (Socket socket =
        client.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      RehearsedSessions.talk(
          socket,
          RehearsedSessions.IMAP_DONE,
          "a LOGIN " + login.address() + " " + login.password(),
          "b LOGOUT");
    }
  }

  private static TrustManagerFactory trusted(Path certificate)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(certificate)) {
      store.setCertificateEntry(
          "node", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trusted =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(store);
    return trusted;
  }
}
