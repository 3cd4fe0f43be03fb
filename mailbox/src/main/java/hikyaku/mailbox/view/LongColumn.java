package hikyaku.mailbox.view;

import java.util.Arrays;

/**
 * Numbers of neighbouring messages, which mostly differ little: what is above the least of them is
 * kept in 32 bits where that will do, and not at all where all are equal. Immutable.
 */
final class LongColumn {
  private final long least;
  private final int[] above;
  private final long[] wide;

  private static final int[] NO_INTS = new int[0];
  private static final long[] NO_LONGS = new long[0];

  private LongColumn(long least, int[] above, long[] wide) {
    this.least = least;
    this.above = above;
    this.wide = wide;
  }

  /**
   * @param numbers of which the first {@code size} count
   */
  static LongColumn of(long[] numbers, int size) {
    long least = Long.MAX_VALUE;
    long most = Long.MIN_VALUE;
    for (int i = 0; i < size; i++) {
      least = Math.min(least, numbers[i]);
      most = Math.max(most, numbers[i]);
    }
    if (size == 0 || least == most) {
      return new LongColumn(size == 0 ? 0 : least, NO_INTS, NO_LONGS);
    }
    if (most - least < 0 || most - least > 0xFFFF_FFFFL) {
      return new LongColumn(least, NO_INTS, Arrays.copyOf(numbers, size));
    }
    int[] above = new int[size];
    for (int i = 0; i < size; i++) {
      above[i] = (int) (numbers[i] - least);
    }
    return new LongColumn(least, above, NO_LONGS);
  }

  long get(int i) {
    return above.length > 0
        ? least + Integer.toUnsignedLong(above[i])
        : wide.length > 0 ? wide[i] : least;
  }

  /** All of them, in an array with room for more. */
  long[] toArray(int size, int capacity) {
    long[] numbers = new long[capacity];
    for (int i = 0; i < size; i++) {
      numbers[i] = get(i);
    }
    return numbers;
  }
}
