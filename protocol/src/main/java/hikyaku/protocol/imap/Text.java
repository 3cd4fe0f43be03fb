package hikyaku.protocol.imap;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** ASCII folding, and strings of octets (one per char) to Unicode and back. */
final class Text {
  private Text() {}

  static String upper(String text) {
    StringBuilder upper = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); at++) {
      upper.append(upper(text.charAt(at)));
    }
    return upper.toString();
  }

  static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
  }

  static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  static String lower(String text) {
    StringBuilder lower = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      lower.append(c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c);
    }
    return lower.toString();
  }

  static boolean equalsIgnoreCase(String a, String b) {
    if (a.length() != b.length()) {
      return false;
    }
    for (int at = 0; at < a.length(); at++) {
      if (upper(a.charAt(at)) != upper(b.charAt(at))) {
        return false;
      }
    }
    return true;
  }

  static boolean isAscii(String octets) {
    for (int at = 0; at < octets.length(); at++) {
      if (octets.charAt(at) > 0x7F) {
        return false;
      }
    }
    return true;
  }

  /** Null if the octets are not UTF-8. */
  static @Nullable String utf8(String octets) {
    if (isAscii(octets)) {
      return octets;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(octets.getBytes(StandardCharsets.ISO_8859_1));
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** A Unicode string as the octets of its UTF-8, one per char. */
  static String octets(String text) {
    return isAscii(text)
        ? text
        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
