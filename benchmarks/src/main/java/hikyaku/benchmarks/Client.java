package hikyaku.benchmarks;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A line-oriented client that does as little as can be, so that the server is what is measured. */
final class Client implements AutoCloseable {
  private final Socket socket;
  private final BufferedInputStream in;
  private final OutputStream out;

  private Client(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(120_000);
    in = new BufferedInputStream(socket.getInputStream(), 2048);
    out = socket.getOutputStream();
  }

  static Client plain(String host, int port) throws IOException {
    return new Client(new Socket(host, port));
  }

  /** TLS without looking at the certificate: a measured node has one of its own making. */
  static Client tls(String host, int port) throws IOException {
    return new Client(Trusting.CONTEXT.getSocketFactory().createSocket(host, port));
  }

  private static final class Trusting implements X509TrustManager {
    static final SSLContext CONTEXT = context();

    private static SSLContext context() {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return context;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  void send(byte[] octets) throws IOException {
    out.write(octets);
    out.flush();
  }

  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    int octet;
    while ((octet = in.read()) != '\n') {
      if (octet < 0) {
        throw new EOFException("the server closed the connection");
      }
      line.write(octet);
    }
    String text = line.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  /** Reads an SMTP reply and insists on its code. */
  void expect(String code) throws IOException {
    String line;
    do {
      line = line();
      if (!line.startsWith(code)) {
        throw new IOException("expected " + code + ", got " + line);
      }
    } while (line.length() > 3 && line.charAt(3) == '-');
  }

  /** Runs an IMAP command and reads to its tagged OK, literals included. */
  void imap(String command) throws IOException {
    send("x " + command + "\r\n");
    imapDone(command);
  }

  void imapDone(String command) throws IOException {
    String last = "";
    while (true) {
      String line;
      try {
        line = line();
      } catch (EOFException e) {
        throw new IOException(
            command + " -> closed after " + (last.isEmpty() ? "nothing" : last), e);
      }
      last = line;
      if (line.startsWith("x ")) {
        if (!line.startsWith("x OK")) {
          throw new IOException(command + " -> " + line);
        }
        return;
      }
      if (line.endsWith("}")) {
        in.skipNBytes(Long.parseLong(line.substring(line.lastIndexOf('{') + 1, line.length() - 1)));
      }
    }
  }

  /** Reads a POP3 multi-line response to its end. */
  long dotted() throws IOException {
    long octets = 0;
    while (true) {
      String line = line();
      if (line.equals(".")) {
        return octets;
      }
      octets += line.length() + 2;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
