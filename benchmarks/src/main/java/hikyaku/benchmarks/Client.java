package hikyaku.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * A line-oriented client that does as little as can be, so that the server is what is measured:
 * lines are looked at where they were received, and become strings only for who asks for them.
 */
final class Client implements AutoCloseable {
  /** Octets of the buffer at first: there may be thousands of clients that hardly read. */
  private static final int LEAST = 1024;

  /** Octets to which the buffer grows where input comes faster than it is read. */
  private static final int MOST = 64 * 1024;

  private static final byte[] TAGGED = "x ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TAGGED_OK = "x OK".getBytes(StandardCharsets.US_ASCII);

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /** What was received: read up to {@code at}, there up to {@code end}. */
  private byte[] buffer = new byte[LEAST];

  private int at;
  private int end;

  /** The line last taken, without its end. */
  private int lineAt;

  private int lineEnd;

  private Client(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(120_000);
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  static Client plain(String host, int port) throws IOException {
    return new Client(new Socket(host, port));
  }

  /**
   * TLS without looking at the certificate: a measured node has one of its own making. A client
   * that was never there before, so that no server is measured by the sessions that it resumes, and
   * with one key share, as clients have that are no Java programs.
   */
  static Client tls(String host, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            Trusting.CONTEXT
                .getSocketFactory()
                .createSocket(
                    new Socket(host, port), "new-" + Trusting.NEXT.getAndIncrement(), port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setNamedGroups(new String[] {"x25519"});
    socket.setSSLParameters(parameters);
    return new Client(socket);
  }

  private static final class Trusting implements X509TrustManager {
    static final SSLContext CONTEXT = context();

    /** Sessions are looked up by the name of the server. */
    static final AtomicLong NEXT = new AtomicLong();

    private static SSLContext context() {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        context.getClientSessionContext().setSessionCacheSize(1);
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
    takeLine();
    return lineTaken();
  }

  private String lineTaken() {
    return new String(buffer, lineAt, lineEnd - lineAt, StandardCharsets.ISO_8859_1);
  }

  /** Takes the next line; it stays in the buffer until more is taken. */
  private void takeLine() throws IOException {
    int looked = at;
    int lineFeed;
    while ((lineFeed = lineFeed(looked)) < 0) {
      int behind = end - at;
      receive();
      looked = at + behind;
    }
    lineAt = at;
    lineEnd = lineFeed > at && buffer[lineFeed - 1] == '\r' ? lineFeed - 1 : lineFeed;
    at = lineFeed + 1;
  }

  private int lineFeed(int from) {
    byte[] octets = buffer;
    for (int i = from; i < end; i++) {
      if (octets[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** Receives more behind what is not yet read. */
  private void receive() throws IOException {
    boolean full = end == buffer.length;
    int left = end - at;
    if (full && (left == buffer.length || buffer.length < MOST)) {
      buffer = Arrays.copyOfRange(buffer, at, at + 2 * buffer.length);
    } else {
      System.arraycopy(buffer, at, buffer, 0, left);
    }
    at = 0;
    end = left;
    int count = in.read(buffer, end, buffer.length - end);
    if (count < 0) {
      throw new EOFException("the server closed the connection");
    }
    end += count;
  }

  private boolean lineBegins(byte[] with) {
    return lineEnd - lineAt >= with.length
        && Arrays.equals(buffer, lineAt, lineAt + with.length, with, 0, with.length);
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
    String last = "nothing";
    try {
      takeLine();
      while (!lineBegins(TAGGED)) {
        if (lineEnd > lineAt && buffer[lineEnd - 1] == '}') {
          last = lineTaken();
          skip(Long.parseLong(last.substring(last.lastIndexOf('{') + 1, last.length() - 1)));
        }
        takeLine();
      }
    } catch (EOFException e) {
      throw new IOException(command + " -> closed after " + last, e);
    }
    if (!lineBegins(TAGGED_OK)) {
      throw new IOException(command + " -> " + lineTaken());
    }
  }

  /** Passes octets over. */
  private void skip(long octets) throws IOException {
    long left = octets;
    while (left > end - at) {
      left -= end - at;
      at = end;
      receive();
    }
    at += (int) left;
  }

  /** Reads a POP3 multi-line response to its end. */
  long dotted() throws IOException {
    long octets = 0;
    while (true) {
      takeLine();
      int length = lineEnd - lineAt;
      if (length == 1 && buffer[lineAt] == '.') {
        return octets;
      }
      octets += length + 2;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
