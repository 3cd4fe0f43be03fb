package hikyaku.server.pop3;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import hikyaku.server.testing.TrustEveryone;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A client that says what it is told to say. Waits a minute for anything, then fails. */
final class Pop3Client implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private Socket socket;
  private WireReader in;

  Pop3Client(InetSocketAddress address) throws IOException {
    socket = new Socket();
    socket.connect(address, PATIENCE_MILLIS);
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    in = reader(socket);
  }

  private static WireReader reader(Socket from) throws IOException {
    InputStream octets = from.getInputStream();
    return new WireReader(
        new OctetSource() {
          @Override
          public boolean await() {
            return true;
          }

          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            return octets.read(buffer, offset, length);
          }
        });
  }

  /** Negotiates TLS, trusting anybody. */
  void startTls() throws IOException {
    SSLContext context = TrustEveryone.context("TLS");
    SSLSocket secure =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(
                    socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
    secure.startHandshake();
    socket = secure;
    in = reader(secure);
  }

  void send(byte[] octets) throws IOException {
    socket.getOutputStream().write(octets);
  }

  void sendLine(String line) throws IOException {
    send((line + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  String line() throws IOException {
    return new String(
        in.readLine(1_000_000, WireReader.LineEnding.STRICT), StandardCharsets.ISO_8859_1);
  }

  /** Says a line and gives the reply to it. */
  String say(String line) throws IOException {
    sendLine(line);
    return line();
  }

  /** The text of a multi-line response, after its first line. */
  byte[] dotted() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    in.readDotted(text::write);
    return text.toByteArray();
  }

  List<String> lines() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = line(); !line.equals("."); line = line()) {
      lines.add(line);
    }
    return lines;
  }

  void login(String user) throws IOException {
    line();
    say("USER " + user);
    String reply = say("PASS secret");
    if (!reply.startsWith("+OK")) {
      throw new AssertionError("login refused: " + reply);
    }
  }

  /** Whether the server has closed the connection, and said nothing more. */
  boolean closed() throws IOException {
    try {
      line();
      return false;
    } catch (WireException.End e) {
      return true;
    }
  }

  /** Waits for the end of the connection, however ugly. */
  void awaitEnd() throws IOException {
    InputStream octets = socket.getInputStream();
    while (octets.read() >= 0) {
      // Whatever it still says.
    }
  }

  /** Sends no more, as a client that has gone away. */
  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
