package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Encoded-words (RFC 2047, and RFC 2231 §5 for the language), also where they may not stand and not
 * as they should be written: inside quotes or other words, with spaces in them, longer than
 * allowed, with a character divided between two of them.
 */
public final class EncodedWords {
  /** Octets of an encoded-word's text, so that it has at most 75 characters (RFC 2047 §2). */
  private static final int WORD = 45;

  private static final int LONGEST = 500;

  private EncodedWords() {}

  /**
   * Text as an unstructured field has it, with each encoded-word but the first on a line of its own
   * (RFC 2047 §2: a line has 76 characters at most where they are).
   *
   * @param text without control characters
   */
  public static String encodeFolded(String text) {
    return encode(text).replace("?= =?", "?=\r\n =?");
  }

  /**
   * Text as an unstructured field has it: itself if it is ASCII, and else encoded-words with a
   * space between them.
   *
   * @param text without control characters
   */
  public static String encode(String text) {
    boolean plain = text.chars().allMatch(c -> c < 127) && !text.contains("=?");
    boolean foldable = plain && Arrays.stream(text.split(" ")).allMatch(w -> w.length() <= LONGEST);
    if (foldable) {
      return text;
    }
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    for (int codePoint : text.codePoints().toArray()) {
      String next = Character.toString(codePoint);
      if ((word + next).getBytes(UTF_8).length > WORD) {
        words.add(word.toString());
        word.setLength(0);
      }
      word.append(next);
    }
    words.add(word.toString());
    return words.stream()
        .map(each -> "=?utf-8?B?" + Base64.getEncoder().encodeToString(each.getBytes(UTF_8)) + "?=")
        .collect(Collectors.joining(" "));
  }

  /**
   * Decodes header text.
   *
   * @param octets unfolded header text, one octet per char; 8-bit octets are of undeclared
   *     character set ({@link Charsets#UNDECLARED})
   */
  public static String decode(String octets) {
    return octets.indexOf("=?") < 0
        ? Charsets.decodeUndeclared(octets)
        : new Decoder(octets).decode();
  }

  private record Word(String charset, boolean base64, String text, int end) {}

  private static final class Decoder {
    private final String text;
    private final StringBuilder decoded = new StringBuilder();
    private int terminator = -1; // the next "?=" at or after the place last asked

    Decoder(String text) {
      this.text = text;
    }

    String decode() {
      int plain = 0; // start of the text not yet decoded
      int at = text.indexOf("=?");
      Word before = null;
      ByteArrayOutputStream gathered = new ByteArrayOutputStream();
      while (at >= 0) {
        Word word = wordAt(at);
        if (word == null) {
          at = text.indexOf("=?", at + 1);
          continue;
        }
        // White space between two words is no text (RFC 2047 §6.2), and words of one character set
        // are decoded as one, for a character may be divided between them.
        boolean adjacent = before != null && text.substring(plain, at).isBlank();
        if (before != null && (!adjacent || !before.charset().equalsIgnoreCase(word.charset()))) {
          give(gathered, before.charset());
        }
        if (!adjacent) {
          decoded.append(Charsets.decodeUndeclared(text.substring(plain, at)));
        }
        gather(word, gathered);
        before = word;
        plain = word.end();
        at = text.indexOf("=?", plain);
      }
      if (before != null) {
        give(gathered, before.charset());
      }
      return decoded.append(Charsets.decodeUndeclared(text.substring(plain))).toString();
    }

    private @Nullable Word wordAt(int start) {
      int charsetEnd = text.indexOf('?', start + 2);
      if (charsetEnd < 0 || charsetEnd - start > 66 || charsetEnd + 2 >= text.length()) {
        return null;
      }
      char encoding = text.charAt(charsetEnd + 1);
      boolean base64 = encoding == 'B' || encoding == 'b';
      if ((!base64 && encoding != 'Q' && encoding != 'q') || text.charAt(charsetEnd + 2) != '?') {
        return null;
      }
      int textStart = charsetEnd + 3;
      if (terminator < textStart) {
        terminator = text.indexOf("?=", textStart);
        if (terminator < 0) {
          terminator = text.length();
        }
      }
      if (terminator == text.length()) {
        return null;
      }
      return new Word(
          text.substring(start + 2, charsetEnd),
          base64,
          text.substring(textStart, terminator),
          terminator + 2);
    }

    private static void gather(Word word, ByteArrayOutputStream to) {
      if (!word.base64()) {
        decodeQ(word.text(), to);
        return;
      }
      Base64Decoder decoder = new Base64Decoder(to::write);
      try {
        decoder.write(word.text().getBytes(StandardCharsets.ISO_8859_1));
        decoder.finish();
      } catch (IOException impossible) {
        throw new UncheckedIOException(impossible);
      }
    }

    private static void decodeQ(String text, ByteArrayOutputStream to) {
      for (int at = 0; at < text.length(); at++) {
        char next = text.charAt(at);
        if (next == '=' && at + 2 < text.length()) {
          int high = Character.digit(text.charAt(at + 1), 16);
          int low = Character.digit(text.charAt(at + 2), 16);
          if (high >= 0 && low >= 0) {
            to.write(high << 4 | low);
            at += 2;
            continue;
          }
        }
        to.write(next == '_' ? ' ' : next);
      }
    }

    private void give(ByteArrayOutputStream gathered, String name) {
      Charset charset = Charsets.lookup(name).orElse(Charsets.UNDECLARED);
      decoded.append(Charsets.decode(gathered.toByteArray(), charset));
      gathered.reset();
    }
  }
}
