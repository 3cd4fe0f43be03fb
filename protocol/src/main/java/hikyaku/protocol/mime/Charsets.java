package hikyaku.protocol.mime;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The character sets of mail. Names are taken as senders mean them: a name that in practice stands
 * for a larger set (gb2312 for GB18030, shift_jis for windows-31j, iso-8859-1 for windows-1252) is
 * decoded with the larger one.
 */
public final class Charsets {
  /**
   * Text of which nobody says what it is: what is valid UTF-8 is taken as that, and any other octet
   * above 127 as windows-1252. Decodes only.
   */
  public static final Charset UNDECLARED = new UndeclaredCharset();

  /** UTF-7 (RFC 2152), which old mail has. Decodes only. */
  static final Charset UTF_7 = new Utf7Charset();

  private static final int LONGEST_NAME = 64;

  /** Names whose meaning in mail is not what the platform thinks, or that it does not know. */
  private static final Map<String, String> MEANING =
      Map.ofEntries(
          Map.entry("iso-8859-1", "windows-1252"),
          Map.entry("iso8859-1", "windows-1252"),
          Map.entry("iso_8859-1", "windows-1252"),
          Map.entry("latin1", "windows-1252"),
          Map.entry("latin-1", "windows-1252"),
          Map.entry("ansi_x3.110-1983", "windows-1252"),
          Map.entry("iso-8859-9", "windows-1254"),
          Map.entry("tis-620", "x-windows-874"),
          Map.entry("windows-874", "x-windows-874"),
          Map.entry("iso-8859-11", "x-windows-874"),
          Map.entry("iso-8859-8-i", "iso-8859-8"),
          Map.entry("iso-8859-8-e", "iso-8859-8"),
          Map.entry("iso-8859-6-i", "iso-8859-6"),
          Map.entry("gb2312", "gb18030"),
          Map.entry("gb_2312-80", "gb18030"),
          Map.entry("x-gbk", "gb18030"),
          Map.entry("gbk", "gb18030"),
          Map.entry("cp936", "gb18030"),
          Map.entry("ks_c_5601-1987", "x-windows-949"),
          Map.entry("ks_c_5601", "x-windows-949"),
          Map.entry("ksc5601", "x-windows-949"),
          Map.entry("ksc_5601", "x-windows-949"),
          Map.entry("euc-kr", "x-windows-949"),
          Map.entry("cp949", "x-windows-949"),
          Map.entry("uhc", "x-windows-949"),
          Map.entry("shift_jis", "windows-31j"),
          Map.entry("shift-jis", "windows-31j"),
          Map.entry("sjis", "windows-31j"),
          Map.entry("x-sjis", "windows-31j"),
          Map.entry("ms_kanji", "windows-31j"),
          Map.entry("cp932", "windows-31j"),
          Map.entry("iso-2022-jp", "x-windows-50221"),
          Map.entry("iso-2022-jp-ms", "x-windows-50221"),
          Map.entry("cp50220", "x-windows-50221"),
          Map.entry("cp50221", "x-windows-50221"),
          Map.entry("euc-jp", "x-eucjp-open"),
          Map.entry("x-euc-jp", "x-eucjp-open"),
          Map.entry("eucjp", "x-eucjp-open"),
          Map.entry("big5", "big5-hkscs"),
          Map.entry("x-x-big5", "big5-hkscs"),
          Map.entry("utf8", "utf-8"),
          Map.entry("utf-8n", "utf-8"),
          Map.entry("x-mac-roman", "x-macroman"),
          Map.entry("macintosh", "x-macroman"));

  private Charsets() {}

  /**
   * The character set of a name as it stands in mail, with quotes, white space or a language (RFC
   * 2231 §5) about it. US-ASCII and the names that say "unknown" give {@link #UNDECLARED}: of plain
   * ASCII it makes the same.
   *
   * @return empty for a name nobody knows
   */
  public static Optional<Charset> lookup(String name) {
    if (name.length() > LONGEST_NAME) {
      return Optional.empty();
    }
    String plain = name.strip().toLowerCase(Locale.ROOT);
    int language = plain.indexOf('*');
    if (language >= 0) {
      plain = plain.substring(0, language);
    }
    plain = unquote(plain);
    return switch (plain) {
      case "",
          "us-ascii",
          "ascii",
          "ansi_x3.4-1968",
          "iso646-us",
          "unknown-8bit",
          "unknown",
          "x-unknown",
          "8bit",
          "7bit",
          "default",
          "none" ->
          Optional.of(UNDECLARED);
      case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7" -> Optional.of(UTF_7);
      default -> platform(MEANING.getOrDefault(plain, plain));
    };
  }

  private static Optional<Charset> platform(String name) {
    String candidate = name;
    if (name.startsWith("cp-") || name.startsWith("cp_")) {
      candidate = "cp" + name.substring(3);
    } else if (name.startsWith("x-cp")) {
      candidate = name.substring(2);
    } else if (name.matches("windows\\d{4}")) {
      candidate = "windows-" + name.substring(7);
    }
    return candidate.equals("utf-8")
        ? Optional.of(StandardCharsets.UTF_8)
        : Optional.ofNullable(Platform.BY_NAME.get(candidate));
  }

  /**
   * The platform's character sets by all their names in lower case. {@link Charset#forName} takes
   * most of a millisecond for a name that it does not know, and a header can hold thousands.
   */
  private static final class Platform {
    private static final Map<String, Charset> BY_NAME = byName();

    private static Map<String, Charset> byName() {
      Map<String, Charset> byName = new HashMap<>();
      for (Charset charset : Charset.availableCharsets().values()) {
        charset.aliases().forEach(alias -> byName.put(alias.toLowerCase(Locale.ROOT), charset));
      }
      for (Charset charset : Charset.availableCharsets().values()) {
        byName.put(charset.name().toLowerCase(Locale.ROOT), charset);
      }
      return Map.copyOf(byName);
    }
  }

  private static String unquote(String name) {
    int start = 0;
    int end = name.length();
    while (start < end && "\"'".indexOf(name.charAt(start)) >= 0) {
      start++;
    }
    while (end > start && "\"';,".indexOf(name.charAt(end - 1)) >= 0) {
      end--;
    }
    return name.substring(start, end);
  }

  /** A decoder that puts U+FFFD for what it cannot read and never fails. */
  static CharsetDecoder decoder(Charset charset) {
    return charset
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .onUnmappableCharacter(CodingErrorAction.REPLACE);
  }

  /** Decodes octets; what cannot be read becomes U+FFFD. */
  public static String decode(byte[] octets, Charset charset) {
    try {
      return decoder(charset).decode(ByteBuffer.wrap(octets)).toString();
    } catch (CharacterCodingException impossible) {
      throw new IllegalStateException("a replacing decoder refused", impossible);
    }
  }

  /** Decodes octets of which the last character may be cut off: such a rest is left away. */
  static String decodeBeginning(byte[] octets, int length, Charset charset) {
    CharsetDecoder decoder = decoder(charset);
    CharBuffer chars = CharBuffer.allocate((int) (length * (double) decoder.maxCharsPerByte()) + 8);
    decoder.decode(ByteBuffer.wrap(octets, 0, length), chars, false);
    return chars.flip().toString();
  }

  /** Decodes header text given as octets, one per char, of undeclared character set. */
  static String decodeUndeclared(String octets) {
    for (int at = 0; at < octets.length(); at++) {
      if (octets.charAt(at) > 127) {
        return decode(octets.getBytes(StandardCharsets.ISO_8859_1), UNDECLARED);
      }
    }
    return octets;
  }
}
