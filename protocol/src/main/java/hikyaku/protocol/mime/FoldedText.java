package hikyaku.protocol.mime;

import java.util.Arrays;

/**
 * A string looked for without regard to case, in text that comes in any pieces. Case is folded
 * character by character, which is near i;unicode-casemap (RFC 5051) but does not decompose. The
 * time is linear in the text (Knuth, Morris and Pratt) and nothing of the text is held.
 */
public final class FoldedText {
  private final int[] wanted;
  private final int[] fallback;

  /** A string to look for. The empty string is found in every text (RFC 9051 §6.4.4). */
  public FoldedText(String wanted) {
    this.wanted = wanted.codePoints().map(FoldedText::fold).toArray();
    fallback = fallback(this.wanted);
  }

  private static int[] fallback(int[] wanted) {
    int[] fallback = new int[wanted.length];
    int matched = 0;
    for (int at = 1; at < wanted.length; at++) {
      while (matched > 0 && wanted[at] != wanted[matched]) {
        matched = fallback[matched - 1];
      }
      if (wanted[at] == wanted[matched]) {
        matched++;
      }
      fallback[at] = matched;
    }
    return fallback;
  }

  /** Whether a text holds the string. */
  public boolean isIn(CharSequence text) {
    Search search = search();
    search.text(text);
    return search.found();
  }

  /** Whether it is looked for at all: the empty string needs no text. */
  public boolean isEmpty() {
    return wanted.length == 0;
  }

  Search search() {
    return new Search();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FoldedText that && Arrays.equals(wanted, that.wanted);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(wanted);
  }

  /** One text being searched. */
  final class Search {
    private int matched;
    private boolean found = wanted.length == 0;
    private char high;

    boolean found() {
      return found;
    }

    void text(CharSequence text) {
      for (int at = 0; at < text.length() && !found; at++) {
        character(text.charAt(at));
      }
    }

    private void character(char next) {
      if (Character.isLowSurrogate(next) && high != 0) {
        codePoint(Character.toCodePoint(high, next));
        high = 0;
        return;
      }
      high = 0;
      if (Character.isHighSurrogate(next)) {
        high = next;
      } else {
        codePoint(next);
      }
    }

    private void codePoint(int codePoint) {
      int folded = fold(codePoint);
      while (matched > 0 && wanted[matched] != folded) {
        matched = fallback[matched - 1];
      }
      if (wanted[matched] == folded) {
        matched++;
      }
      found = matched == wanted.length;
    }
  }

  private static int fold(int codePoint) {
    if (codePoint < 128) {
      return codePoint >= 'A' && codePoint <= 'Z' ? codePoint + 32 : codePoint;
    }
    return Character.toLowerCase(Character.toUpperCase(codePoint));
  }
}
