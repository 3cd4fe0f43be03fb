package hikyaku.protocol.imap;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Mailbox names between the wire and Unicode: modified UTF-7 for IMAP4rev1 (RFC 3501 §5.1.3), UTF-8
 * once IMAP4rev2 or UTF8=ACCEPT is enabled.
 *
 * <p>Decoding is strict, so that a mailbox has one name on the wire in each encoding: what decodes
 * encodes back to the same octets, the name INBOX in any case excepted.
 */
public final class MailboxNames {
  public static final String INBOX = "INBOX";

  private MailboxNames() {}

  /**
   * The name that these octets spell, {@link #INBOX} in its one spelling.
   *
   * @param octets one octet per char
   * @param utf8 whether names are UTF-8 instead of modified UTF-7
   * @return null if they spell no name: wrong encoding, or control characters
   */
  public static @Nullable String decode(String octets, boolean utf8) {
    String name = utf8 ? Text.utf8(octets) : decodeUtf7(octets);
    if (name == null || name.codePoints().anyMatch(MailboxNames::isForbidden)) {
      return null;
    }
    return Text.equalsIgnoreCase(name, INBOX) ? INBOX : name;
  }

  /** The octets of a name, one per char. */
  public static String encode(String name, boolean utf8) {
    return utf8 ? Text.octets(name) : encodeUtf7(name);
  }

  private static boolean isForbidden(int codePoint) {
    return Character.isISOControl(codePoint)
        || codePoint == 0x2028
        || codePoint == 0x2029
        || Character.getType(codePoint) == Character.SURROGATE;
  }

  private static @Nullable String decodeUtf7(String octets) {
    StringBuilder name = new StringBuilder(octets.length());
    int shiftEnd = -1;
    for (int at = 0; at < octets.length(); at++) {
      char c = octets.charAt(at);
      if (c < ' ' || c > '~') {
        return null;
      }
      if (c != '&') {
        name.append(c);
        continue;
      }
      int end = octets.indexOf('-', at);
      if (end < 0) {
        return null;
      }
      if (end == at + 1) {
        name.append('&');
      } else {
        // Two shifts side by side would be a second spelling of one.
        String shifted = at == shiftEnd ? null : decodeShift(octets.substring(at + 1, end));
        if (shifted == null) {
          return null;
        }
        name.append(shifted);
        shiftEnd = end + 1;
      }
      at = end;
    }
    return name.toString();
  }

  private static @Nullable String decodeShift(String base64) {
    if (base64.indexOf('/') >= 0 || base64.indexOf('=') >= 0) {
      return null;
    }
    byte[] utf16;
    try {
      utf16 = Base64.getDecoder().decode(base64.replace(',', '/'));
    } catch (IllegalArgumentException e) {
      return null;
    }
    CharBuffer chars;
    try {
      chars = StandardCharsets.UTF_16BE.newDecoder().decode(ByteBuffer.wrap(utf16));
    } catch (CharacterCodingException e) {
      return null;
    }
    String text = chars.toString();
    boolean plain = text.chars().anyMatch(c -> c >= ' ' && c <= '~');
    // The decoder lets stray low bits pass; the encoder writes none.
    return plain || !encodeShift(text).equals(base64) ? null : text;
  }

  private static String encodeUtf7(String name) {
    StringBuilder octets = new StringBuilder(name.length());
    int at = 0;
    while (at < name.length()) {
      char c = name.charAt(at);
      if (c == '&') {
        octets.append("&-");
        at++;
      } else if (c >= ' ' && c <= '~') {
        octets.append(c);
        at++;
      } else {
        int end = at;
        while (end < name.length() && (name.charAt(end) < ' ' || name.charAt(end) > '~')) {
          end++;
        }
        octets.append('&').append(encodeShift(name.substring(at, end))).append('-');
        at = end;
      }
    }
    return octets.toString();
  }

  private static String encodeShift(String text) {
    byte[] utf16 = text.getBytes(StandardCharsets.UTF_16BE);
    byte[] base64 = Base64.getEncoder().withoutPadding().encode(utf16);
    return new String(base64, StandardCharsets.US_ASCII).replace('/', ',');
  }

  /**
   * A LIST pattern over Unicode names: {@code *} stands for anything, {@code %} for anything
   * without the hierarchy delimiter (RFC 9051 §6.3.9). INBOX, and INBOX as the first level, match
   * in any case.
   *
   * <p>Matching takes time in the product of both lengths at most, whatever the wildcards: all
   * positions that the pattern can have reached are carried along the name.
   */
  public static final class Pattern {
    private final String pattern;
    private final char delimiter;

    /**
     * @param pattern reference and mailbox pattern, joined
     */
    public Pattern(String pattern, char delimiter) {
      this.pattern = collapse(pattern);
      this.delimiter = delimiter;
    }

    /** Neighbouring wildcards mean no more than the stronger of them. */
    private static String collapse(String pattern) {
      StringBuilder collapsed = new StringBuilder(pattern.length());
      for (int at = 0; at < pattern.length(); at++) {
        char c = pattern.charAt(at);
        int last = collapsed.length() - 1;
        char before = last < 0 ? 'x' : collapsed.charAt(last);
        if (isWildcard(c) && isWildcard(before)) {
          collapsed.setCharAt(last, before == '*' || c == '*' ? '*' : '%');
        } else {
          collapsed.append(c);
        }
      }
      return collapsed.toString();
    }

    private static boolean isWildcard(char c) {
      return c == '*' || c == '%';
    }

    public boolean matches(String name) {
      boolean inbox =
          name.equals(INBOX) || name.startsWith(INBOX) && name.charAt(INBOX.length()) == delimiter;
      int folded = inbox ? INBOX.length() : 0;
      boolean[] reached = new boolean[pattern.length() + 1];
      reached[0] = true;
      skipWildcards(pattern, reached);
      for (int at = 0; at < name.length(); at++) {
        char c = name.charAt(at);
        boolean any = false;
        boolean[] next = new boolean[reached.length];
        for (int state = 0; state < pattern.length(); state++) {
          if (!reached[state]) {
            continue;
          }
          char p = pattern.charAt(state);
          if (isWildcard(p)) {
            boolean covered = p == '*' || c != delimiter;
            next[state] |= covered;
            any |= covered;
          } else if (p == c || at < folded && Text.upper(p) == c) {
            next[state + 1] = true;
            any = true;
          }
        }
        if (!any) {
          return false;
        }
        reached = next;
        skipWildcards(pattern, reached);
      }
      return reached[pattern.length()];
    }

    /** A wildcard may stand for nothing at all. */
    private static void skipWildcards(String pattern, boolean[] reached) {
      for (int state = 0; state < pattern.length(); state++) {
        if (reached[state] && isWildcard(pattern.charAt(state))) {
          reached[state + 1] = true;
        }
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Pattern that
          && pattern.equals(that.pattern)
          && delimiter == that.delimiter;
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(new int[] {pattern.hashCode(), delimiter});
    }

    @Override
    public String toString() {
      return pattern;
    }
  }
}
