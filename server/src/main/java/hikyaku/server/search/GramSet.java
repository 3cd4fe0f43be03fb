package hikyaku.server.search;

import hikyaku.protocol.mime.FoldedSink;
import java.util.Arrays;

/** Gathers the grams of texts, each once, up to a number. Used by one thread, again and again. */
final class GramSet extends FoldedSink {
  private static final int SMALLEST = 1 << 13;

  /** Marks a place that is taken; no gram has this bit. */
  private static final long TAKEN = Long.MIN_VALUE;

  private static final int ASCII_BITS = 7;
  private static final long[] NONE = {};

  private final int most;

  /** Open addressing; a power of two, half empty at least. */
  private long[] table = new long[SMALLEST];

  /**
   * Grams of ASCII that have been looked for in the table, a bit for each: in a long text nearly
   * all have. Empty while the table is small, for then it costs more than it saves.
   */
  private long[] seen = NONE;

  private int size;
  private int before;
  private int last;
  private int length;
  private boolean overflown;

  GramSet(int most) {
    this.most = most;
  }

  /** Forgets everything. */
  void clear() {
    if (table.length > SMALLEST) {
      table = new long[SMALLEST];
      seen = NONE;
    } else {
      Arrays.fill(table, 0);
    }
    size = 0;
    length = 0;
    overflown = false;
  }

  /** Ends the last text. */
  void finish() {
    begin();
  }

  /** Whether there were more than it takes: what it has is not all. */
  @Override
  public boolean isOver() {
    return overflown;
  }

  @Override
  protected void between() {
    if (length > 1) {
      add(Gram.of(before, last, Gram.END));
    }
    if (length > 0) {
      add(Gram.of(last, Gram.END, Gram.END));
    }
    length = 0;
  }

  @Override
  protected void codePoint(int folded) {
    if (length > 1 && !isSeen(before, last, folded)) {
      add(Gram.of(before, last, folded));
    }
    before = last;
    last = folded;
    length = Math.min(2, length + 1);
  }

  /** Whether a gram was seen before, as far as that is known; it is from now on. */
  private boolean isSeen(int first, int second, int third) {
    if (seen.length == 0 || (first | second | third) >>> ASCII_BITS != 0) {
      return false;
    }
    int number = first << 2 * ASCII_BITS | second << ASCII_BITS | third;
    long bit = 1L << number;
    int place = number >>> 6;
    if ((seen[place] & bit) != 0) {
      return true;
    }
    seen[place] |= bit;
    return false;
  }

  private void add(long gram) {
    if (overflown) {
      return;
    }
    long taken = gram | TAKEN;
    int at = place(taken, table);
    if (table[at] == taken) {
      return;
    }
    if (size == most) {
      overflown = true;
      return;
    }
    table[at] = taken;
    size++;
    if (size > table.length / 2) {
      grow();
    }
  }

  private static int place(long taken, long[] table) {
    int mask = table.length - 1;
    int at = (int) (taken * 0x9E37_79B9_7F4A_7C15L >>> 32) & mask;
    while (table[at] != 0 && table[at] != taken) {
      at = at + 1 & mask;
    }
    return at;
  }

  private void grow() {
    if (seen.length == 0) {
      seen = new long[(1 << 3 * ASCII_BITS) / Long.SIZE];
    }
    long[] larger = new long[table.length * 2];
    for (long taken : table) {
      if (taken != 0) {
        larger[place(taken, larger)] = taken;
      }
    }
    table = larger;
  }

  int size() {
    return size;
  }

  /** The grams, in any order. */
  long[] grams() {
    return Arrays.stream(table).filter(taken -> taken != 0).map(taken -> taken & ~TAKEN).toArray();
  }
}
