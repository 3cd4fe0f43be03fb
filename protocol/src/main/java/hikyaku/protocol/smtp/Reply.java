package hikyaku.protocol.smtp;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reply (RFC 5321 §4.2), of one line or several.
 *
 * @param code three digits
 * @param enhanced repeated on every line (RFC 2034 §4), or null in the replies that have none: the
 *     greeting, those to HELO, EHLO and LHLO, and those of class 3
 * @param lines at least one; printable ASCII, so that no reply can be made to hold two, and short
 *     enough for a line of {@value #MAX_LINE} octets
 */
public record Reply(int code, @Nullable EnhancedCode enhanced, List<String> lines) {
  /** RFC 5321 §4.5.3.1.5, CRLF included. */
  public static final int MAX_LINE = 512;

  public Reply {
    lines = List.copyOf(lines);
    if (code < 200 || code > 599 || lines.isEmpty()) {
      throw new IllegalArgumentException("no reply: " + code + " of " + lines.size() + " lines");
    }
    if (enhanced != null && enhanced.kind() != code / 100) {
      throw new IllegalArgumentException("reply " + code + " contradicts " + enhanced);
    }
    int overhead = 4 + 2 + (enhanced == null ? 0 : enhanced.toString().length() + 1);
    for (String line : lines) {
      if (line.length() > MAX_LINE - overhead || !line.chars().allMatch(Reply::isText)) {
        throw new IllegalArgumentException("no reply line: " + line);
      }
    }
  }

  /** RFC 5321 §4.2 textstring. */
  private static boolean isText(int c) {
    return c == '\t' || (c >= ' ' && c < 127);
  }

  /** A reply without enhanced code. */
  public static Reply plain(int code, String... lines) {
    return new Reply(code, null, List.of(lines));
  }

  /**
   * @param enhanced as in {@code "5.1.1"}
   */
  public static Reply of(int code, String enhanced, String text) {
    return new Reply(code, EnhancedCode.of(enhanced), List.of(text));
  }

  public boolean isPositive() {
    return code < 400;
  }

  /** Whether the client may try again (RFC 5321 §4.2.1). */
  public boolean isTransient() {
    return code / 100 == 4;
  }

  /** The lines as they go over the wire, the last CRLF included; ASCII. */
  public String wire() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      out.append(code).append(i == lines.size() - 1 ? ' ' : '-');
      if (enhanced != null) {
        out.append(enhanced).append(' ');
      }
      out.append(lines.get(i)).append("\r\n");
    }
    return out.toString();
  }

  /** As on the wire, its lines joined by " / ": for logs and tests. */
  @Override
  public String toString() {
    return code + " " + (enhanced == null ? "" : enhanced + " ") + String.join(" / ", lines);
  }
}
