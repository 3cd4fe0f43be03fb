package hikyaku.systemtests.peers;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A connection to a peer. Octets are chars of ISO 8859-1. */
final class Peer implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;
  private static final Pattern LITERAL = Pattern.compile("\\{([0-9]+)[+]?}\r?\n$");

  private Socket socket;
  private InputStream in;
  private OutputStream out;

  Peer(InetSocketAddress address) throws IOException {
    socket = new Socket();
    socket.connect(address, PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    use(socket.getInputStream(), socket.getOutputStream());
  }

  private void use(InputStream from, OutputStream to) throws IOException {
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedInputStream(from);
    out = to;
  }

  /**
   * Negotiates TLS, trusting anybody.
   *
   * @return whether the peer has
   */
  boolean startTls() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Anybody()}, null);
      SSLSocket secure =
          (SSLSocket)
              context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
      secure.startHandshake();
      socket = secure;
    } catch (SSLException | SocketException e) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    use(socket.getInputStream(), socket.getOutputStream());
    return true;
  }

  /** From now on both directions are compressed (RFC 4978). */
  void compress() throws IOException {
    use(
        new InflaterInputStream(socket.getInputStream(), new Inflater(true)),
        new DeflaterOutputStream(
            socket.getOutputStream(), new Deflater(Deflater.DEFAULT_COMPRESSION, true), true));
  }

  /** Says something, to whoever still listens: whether the peer has closed tells the next line. */
  void send(String octets) throws IOException {
    try {
      out.write(octets.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    } catch (SocketException e) {
      if (in.available() == 0 && line().isPresent()) {
        throw e;
      }
    }
  }

  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** Whether something comes within this time, be it the end. */
  boolean speaks(Duration patience) throws IOException {
    socket.setSoTimeout(Math.max(1, (int) patience.toMillis()));
    in.mark(1);
    try {
      if (in.read() >= 0) {
        in.reset();
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (EOFException | SocketException e) {
      return true;
    } finally {
      socket.setSoTimeout(PATIENCE_MILLIS);
    }
  }

  /** A line with its ending, or nothing if the peer has closed. */
  Optional<String> line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int octet = read(); octet >= 0; octet = read()) {
      line.write(octet);
      if (octet == '\n') {
        return Optional.of(line.toString(StandardCharsets.ISO_8859_1));
      }
    }
    return Optional.empty();
  }

  private int read() throws IOException {
    try {
      return in.read();
    } catch (EOFException | SocketException e) {
      // A compressed stream has no other end; and a peer that closes may not have read it all.
      return -1;
    }
  }

  /** A response of IMAP with its literals. */
  Optional<String> response() throws IOException {
    StringBuilder response = new StringBuilder();
    while (true) {
      Optional<String> line = line();
      if (line.isEmpty()) {
        return line;
      }
      response.append(line.get());
      Matcher literal = LITERAL.matcher(line.get());
      if (!literal.find()) {
        return Optional.of(response.toString());
      }
      byte[] octets = in.readNBytes(Integer.parseInt(literal.group(1)));
      response.append(new String(octets, StandardCharsets.ISO_8859_1));
    }
  }

  /** An IMAP server's greeting; Dovecot may say before it that it is not ready to give it. */
  Optional<String> greeting() throws IOException {
    Optional<String> greeting = response();
    return greeting.isPresent() && greeting.get().startsWith("* OK Waiting for ")
        ? response()
        : greeting;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private static final class Anybody implements X509TrustManager {
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
