package hikyaku.protocol.pop3;

import hikyaku.protocol.wire.OctetScan;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes the text of a multi-line response (RFC 1939 §3): what is given goes out octet for octet,
 * with a dot before each dot that begins a line, and {@link #end} adds CRLF "." CRLF, or "." CRLF
 * alone if the last line was ended. Streams: nothing is held back.
 *
 * <p>A bare CR or LF in a message is sent as it is, never turned into CRLF, for then neither the
 * size nor a signature would hold. But many clients end lines at any LF, some at any CR, and to
 * these {@code LF "." CRLF} inside a message would be its end and what follows it the server's next
 * reply. So a dot after a bare CR or LF is stuffed like one after CRLF. The price: a client that
 * ends lines at CRLF only sees such a dot twice.
 */
public final class MultilineWriter implements OctetSink {
  private static final byte[] DOT = {'.'};
  private static final byte[] CR_LF = {'\r', '\n'};
  private static final byte[] END = {'.', '\r', '\n'};

  private final OctetSink out;
  private boolean atLineStart = true;
  private boolean afterCrLf = true;
  private boolean afterCr;

  public MultilineWriter(OctetSink out) {
    this.out = out;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int run = offset;
    int to = offset + length;
    int at = offset;
    while (at < to) {
      if (atLineStart && octets[at] == '.') {
        pass(octets, run, at);
        run = at;
        out.write(DOT);
      }
      int text = at;
      at = OctetScan.below(octets, at, to, '\r' + 1);
      boolean onEnding = at == text;
      byte octet = onEnding ? octets[at++] : octets[at - 1];
      afterCrLf = onEnding && octet == '\n' && afterCr;
      afterCr = octet == '\r';
      atLineStart = octet == '\n' || afterCr;
    }
    pass(octets, run, to);
  }

  /** One line of the server's own, CRLF added. */
  public void line(String text) throws IOException {
    write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** Ends the response; nothing may follow. */
  public void end() throws IOException {
    if (!afterCrLf) {
      out.write(CR_LF);
    }
    out.write(END);
  }

  private void pass(byte[] octets, int from, int to) throws IOException {
    if (to > from) {
      out.write(octets, from, to - from);
    }
  }
}
