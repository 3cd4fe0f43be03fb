package hikyaku.protocol.pop3;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/**
 * Passes on what TOP shows of a message (RFC 1939 §7): the header, the empty line after it, and the
 * first lines of the body. A line ends at LF, with or without CR before it, so that a message with
 * bare LFs has a header like any other.
 */
public final class TopFilter implements OctetSink {
  private final OctetSink out;
  private final int lines;
  private boolean inHeader = true;
  private int shown;
  private int lineOctets;
  private boolean onlyCr;

  /**
   * @param lines of the body to show
   */
  public TopFilter(OctetSink out, int lines) {
    this.out = out;
    this.lines = lines;
  }

  /** Whether everything TOP shows has been passed on: what follows would be dropped. */
  public boolean done() {
    return !inHeader && shown >= lines;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int at = offset;
    int to = offset + length;
    while (at < to && !done()) {
      byte octet = octets[at];
      at++;
      if (octet == '\n') {
        boolean empty = lineOctets == 0 || onlyCr;
        if (!inHeader) {
          shown++;
        } else if (empty) {
          inHeader = false;
        }
        lineOctets = 0;
        onlyCr = false;
      } else {
        onlyCr = lineOctets == 0 && octet == '\r';
        lineOctets = 1;
      }
    }
    if (at > offset) {
      out.write(octets, offset, at - offset);
    }
  }
}
