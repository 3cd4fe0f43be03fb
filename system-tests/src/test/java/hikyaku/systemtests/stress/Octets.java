package hikyaku.systemtests.stress;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A plain connection, read line by line, octets as ISO-8859-1. */
final class Octets implements AutoCloseable {
  private final Socket socket;
  private final BufferedInputStream in;
  private final OutputStream out;

  Octets(String host, int port) throws IOException {
    socket = new Socket(host, port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(60_000);
    in = new BufferedInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  String line() throws IOException {
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
    return text.substring(0, text.length() - 1);
  }

  String counted(int count) throws IOException {
    byte[] octets = in.readNBytes(count);
    if (octets.length < count) {
      throw new EOFException("connection ended inside a literal");
    }
    return new String(octets, StandardCharsets.ISO_8859_1);
  }

  void send(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
