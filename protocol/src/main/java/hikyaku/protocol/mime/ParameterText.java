package hikyaku.protocol.mime;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Parameters decoded for people: RFC 2231 §4, and the encoded-words that should not be there. */
public final class ParameterText {
  private ParameterText() {}

  /**
   * The value of a parameter as Unicode, the extended form preferred (RFC 2231 §4).
   *
   * @param name in lower case, without asterisk
   * @return null if it is absent
   */
  public static @Nullable String get(List<MimeParameter> parameters, String name) {
    String plain = null;
    for (MimeParameter parameter : parameters) {
      if (parameter.name().equals(name + "*")) {
        return decodeExtended(parameter.value());
      }
      if (plain == null && parameter.name().equals(name)) {
        plain = parameter.value();
      }
    }
    return plain == null ? null : EncodedWords.decode(plain);
  }

  /** The file name of a part, from its disposition or else its type; null if it has none. */
  public static @Nullable String fileName(MimePart part) {
    String name = get(part.dispositionParameters(), "filename");
    return name != null ? name : get(part.parameters(), "name");
  }

  /** Decodes {@code charset'language'text%20more}; whatever is missing of it is taken as absent. */
  static String decodeExtended(String value) {
    int first = value.indexOf('\'');
    int second = first < 0 ? -1 : value.indexOf('\'', first + 1);
    String declared = second < 0 ? "" : value.substring(0, first);
    Optional<Charset> charset = Charsets.lookup(declared);
    byte[] octets = octets(value).getBytes(StandardCharsets.ISO_8859_1);
    return Charsets.decode(octets, charset.orElse(Charsets.UNDECLARED));
  }

  /** The octets of an extended value, percent signs undone, charset and language left away. */
  static String octets(String value) {
    int first = value.indexOf('\'');
    int second = first < 0 ? -1 : value.indexOf('\'', first + 1);
    StringBuilder octets = new StringBuilder(value.length());
    for (int at = second + 1; at < value.length(); at++) {
      char next = value.charAt(at);
      if (next == '%' && at + 2 < value.length()) {
        int high = Character.digit(value.charAt(at + 1), 16);
        int low = Character.digit(value.charAt(at + 2), 16);
        if (high >= 0 && low >= 0) {
          octets.append((char) (high << 4 | low));
          at += 2;
          continue;
        }
      }
      octets.append(next);
    }
    return octets.toString();
  }
}
