package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetScan;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/**
 * Divides octets into lines, however they are cut into writes. CRLF and LF end a line. A bare CR is
 * content, unless the very first line ending of all is a bare CR: then the text comes from a system
 * that ends its lines so, and a bare CR ends a line throughout.
 */
final class LineSplitter implements OctetSink {
  /** What is told of each line: its content in any number of pieces, then its end. */
  interface Lines {
    void content(byte[] octets, int from, int to) throws IOException;

    /** The line ends with CRLF, LF or CR, or with nothing at the end of all. */
    void end(byte[] ending) throws IOException;
  }

  private static final byte CR = '\r';
  private static final byte LF = '\n';
  private static final byte[] CRLF_ENDING = {CR, LF};
  private static final byte[] LF_ENDING = {LF};
  private static final byte[] CR_ENDING = {CR};
  private static final byte[] NO_ENDING = {};

  private final Lines lines;
  private boolean crPending;
  private boolean anyEnding;
  private boolean crEndsLine;
  private boolean insideLine;
  private boolean has8bit;
  private boolean hasNul;
  private boolean bareEnding;

  LineSplitter(Lines lines) {
    this.lines = lines;
  }

  boolean has8bit() {
    return has8bit;
  }

  boolean hasNul() {
    return hasNul;
  }

  boolean hasBareLineEnding() {
    return bareEnding;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int end = offset + length;
    has8bit = has8bit || OctetScan.has8bit(octets, offset, end);
    int run = offset; // start of the content not yet told
    int at = offset;
    if (crPending && at < end) {
      crPending = false;
      if (octets[at] == LF) {
        endLine(CRLF_ENDING);
        at++;
        run = at;
      } else {
        bareCr();
      }
    }
    while ((at = OctetScan.below(octets, at, end, CR + 1)) < end) {
      switch (octets[at]) {
        case CR -> {
          tell(octets, run, at);
          at++;
          run = at;
          if (at == end) {
            crPending = true;
          } else if (octets[at] == LF) {
            endLine(CRLF_ENDING);
            at++;
            run = at;
          } else {
            bareCr();
          }
        }
        case LF -> {
          tell(octets, run, at);
          bareEnding = true;
          endLine(LF_ENDING);
          at++;
          run = at;
        }
        case 0 -> {
          hasNul = true;
          at++;
        }
        default -> at++;
      }
    }
    tell(octets, run, end);
  }

  void finish() throws IOException {
    if (crPending) {
      crPending = false;
      bareCr();
    }
    if (insideLine) {
      endLine(NO_ENDING);
    }
  }

  private void bareCr() throws IOException {
    bareEnding = true;
    crEndsLine = crEndsLine || !anyEnding;
    if (crEndsLine) {
      endLine(CR_ENDING);
    } else {
      tell(CR_ENDING, 0, 1);
    }
  }

  private void tell(byte[] octets, int from, int to) throws IOException {
    if (from < to) {
      insideLine = true;
      lines.content(octets, from, to);
    }
  }

  private void endLine(byte[] ending) throws IOException {
    anyEnding = true;
    insideLine = false;
    lines.end(ending);
  }
}
