package hikyaku.protocol.imap;

import java.util.Arrays;

/**
 * The messages a client names, by number or by UID (RFC 9051 §9, {@code sequence-set}): not yet
 * numbers, since {@code *} and {@code $} mean what the mailbox and the session make of them.
 */
public sealed interface SequenceSet {
  /** {@code $}: what the last search saved (RFC 5182). */
  record Saved() implements SequenceSet {
    @Override
    public String toString() {
      return "$";
    }
  }

  /** Numbers and ranges as they were written, {@code *} included. */
  final class Ranges implements SequenceSet {
    /** Stands for {@code *} among the bounds. */
    static final long STAR = 0;

    private final long[] bounds;

    /** Takes the array: both ends of each range in turn, as written. */
    Ranges(long[] bounds) {
      this.bounds = bounds;
    }

    /**
     * The numbers meant when the largest in use is {@code largest}: {@code *} is that number,
     * reversed ranges are turned round, and a set of an empty mailbox has no {@code *}.
     *
     * @param largest the largest number or UID in use, 0 if there is none
     */
    public NumberSet resolve(long largest) {
      NumberSet.Builder numbers = new NumberSet.Builder();
      for (int at = 0; at < bounds.length; at += 2) {
        long first = bounds[at] == STAR ? largest : bounds[at];
        long second = bounds[at + 1] == STAR ? largest : bounds[at + 1];
        if (first > 0 && second > 0) {
          numbers.add(Math.min(first, second), Math.max(first, second));
        } else if (first > 0 || second > 0) {
          // n:* where nothing is there: n alone can still be asked for, and will not be found.
          numbers.add(Math.max(first, second));
        }
      }
      return numbers.build();
    }

    /** The largest number written, 0 if there is only {@code *}. */
    public long largestNamed() {
      return Arrays.stream(bounds).max().orElse(0);
    }

    /** Whether {@code *} occurs. */
    public boolean hasStar() {
      return Arrays.stream(bounds).anyMatch(bound -> bound == STAR);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Ranges ranges && Arrays.equals(bounds, ranges.bounds);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bounds);
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      for (int at = 0; at < bounds.length; at += 2) {
        text.append(at == 0 ? "" : ",").append(name(bounds[at]));
        if (bounds[at + 1] != bounds[at]) {
          text.append(':').append(name(bounds[at + 1]));
        }
      }
      return text.toString();
    }

    private static String name(long bound) {
      return bound == STAR ? "*" : Long.toString(bound);
    }
  }

  SequenceSet SAVED = new Saved();

  /** Plain numbers in the order given, which readers of it are to keep (RFC 5267 §3.2). */
  static SequenceSet inOrder(long[] numbers) {
    long[] bounds = new long[2 * numbers.length];
    int length = 0;
    for (long number : numbers) {
      if (length > 0 && number == bounds[length - 1] + 1) {
        bounds[length - 1] = number;
      } else {
        bounds[length++] = number;
        bounds[length++] = number;
      }
    }
    return new Ranges(Arrays.copyOf(bounds, length));
  }

  /** A set of plain numbers. */
  static SequenceSet of(NumberSet numbers) {
    long[] bounds = new long[2 * numbers.ranges()];
    for (int range = 0; range < numbers.ranges(); range++) {
      bounds[2 * range] = numbers.low(range);
      bounds[2 * range + 1] = numbers.high(range);
    }
    return new Ranges(bounds);
  }
}
