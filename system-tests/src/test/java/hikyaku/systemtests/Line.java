package hikyaku.systemtests;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A bare connection of lines, for what needs no client. Waits at most a minute for a line. */
final class Line implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private final Socket socket;
  private final InputStream in;

  Line(int port) throws IOException {
    this(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  Line(InetSocketAddress server) throws IOException {
    socket = new Socket(server.getAddress(), server.getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream());
  }

  /** Whether nothing comes for so long. */
  boolean isSilentFor(Duration time) throws IOException {
    socket.setSoTimeout((int) time.toMillis());
    in.mark(1);
    try {
      if (in.read() < 0) {
        throw new EOFException("the connection ended");
      }
      in.reset();
      return false;
    } catch (SocketTimeoutException e) {
      return true;
    } finally {
      socket.setSoTimeout(PATIENCE_MILLIS);
    }
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A line without its ending. */
  String read() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int octet = in.read(); octet != '\n'; octet = in.read()) {
      if (octet < 0) {
        throw new EOFException("the connection ended behind \"" + line + "\"");
      }
      if (octet != '\r') {
        line.write(octet);
      }
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  String say(String line) throws IOException {
    send(line + "\r\n");
    return read();
  }

  /** Reads up to a line that begins so, which is given back. */
  String readTo(String start) throws IOException {
    String line = read();
    while (!line.startsWith(start)) {
      line = read();
    }
    return line;
  }

  /** An SMTP reply, of which the last line is given. */
  String reply() throws IOException {
    String line = read();
    while (line.length() > 3 && line.charAt(3) == '-') {
      line = read();
    }
    return line;
  }

  /** Says a line and fails unless the SMTP reply begins so. */
  void smtp(String line, String expected) throws IOException {
    send(line + "\r\n");
    String reply = reply();
    if (!reply.startsWith(expected)) {
      throw new AssertionError("to " + line + " came " + reply);
    }
  }

  /** The text of a POP3 multi-line response, its dots unstuffed. */
  List<String> text() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = read(); !line.equals("."); line = read()) {
      lines.add(line.startsWith(".") ? line.substring(1) : line);
    }
    return lines;
  }

  void pop3(String line) throws IOException {
    String reply = say(line);
    if (!reply.startsWith("+OK")) {
      throw new AssertionError("to " + line.replaceAll("PASS .*", "PASS") + " came " + reply);
    }
  }

  /** A POP3 session of an account, logged in. */
  static Line pop3(Node node, Node.Account account) throws IOException {
    Line line = new Line(node.port(Node.Port.POP3));
    line.read();
    line.pop3("USER " + account.address());
    line.pop3("PASS " + account.password());
    return line;
  }

  /** What the server still says before it closes the connection. */
  String rest() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
