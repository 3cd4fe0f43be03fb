package hikyaku.protocol.mime;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The collation i;unicode-casemap (RFC 5051), which I18NLEVEL=1 asks for (RFC 5255 §4.2): each
 * character is put into title case and decomposed, canonically or for compatibility; then code
 * points are compared. Hangul syllables stay whole: the character database lists no decomposition
 * for them.
 */
public final class Casemap {
  private static final int PAGE = 256;
  private static final int ASCII = 128;
  private static final int HANGUL_FIRST = 0xAC00;
  private static final int HANGUL_LAST = 0xD7A3;

  /** Each made when a character of it is first met. */
  private static final AtomicReferenceArray<Page> PAGES =
      new AtomicReferenceArray<>((Character.MAX_CODE_POINT + 1) / PAGE);

  private Casemap() {}

  /** A text in its folded form: texts are equal if and only if these are. */
  public static String fold(CharSequence text) {
    StringBuilder folded = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next < ASCII) {
        // The title case of a letter, and of nothing else here.
        folded.append(next >= 'a' && next <= 'z' ? (char) (next - 'a' + 'A') : next);
        continue;
      }
      int codePoint = Character.codePointAt(text, at);
      at += Character.charCount(codePoint) - 1;
      int[] several = map(codePoint);
      if (several == null) {
        folded.appendCodePoint(codePoint);
      } else {
        for (int each : several) {
          folded.appendCodePoint(each);
        }
      }
    }
    return folded.toString();
  }

  /** The folded form as UTF-8, whose octets compare as its code points do. */
  public static byte[] foldToUtf8(String text) {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    if (octets.length != text.length()) {
      return fold(text).getBytes(StandardCharsets.UTF_8);
    }
    // ASCII alone, and halves of surrogate pairs, of which UTF-8 has none.
    for (int at = 0; at < octets.length; at++) {
      byte next = octets[at];
      octets[at] = next >= 'a' && next <= 'z' ? (byte) (next - 'a' + 'A') : next;
    }
    return octets;
  }

  /**
   * What a character is compared as.
   *
   * @return null if it stays as it is
   */
  static int @Nullable [] map(int codePoint) {
    int number = codePoint / PAGE;
    Page page = PAGES.get(number);
    if (page == null) {
      page = page(number);
      PAGES.set(number, page);
    }
    int[] mapped = page.mapped[codePoint % PAGE];
    return mapped.length == 0 ? null : mapped;
  }

  /** What characters that follow each other are mapped to; nothing for one that stays. */
  private record Page(int[][] mapped) {}

  private static final int[] STAYS = {};

  private static Page page(int number) {
    int[][] page = new int[PAGE][];
    for (int at = 0; at < PAGE; at++) {
      int codePoint = number * PAGE + at;
      int title = Character.toTitleCase(codePoint);
      boolean whole =
          title >= HANGUL_FIRST && title <= HANGUL_LAST
              || title >= Character.MIN_SURROGATE && title <= Character.MAX_SURROGATE;
      int[] mapped =
          whole
              ? new int[] {title}
              : Normalizer.normalize(Character.toString(title), Normalizer.Form.NFKD)
                  .codePoints()
                  .toArray();
      page[at] = mapped.length != 1 || mapped[0] != codePoint ? mapped : STAYS;
    }
    return new Page(page);
  }
}
