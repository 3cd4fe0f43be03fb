package hikyaku.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that speaks lines. */
final class Dialogue implements AutoCloseable {
  private final Socket socket;
  private final BufferedReader in;
  private final OutputStream out;

  Dialogue(int port) throws IOException {
    socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(60_000);
    in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    out = socket.getOutputStream();
  }

  void send(String line) throws IOException {
    out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The next line that begins so; those before it are passed over. Null at the end. */
  String await(String prefix) throws IOException {
    String line = in.readLine();
    while (line != null && !line.startsWith(prefix)) {
      line = in.readLine();
    }
    return line;
  }

  String say(String line, String prefix) throws IOException {
    send(line);
    String answer = await(prefix);
    if (answer == null) {
      throw new AssertionError("the server ended the session instead of answering " + prefix);
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
