package hikyaku.server.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A field of a header as it stands there.
 *
 * @param name in lower case
 * @param value what stands behind the colon, folded as it is and without the CRLF at its end; an
 *     octet for each char (ISO-8859-1)
 */
record HeaderField(String name, String value) {

  /** The fields of a header, from its beginning; lines that are no field are left out. */
  static List<HeaderField> all(byte[] header) {
    String text = new String(header, ISO_8859_1);
    List<HeaderField> fields = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = end(text, start);
      int colon = text.indexOf(':', start, end);
      if (colon >= 0) {
        String name = trimmed(text.substring(start, colon)).toLowerCase(Locale.ROOT);
        fields.add(new HeaderField(name, text.substring(colon + 1, end)));
      }
      start = end + 2;
    }
    return fields;
  }

  /** Where the CRLF is that no folding follows. */
  private static int end(String text, int start) {
    int at = text.indexOf("\r\n", start);
    while (at >= 0 && at + 2 < text.length() && isWsp(text.charAt(at + 2))) {
      at = text.indexOf("\r\n", at + 2);
    }
    return at < 0 ? text.length() : at;
  }

  private static boolean isWsp(char c) {
    return c == ' ' || c == '\t';
  }

  private static String trimmed(String name) {
    int end = name.length();
    while (end > 0 && isWsp(name.charAt(end - 1))) {
      end--;
    }
    return name.substring(0, end);
  }

  /** The "relaxed" form, without a CRLF at its end (RFC 6376 §3.4.2). */
  String relaxed() {
    StringBuilder out = new StringBuilder(name).append(':');
    int beginning = out.length();
    boolean space = false;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\r' && i + 1 < value.length() && value.charAt(i + 1) == '\n') {
        i++;
      } else if (isWsp(c)) {
        space = true;
      } else {
        if (space && out.length() > beginning) {
          out.append(' ');
        }
        space = false;
        out.append(c);
      }
    }
    return out.toString();
  }
}
