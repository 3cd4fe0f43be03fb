package hikyaku.protocol.mime;

import java.util.Arrays;

/**
 * How a line compares with the delimiters of one multipart (RFC 2046 §5.1.1).
 *
 * @param exact nothing but white space follows
 * @param closes it is the closing delimiter
 */
record DelimiterMatch(boolean matches, boolean exact, boolean closes) {
  private static final DelimiterMatch NONE = new DelimiterMatch(false, false, false);

  /** Compares a line that starts with two hyphens. */
  static DelimiterMatch of(byte[] line, int length, byte[] boundary) {
    DelimiterMatch match = compare(line, length, boundary, boundary.length);
    if (match.exact()) {
      return match;
    }
    // No boundary ends with white space; where one is declared so, it may have been lost since.
    int trimmed = boundary.length;
    while (trimmed > 0 && HeaderLine.isSpace(boundary[trimmed - 1])) {
      trimmed--;
    }
    if (trimmed < boundary.length) {
      DelimiterMatch shorter = compare(line, length, boundary, trimmed);
      return shorter.exact() ? shorter : match;
    }
    return match;
  }

  private static DelimiterMatch compare(byte[] line, int length, byte[] boundary, int size) {
    int after = 2 + size;
    if (length < after || !Arrays.equals(line, 2, after, boundary, 0, size)) {
      return NONE;
    }
    boolean closes = after + 2 <= length && line[after] == '-' && line[after + 1] == '-';
    int rest = closes ? after + 2 : after;
    if (rest < length && !HeaderLine.isSpace(line[rest])) {
      return NONE;
    }
    while (rest < length && HeaderLine.isSpace(line[rest])) {
      rest++;
    }
    return new DelimiterMatch(true, rest == length, closes);
  }
}
