package hikyaku.protocol.imap;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Message numbers or UIDs: positive numbers in rising order, kept as ranges. Immutable.
 *
 * <p>Its text is a {@code sequence-set} without {@code *} ({@code 1:3,7}); an empty set has no text
 * in IMAP and gives the empty string.
 */
public final class NumberSet {
  public static final NumberSet EMPTY = new NumberSet(new long[0]);

  /** Low and high ends in turn; ranges rise and neither touch nor overlap. */
  private final long[] bounds;

  private NumberSet(long[] bounds) {
    this.bounds = bounds;
  }

  public static NumberSet of(long... numbers) {
    Builder builder = new Builder();
    for (long number : numbers) {
      builder.add(number);
    }
    return builder.build();
  }

  public static NumberSet range(long low, long high) {
    return new Builder().add(low, high).build();
  }

  public boolean isEmpty() {
    return bounds.length == 0;
  }

  /** How many ranges the set has. */
  public int ranges() {
    return bounds.length / 2;
  }

  public long low(int range) {
    return bounds[2 * range];
  }

  public long high(int range) {
    return bounds[2 * range + 1];
  }

  /** How many numbers the set has. */
  public long count() {
    long count = 0;
    for (int range = 0; range < ranges(); range++) {
      count += high(range) - low(range) + 1;
    }
    return count;
  }

  /** The smallest number, or 0 for an empty set. */
  public long min() {
    return isEmpty() ? 0 : bounds[0];
  }

  /** The largest number, or 0 for an empty set. */
  public long max() {
    return isEmpty() ? 0 : bounds[bounds.length - 1];
  }

  /** Takes logarithmic time. */
  public boolean contains(long number) {
    int found = Arrays.binarySearch(bounds, number);
    // Between two bounds: inside a range when the next bound is a high end, which has an odd index.
    return found >= 0 || (-found - 1) % 2 == 1;
  }

  /** Every number, rising. A set such as 1:4294967295 has very many. */
  public LongStream stream() {
    return IntStream.range(0, ranges())
        .mapToObj(range -> LongStream.rangeClosed(low(range), high(range)))
        .flatMapToLong(numbers -> numbers);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NumberSet set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int range = 0; range < ranges(); range++) {
      if (range > 0) {
        text.append(',');
      }
      text.append(low(range));
      if (high(range) > low(range)) {
        text.append(':').append(high(range));
      }
    }
    return text.toString();
  }

  /** Gathers numbers in any order; rising order costs least. */
  public static final class Builder {
    private long[] bounds = new long[8];
    private int length;
    private boolean rising = true;

    public Builder add(long number) {
      return add(number, number);
    }

    /**
     * @throws IllegalArgumentException unless {@code 0 < low <= high}
     */
    public Builder add(long low, long high) {
      if (low <= 0 || high < low) {
        throw new IllegalArgumentException("not a range: " + low + ":" + high);
      }
      if (length > 0 && rising) {
        long last = bounds[length - 1];
        if (low > last + 1) {
          append(low, high);
        } else if (low >= bounds[length - 2]) {
          bounds[length - 1] = Math.max(last, high);
        } else {
          rising = false;
          append(low, high);
        }
      } else {
        append(low, high);
      }
      return this;
    }

    private void append(long low, long high) {
      if (length == bounds.length) {
        bounds = Arrays.copyOf(bounds, 2 * length);
      }
      bounds[length++] = low;
      bounds[length++] = high;
    }

    public boolean isEmpty() {
      return length == 0;
    }

    public NumberSet build() {
      if (length == 0) {
        return EMPTY;
      }
      if (rising) {
        return new NumberSet(Arrays.copyOf(bounds, length));
      }
      long[] mixed = bounds;
      Builder sorted = new Builder();
      IntStream.range(0, length / 2)
          .boxed()
          .sorted((a, b) -> Long.compare(mixed[2 * a], mixed[2 * b]))
          .forEach(range -> sorted.add(mixed[2 * range], mixed[2 * range + 1]));
      return sorted.build();
    }
  }
}
