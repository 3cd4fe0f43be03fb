package hikyaku.protocol.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.jspecify.annotations.Nullable;

/**
 * The last line of a response (RFC 5804 §1.3).
 *
 * @param code without brackets, as {@code QUOTA/MAXSIZE}; null for none
 * @param text for the user, in any language; empty for none
 */
public record Reply(Kind kind, @Nullable String code, String text) {
  /** Octets of a quoted string (RFC 5804 §4); a longer one is a literal. */
  private static final int LONGEST_QUOTED = 1_024;

  /** How a command ended. */
  public enum Kind {
    OK,
    NO,
    /** The session ends. */
    BYE
  }

  public static Reply ok(String text) {
    return new Reply(Kind.OK, null, text);
  }

  public static Reply no(@Nullable String code, String text) {
    return new Reply(Kind.NO, code, text);
  }

  public static Reply bye(@Nullable String code, String text) {
    return new Reply(Kind.BYE, code, text);
  }

  /** As it goes over the network, in UTF-8. */
  public byte[] toWire() {
    String line =
        kind
            + (code == null ? "" : " (" + code + ")")
            + (text.isEmpty() ? "" : " " + string(text))
            + "\r\n";
    return line.getBytes(UTF_8);
  }

  /** A text as a string, quoted if it can be. */
  public static String string(String text) {
    int octets = text.getBytes(UTF_8).length;
    boolean quotable =
        octets <= LONGEST_QUOTED && text.chars().noneMatch(c -> c == '\r' || c == '\n' || c == 0);
    return quotable
        ? '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
        : "{" + octets + "}\r\n" + text;
  }
}
