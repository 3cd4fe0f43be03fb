package hikyaku.mailbox.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** An immutable set of UIDs, or of any numbers from 1 to 2^32-1, held as ranges. */
public final class UidSet {
  public static final long MAX_UID = 0xFFFF_FFFFL;
  public static final UidSet EMPTY = new UidSet(new long[0]);

  /** first, last, first, last, ...: rising, neither touching nor overlapping. */
  private final long[] bounds;

  private UidSet(long[] bounds) {
    this.bounds = bounds;
  }

  /** Numbers from first to last, both inclusive. */
  public record Range(long first, long last) {
    public Range {
      if (first < 1 || last < first || last > MAX_UID) {
        throw new IllegalArgumentException("range " + first + ":" + last);
      }
    }

    public long size() {
      return last - first + 1;
    }
  }

  public static UidSet of(long... uids) {
    return Arrays.stream(uids).mapToObj(u -> new Range(u, u)).collect(toUidSet());
  }

  public static UidSet range(long first, long last) {
    Range range = new Range(first, last);
    return new UidSet(new long[] {range.first, range.last});
  }

  /** Ranges in any order, overlapping or not. */
  public static UidSet of(List<Range> ranges) {
    return ranges.stream().collect(toUidSet());
  }

  private static java.util.stream.Collector<Range, ?, UidSet> toUidSet() {
    return Collectors.collectingAndThen(Collectors.toList(), UidSet::merged);
  }

  private static UidSet merged(List<Range> ranges) {
    List<Range> sorted = new ArrayList<>(ranges);
    sorted.sort((a, b) -> Long.compare(a.first, b.first));
    Builder builder = new Builder();
    sorted.forEach(r -> builder.add(r.first, r.last));
    return builder.build();
  }

  /** Gathers numbers in rising order. */
  public static final class Builder {
    private long[] bounds = new long[8];
    private int length;

    public Builder add(long uid) {
      return add(uid, uid);
    }

    /** The range must not start below one added before. */
    public Builder add(long first, long last) {
      if (length > 0 && first <= bounds[length - 1] + 1) {
        if (first < bounds[length - 2]) {
          throw new IllegalArgumentException("ranges out of order");
        }
        bounds[length - 1] = Math.max(bounds[length - 1], last);
        return this;
      }
      if (length == bounds.length) {
        bounds = Arrays.copyOf(bounds, length * 2);
      }
      bounds[length++] = first;
      bounds[length++] = last;
      return this;
    }

    public UidSet build() {
      return length == 0 ? EMPTY : new UidSet(Arrays.copyOf(bounds, length));
    }
  }

  public boolean isEmpty() {
    return bounds.length == 0;
  }

  /** How many numbers. */
  public long size() {
    long size = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      size += bounds[i + 1] - bounds[i] + 1;
    }
    return size;
  }

  public long first() {
    return bounds[0];
  }

  public long last() {
    return bounds[bounds.length - 1];
  }

  public boolean contains(long uid) {
    int at = Arrays.binarySearch(bounds, uid);
    // Found: it is a bound. Not found: inside if the insertion point follows a first.
    return at >= 0 || ((-at - 1) & 1) == 1;
  }

  public int rangeCount() {
    return bounds.length / 2;
  }

  public List<Range> ranges() {
    List<Range> ranges = new ArrayList<>(bounds.length / 2);
    for (int i = 0; i < bounds.length; i += 2) {
      ranges.add(new Range(bounds[i], bounds[i + 1]));
    }
    return ranges;
  }

  public void forEach(LongConsumer consumer) {
    for (int i = 0; i < bounds.length; i += 2) {
      for (long uid = bounds[i]; uid <= bounds[i + 1]; uid++) {
        consumer.accept(uid);
      }
    }
  }

  public UidSet union(UidSet other) {
    if (isEmpty()) {
      return other;
    }
    if (other.isEmpty()) {
      return this;
    }
    List<Range> all = ranges();
    all.addAll(other.ranges());
    return merged(all);
  }

  public UidSet intersect(UidSet other) {
    Builder builder = new Builder();
    int mine = 0;
    int theirs = 0;
    while (mine < bounds.length && theirs < other.bounds.length) {
      long first = Math.max(bounds[mine], other.bounds[theirs]);
      long last = Math.min(bounds[mine + 1], other.bounds[theirs + 1]);
      if (first <= last) {
        builder.add(first, last);
      }
      if (bounds[mine + 1] < other.bounds[theirs + 1]) {
        mine += 2;
      } else {
        theirs += 2;
      }
    }
    return builder.build();
  }

  /** Mine that are not in the other. */
  public UidSet minus(UidSet other) {
    Builder builder = new Builder();
    int theirs = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      long first = bounds[i];
      long last = bounds[i + 1];
      while (theirs < other.bounds.length && other.bounds[theirs + 1] < first) {
        theirs += 2;
      }
      for (int j = theirs;
          j < other.bounds.length && other.bounds[j] <= last && first <= last;
          j += 2) {
        if (other.bounds[j] > first) {
          builder.add(first, other.bounds[j] - 1);
        }
        first = other.bounds[j + 1] + 1;
      }
      if (first <= last) {
        builder.add(first, last);
      }
    }
    return builder.build();
  }

  /** As an IMAP set: {@code 1:3,5}. Empty gives an empty string, which IMAP has no place for. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < bounds.length; i += 2) {
      if (i > 0) {
        text.append(',');
      }
      text.append(bounds[i]);
      if (bounds[i + 1] != bounds[i]) {
        text.append(':').append(bounds[i + 1]);
      }
    }
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UidSet set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }
}
