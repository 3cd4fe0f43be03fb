package hikyaku.server.smtpclient;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/**
 * A message as text behind DATA (RFC 5321 §4.5.2): a dot before each line that begins with one, and
 * a line ending at the end if the message has none. Every line ends with CRLF when it comes here.
 */
final class DotText implements OctetSink {
  private static final byte[] DOT = {'.'};
  private static final byte[] CRLF = {'\r', '\n'};
  private static final byte[] END = {'.', '\r', '\n'};

  private final OctetSink out;
  private boolean lineStart = true;

  DotText(OctetSink out) {
    this.out = out;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int end = offset + length;
    int from = offset;
    for (int at = offset; at < end; at++) {
      if (lineStart && octets[at] == '.') {
        out.write(octets, from, at - from);
        out.write(DOT);
        from = at;
      }
      lineStart = octets[at] == '\n';
    }
    out.write(octets, from, end - from);
  }

  /** Ends the last line. */
  void endLine() throws IOException {
    if (!lineStart) {
      out.write(CRLF);
      lineStart = true;
    }
  }

  /** Ends the text. */
  void end() throws IOException {
    out.write(END);
  }
}
