package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/** xtext (RFC 3461 §4) and the two encodings of UTF-8 addresses (RFC 6533 §3). */
final class Xtext {
  private Xtext() {}

  /**
   * The meaning of xtext.
   *
   * @throws CommandSyntaxException if it is none, or does not mean printable text
   */
  static String decode(String xtext, String whatItIs) throws CommandSyntaxException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(xtext.length());
    for (int i = 0; i < xtext.length(); i++) {
      char c = xtext.charAt(i);
      if (c == '+') {
        int high = i + 1 < xtext.length() ? upperHex(xtext.charAt(i + 1)) : -1;
        int low = i + 2 < xtext.length() ? upperHex(xtext.charAt(i + 2)) : -1;
        if (high < 0 || low < 0) {
          throw CommandSyntaxException.argument("Bad " + whatItIs);
        }
        out.write(high << 4 | low);
        i += 2;
      } else if (c > ' ' && c < 127 && c != '=') {
        out.write(c);
      } else {
        throw CommandSyntaxException.argument("Bad " + whatItIs);
      }
    }
    return printable(out.toByteArray(), whatItIs);
  }

  private static String printable(byte[] octets, String whatItIs) throws CommandSyntaxException {
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
      if (text.chars().noneMatch(Character::isISOControl)) {
        return text;
      }
    } catch (CharacterCodingException notText) {
      // Refused below.
    }
    throw CommandSyntaxException.argument("Bad " + whatItIs);
  }

  /**
   * The meaning of utf-8-addr-xtext and utf-8-addr-unitext, where {@code \x{263A}} stands for a
   * character (RFC 6533 §3).
   */
  static String decodeUtf8Address(String encoded) throws CommandSyntaxException {
    String text = encoded.contains("\\x{") ? unescape(encoded) : encoded;
    return printable(text.getBytes(UTF_8), "ORCPT parameter");
  }

  private static String unescape(String encoded) throws CommandSyntaxException {
    StringBuilder out = new StringBuilder();
    int from = 0;
    for (int at; (at = encoded.indexOf("\\x{", from)) >= 0; ) {
      out.append(encoded, from, at);
      int end = encoded.indexOf('}', at);
      int codePoint = end < 0 ? -1 : codePoint(encoded.substring(at + 3, end));
      if (codePoint < 0) {
        throw CommandSyntaxException.argument("Bad ORCPT parameter");
      }
      out.appendCodePoint(codePoint);
      from = end + 1;
    }
    return out.append(encoded, from, encoded.length()).toString();
  }

  /** HEXPOINT: two to six digits, no surrogate; -1 if it is none. */
  private static int codePoint(String hex) {
    if (hex.length() < 2 || hex.length() > 6 || !hex.chars().allMatch(c -> upperHex(c) >= 0)) {
      return -1;
    }
    int codePoint = Integer.parseInt(hex, 16);
    boolean surrogate =
        codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    return Character.isValidCodePoint(codePoint) && !surrogate ? codePoint : -1;
  }

  /** As xtext: the octets of UTF-8, those that may not stand for themselves in hexadecimal. */
  static String encode(String text) {
    StringBuilder out = new StringBuilder();
    for (byte octet : text.getBytes(UTF_8)) {
      if (octet > ' ' && octet < 127 && octet != '+' && octet != '=') {
        out.append((char) octet);
      } else {
        out.append(String.format("+%02X", octet & 0xff));
      }
    }
    return out.toString();
  }

  /** As utf-8-addr-xtext (RFC 6533 §3), which is ASCII whatever the address. */
  static String encodeUtf8Address(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          if (c > ' ' && c < 127 && c != '+' && c != '=' && c != '\\') {
            out.append((char) c);
          } else {
            out.append(String.format("\\x{%02X}", c));
          }
        });
    return out.toString();
  }

  private static int upperHex(int c) {
    return Ascii.isDigit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
}
