package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A plain blocking client that waits for what must come, and fails if it does not. */
final class TestClient implements AutoCloseable {
  final Socket socket;
  InputStream in;
  OutputStream out;

  TestClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(30_000);
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  static TestClient connect(int port) throws IOException {
    return new TestClient(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  void send(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  /** The next line, or null at the end. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int octet;
    while ((octet = in.read()) >= 0) {
      if (octet == '\n') {
        String text = line.toString(StandardCharsets.ISO_8859_1);
        assertThat(text).endsWith("\r");
        return text.substring(0, text.length() - 1);
      }
      line.write(octet);
    }
    assertThat(line.size()).isZero();
    return null;
  }

  void expect(String line) throws IOException {
    assertThat(line()).isEqualTo(line);
  }

  void expectEnd() throws IOException {
    assertThat(line()).isNull();
  }

  void talk(String command, String reply) throws IOException {
    send(command + "\r\n");
    expect(reply);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
