package hikyaku.server.imap;

import hikyaku.server.net.PassThrough;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where responses begin and end in what passes through: behind a line that no literal follows. Once
 * the client has asked for compression nothing can be told any more.
 */
final class ResponseEdges implements PassThrough.Edges {
  /** The end of a line that announces a literal has at most so many octets. */
  private static final int TAIL = 24;

  private static final Pattern LITERAL = Pattern.compile("\\{([0-9]{1,19})\\+?\\}\\z");
  private static final String COMPRESS = " COMPRESS ";

  private final StringBuilder line = new StringBuilder();
  private final StringBuilder asked = new StringBuilder();
  private long literal;
  private boolean between = true;
  private boolean known = true;

  @Override
  public void fromClient(byte[] octets) {
    for (byte octet : octets) {
      asked.append((char) (octet >= 'a' && octet <= 'z' ? octet - 32 : octet & 0xff));
      if (asked.length() > 2 * COMPRESS.length()) {
        asked.delete(0, asked.length() - COMPRESS.length());
      }
      if (octet == ' ' && endsWith(asked, COMPRESS)) {
        known = false;
      }
    }
  }

  private static boolean endsWith(StringBuilder text, String end) {
    int from = text.length() - end.length();
    return from >= 0 && text.indexOf(end, from) == from;
  }

  @Override
  public boolean fromServer(byte[] octets) {
    int at = 0;
    while (at < octets.length) {
      if (literal > 0) {
        int part = (int) Math.min(literal, octets.length - at);
        literal -= part;
        at += part;
        continue;
      }
      char octet = (char) (octets[at++] & 0xff);
      if (octet == '\n') {
        endOfLine();
      } else {
        between = false;
        if (line.length() >= 2 * TAIL) {
          line.delete(0, TAIL);
        }
        line.append(octet);
      }
    }
    return isBetween();
  }

  private void endOfLine() {
    int end = line.length();
    if (end > 0 && line.charAt(end - 1) == '\r') {
      end--;
    }
    Matcher announced = LITERAL.matcher(line.subSequence(Math.max(0, end - TAIL), end));
    if (announced.find()) {
      literal = literal(announced.group(1));
      between = false;
    } else {
      between = true;
    }
    line.setLength(0);
  }

  /** One that nobody could send is not skipped either. */
  private static long literal(String digits) {
    return digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
  }

  /** Whether what has come so far ends between two responses. */
  boolean isBetween() {
    return known && between;
  }

  /** Whether it can be told at all. */
  boolean areKnown() {
    return known;
  }
}
