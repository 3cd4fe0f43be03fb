package hikyaku.protocol.mime;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * A string looked for without regard to case. Case is folded character by character, which is near
 * i;unicode-casemap (RFC 5051) but does not decompose.
 */
public final class FoldedText {
  private static final int ASCII = 128;

  private final int[] codePoints;
  private final FoldedTexts alone;

  /** A string to look for. The empty string is found in every text (RFC 9051 §6.4.4). */
  public FoldedText(String wanted) {
    codePoints = wanted.codePoints().map(FoldedText::fold).toArray();
    alone = new FoldedTexts(List.of(this));
  }

  /** Whether a text holds the string. */
  public boolean isIn(CharSequence text) {
    FoldedTexts.Search search = alone.search();
    search.text(text);
    return search.isOver();
  }

  /** Whether it is looked for at all: the empty string needs no text. */
  public boolean isEmpty() {
    return codePoints.length == 0;
  }

  /** The string, its case folded. */
  int[] codePoints() {
    return codePoints;
  }

  /** Hands the string over as texts are: its code points, their case folded. */
  public void forEach(IntConsumer consumer) {
    for (int codePoint : codePoints) {
      consumer.accept(codePoint);
    }
  }

  /** How many code points it has. */
  public int length() {
    return codePoints.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FoldedText that && Arrays.equals(codePoints, that.codePoints);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(codePoints);
  }

  static int fold(int codePoint) {
    if (codePoint < ASCII) {
      return codePoint >= 'A' && codePoint <= 'Z' ? codePoint + 32 : codePoint;
    }
    return Character.toLowerCase(Character.toUpperCase(codePoint));
  }
}
