package hikyaku.systemtests.stress;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A connection, read line by line, octets as ISO-8859-1. */
public final class Octets implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private Socket socket;
  private BufferedInputStream in;
  private OutputStream out;
  private Consumer<String> journal = line -> {};

  Octets(String host, int port) throws IOException {
    this(host, port, PATIENCE);
  }

  /**
   * @param patience how long to wait for the connection, and for each octet
   */
  public Octets(String host, int port, Duration patience) throws IOException {
    socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host, port), (int) patience.toMillis());
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) patience.toMillis());
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Tells of each line and literal from now on, as {@code S: …} and {@code C: …}. */
  public void journal(Consumer<String> to) {
    journal = to;
  }

  /** How long to wait for each octet from now on. */
  public void patience(Duration patience) throws IOException {
    socket.setSoTimeout((int) patience.toMillis());
  }

  /** Begins TLS, with whoever is there. */
  public void secure() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Anybody()}, new SecureRandom());
      SSLSocket secure =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(
                      socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
      secure.startHandshake();
      socket = secure;
      in = new BufferedInputStream(secure.getInputStream());
      out = secure.getOutputStream();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Compresses both ways from now on (RFC 4978). */
  public void compress() {
    in = new BufferedInputStream(new InflaterInputStream(in, new Inflater(true)));
    out = new DeflaterOutputStream(out, new Deflater(Deflater.BEST_SPEED, true), true);
  }

  public String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int octet;
    while ((octet = in.read()) != '\n') {
      if (octet < 0) {
        throw new EOFException("connection ended after " + line);
      }
      line.write(octet);
    }
    String text = line.toString(StandardCharsets.ISO_8859_1);
    if (!text.endsWith("\r")) {
      throw new AssertionError("line does not end with CRLF: " + text);
    }
    text = text.substring(0, text.length() - 1);
    journal.accept("S: " + text);
    return text;
  }

  public String counted(int count) throws IOException {
    byte[] octets = in.readNBytes(count);
    if (octets.length < count) {
      throw new EOFException("connection ended inside a literal");
    }
    journal.accept("S: (" + count + " octets)");
    return new String(octets, StandardCharsets.ISO_8859_1);
  }

  public void send(String text) throws IOException {
    journal.accept("C: " + text);
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** Trusts everybody: certificates are not what is tried here. */
  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
