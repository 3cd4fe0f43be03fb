package hikyaku.protocol.imap;

import org.jspecify.annotations.Nullable;

/**
 * The announcement of a literal at the end of a line (RFC 9051 §4.3, RFC 7888, RFC 3516).
 *
 * @param start where in the line it begins
 * @param length octets announced; a number beyond all bounds is the largest there is
 * @param synchronising whether the client waits for leave to send it
 * @param literal8 whether it was announced with {@code ~}
 */
record LiteralMark(int start, long length, boolean synchronising, boolean literal8) {
  /** More digits than this need not be told apart: no limit is as large. */
  private static final int DIGITS = 18;

  /**
   * The announcement that ends the line. Inside a quoted string, which the line then does not end,
   * it is none if the client waits, and will be refused; octets that follow unasked follow all the
   * same, and must not be taken for commands (RFC 7888 §3).
   */
  static @Nullable LiteralMark of(byte[] line) {
    LiteralMark mark = ofTail(line);
    return mark != null && mark.synchronising && inQuotes(line, mark.start) ? null : mark;
  }

  /** The announcement that ends these last octets of a line. */
  static @Nullable LiteralMark ofTail(byte[] line) {
    int at = line.length - 1;
    if (at < 0 || line[at] != '}') {
      return null;
    }
    at--;
    boolean synchronising = at < 0 || line[at] != '+';
    if (!synchronising) {
      at--;
    }
    int last = at;
    while (at >= 0 && line[at] >= '0' && line[at] <= '9') {
      at--;
    }
    if (at == last || at < 0 || line[at] != '{') {
      return null;
    }
    long length = 0;
    for (int digit = at + 1; digit <= last; digit++) {
      length = last - at > DIGITS ? Long.MAX_VALUE : 10 * length + (line[digit] - '0');
    }
    boolean literal8 = at > 0 && line[at - 1] == '~';
    return new LiteralMark(literal8 ? at - 1 : at, length, synchronising, literal8);
  }

  private static boolean inQuotes(byte[] line, int end) {
    boolean quoted = false;
    for (int at = 0; at < end; at++) {
      if (line[at] == '"') {
        quoted = !quoted;
      } else if (quoted && line[at] == '\\') {
        at++;
      }
    }
    return quoted;
  }
}
