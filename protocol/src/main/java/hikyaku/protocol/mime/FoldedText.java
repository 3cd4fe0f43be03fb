package hikyaku.protocol.mime;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A string looked for as i;unicode-casemap compares (RFC 5051 §3, RFC 5255 §4.2): what a text must
 * hold is the string's folded characters in a row.
 */
public final class FoldedText {
  static final int ASCII = 128;

  private final int[] codePoints;
  private final FoldedTexts alone;

  /** A string to look for. The empty string is found in every text (RFC 9051 §6.4.4). */
  public FoldedText(String wanted) {
    IntStream.Builder folded = IntStream.builder();
    wanted.codePoints().forEach(codePoint -> fold(codePoint, folded::add));
    codePoints = folded.build().toArray();
    alone = new FoldedTexts(List.of(this));
  }

  /** Whether a text holds the string. */
  public boolean isIn(String text) {
    FoldedTexts.Search search = alone.search();
    search.text(text);
    return search.isOver();
  }

  /** Whether it is looked for at all: the empty string needs no text. */
  public boolean isEmpty() {
    return codePoints.length == 0;
  }

  /** The string, folded. */
  int[] codePoints() {
    return codePoints;
  }

  /** Hands the string over as texts are: its code points, folded. */
  public void forEach(IntConsumer consumer) {
    for (int codePoint : codePoints) {
      consumer.accept(codePoint);
    }
  }

  /** How many code points it has, folded. */
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

  static int foldAscii(int character) {
    return character >= 'a' && character <= 'z' ? character - 32 : character;
  }

  /** Hands over what a character is compared as: mostly one. */
  static void fold(int codePoint, IntConsumer consumer) {
    if (codePoint < ASCII) {
      consumer.accept(foldAscii(codePoint));
      return;
    }
    int[] several = Casemap.map(codePoint);
    if (several == null) {
      consumer.accept(codePoint);
    } else {
      for (int each : several) {
        consumer.accept(each);
      }
    }
  }
}
