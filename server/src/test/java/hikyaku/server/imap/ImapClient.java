package hikyaku.server.imap;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import hikyaku.server.testing.TrustEveryone;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A client that says what it is told to say. Waits a minute for anything, then fails. */
final class ImapClient implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private Socket socket;
  private WireReader in;
  private OutputStream out;

  ImapClient(InetSocketAddress address) throws IOException {
    socket = new Socket();
    socket.connect(address, PATIENCE_MILLIS);
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    in = reader(socket.getInputStream());
    out = socket.getOutputStream();
  }

  private static WireReader reader(InputStream octets) {
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
    in = reader(secure.getInputStream());
    out = secure.getOutputStream();
  }

  /** From now on both directions are compressed (RFC 4978). */
  void compress() throws IOException {
    in = reader(new InflaterInputStream(socket.getInputStream(), new Inflater(true)));
    out =
        new DeflaterOutputStream(
            socket.getOutputStream(), new Deflater(Deflater.DEFAULT_COMPRESSION, true), true);
  }

  void send(byte[] octets) throws IOException {
    out.write(octets);
    out.flush();
  }

  void sendLine(String line) throws IOException {
    send((line + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  String line() throws IOException {
    return new String(
        in.readLine(10_000_000, WireReader.LineEnding.LENIENT), StandardCharsets.UTF_8);
  }

  byte[] octets(int count) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    in.readCounted(count, octets::write);
    return octets.toByteArray();
  }

  /** Says a command and gives all that is said up to its completion. */
  List<String> say(String tag, String command) throws IOException {
    sendLine(tag + " " + command);
    return until(tag);
  }

  List<String> until(String tag) throws IOException {
    List<String> lines = new ArrayList<>();
    do {
      lines.add(line());
    } while (!lines.getLast().startsWith(tag + " "));
    return lines;
  }

  void login(String user) throws IOException {
    line();
    String reply = say("login", "LOGIN " + user + " secret").getLast();
    if (!reply.startsWith("login OK")) {
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

  /** Sends no more, as a client that has gone away. */
  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
