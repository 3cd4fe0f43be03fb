package hikyaku.protocol.mime;

import java.util.function.IntConsumer;

/**
 * Takes texts, one after the other, each in any pieces, as folded code points: what is looked for
 * in texts, and what is noted of them, goes by the same characters.
 */
public abstract class FoldedSink {
  /** So much is taken before it is asked whether more is needed. */
  private static final int STRETCH = 1024;

  private final IntConsumer folded = this::codePoint;
  private char high;

  /** What comes now is another text. */
  public final void begin() {
    high = 0;
    between();
  }

  /** All of a text. */
  public final void whole(String text) {
    begin();
    text(text);
  }

  /** More of the text. */
  public final void text(String text) {
    text(text.toCharArray(), 0, text.length());
  }

  /** More of the text: the characters {@code from} (inclusive) to {@code to} (exclusive). */
  public final void text(char[] text, int from, int to) {
    for (int at = from; at < to && !isOver(); ) {
      int end = Math.min(to, at + STRETCH);
      for (; at < end; at++) {
        character(text[at]);
      }
    }
  }

  /** Half a surrogate pair counts if it is a second half. */
  private void character(char next) {
    if (next < FoldedText.ASCII) {
      high = 0;
      codePoint(FoldedText.foldAscii(next));
      return;
    }
    if (Character.isLowSurrogate(next) && high != 0) {
      FoldedText.fold(Character.toCodePoint(high, next), folded);
      high = 0;
      return;
    }
    high = 0;
    if (Character.isHighSurrogate(next)) {
      high = next;
    } else {
      FoldedText.fold(next, folded);
    }
  }

  /** One text has ended, if there was one, and another begins. */
  protected abstract void between();

  /**
   * The next character of the text, folded: one character there may be several here. Some may come
   * though no more text is needed.
   */
  protected abstract void codePoint(int folded);

  /** Whether no more text is needed. */
  public abstract boolean isOver();
}
