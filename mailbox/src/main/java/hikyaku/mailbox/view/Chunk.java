package hikyaku.mailbox.view;

import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import java.util.Arrays;

/**
 * Up to {@value #CAPACITY} messages in the order of their UIDs, as columns. Immutable; a version
 * with other flags shares the columns that did not change.
 */
final class Chunk {
  static final int CAPACITY = 256;

  private final int[] uids;
  private final long[] appendSeqs;
  private final long[] dates;
  private final long[] octets;
  private final long[] modseqs;
  private final Flags[] flags;
  private final long maxModseq;

  private Chunk(
      int[] uids, long[] appendSeqs, long[] dates, long[] octets, long[] modseqs, Flags[] flags) {
    this.uids = uids;
    this.appendSeqs = appendSeqs;
    this.dates = dates;
    this.octets = octets;
    this.modseqs = modseqs;
    this.flags = flags;
    this.maxModseq = Arrays.stream(modseqs).max().orElse(0);
  }

  int size() {
    return uids.length;
  }

  long uid(int i) {
    return Integer.toUnsignedLong(uids[i]);
  }

  long lastUid() {
    return uid(uids.length - 1);
  }

  long appendSeq(int i) {
    return appendSeqs[i];
  }

  /** Seconds and offset share a long: the offset of at most 18 hours needs 12 bits. */
  InternalDate date(int i) {
    return new InternalDate(dates[i] >> 12, (int) (dates[i] & 0xFFF) - 2048);
  }

  long octets(int i) {
    return octets[i];
  }

  long modseq(int i) {
    return modseqs[i];
  }

  Flags flags(int i) {
    return flags[i];
  }

  long maxModseq() {
    return maxModseq;
  }

  /** The place of a UID, or -(insertion point) - 1 as in {@link Arrays#binarySearch}. */
  int indexOf(long uid) {
    int low = 0;
    int high = uids.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Long.compare(uid(middle), uid);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -(low + 1);
  }

  /** A chunk being changed or made; its own copy of the columns it touches. */
  static final class Draft {
    private int size;
    private int[] uids;
    private long[] appendSeqs;
    private long[] dates;
    private long[] octets;
    private long[] modseqs;
    private Flags[] flags;
    private boolean sharesFixedColumns;

    Draft() {
      uids = new int[CAPACITY];
      appendSeqs = new long[CAPACITY];
      dates = new long[CAPACITY];
      octets = new long[CAPACITY];
      modseqs = new long[CAPACITY];
      flags = new Flags[CAPACITY];
    }

    Draft(Chunk chunk) {
      size = chunk.size();
      uids = chunk.uids;
      appendSeqs = chunk.appendSeqs;
      dates = chunk.dates;
      octets = chunk.octets;
      modseqs = chunk.modseqs.clone();
      flags = chunk.flags.clone();
      sharesFixedColumns = true;
    }

    int size() {
      return size;
    }

    boolean isFull() {
      return size >= CAPACITY;
    }

    long uid(int i) {
      return Integer.toUnsignedLong(uids[i]);
    }

    long appendSeq(int i) {
      return appendSeqs[i];
    }

    Flags flags(int i) {
      return flags[i];
    }

    void setFlags(int i, Flags newFlags, long modseq) {
      flags[i] = newFlags;
      modseqs[i] = modseq;
    }

    void add(long uid, long appendSeq, long modseq, InternalDate date, long size, Flags newFlags) {
      ownColumns(CAPACITY);
      uids[this.size] = (int) uid;
      appendSeqs[this.size] = appendSeq;
      modseqs[this.size] = modseq;
      dates[this.size] = (date.seconds() << 12) | (date.offsetMinutes() + 2048);
      octets[this.size] = size;
      flags[this.size] = newFlags;
      this.size++;
    }

    /** Keeps the rows whose place is set in {@code keep}. */
    void retain(java.util.BitSet keep) {
      ownColumns(uids.length);
      int to = 0;
      for (int from = keep.nextSetBit(0); from >= 0; from = keep.nextSetBit(from + 1)) {
        uids[to] = uids[from];
        appendSeqs[to] = appendSeqs[from];
        dates[to] = dates[from];
        octets[to] = octets[from];
        modseqs[to] = modseqs[from];
        flags[to] = flags[from];
        to++;
      }
      size = to;
    }

    private void ownColumns(int capacity) {
      if (sharesFixedColumns || uids.length < capacity) {
        uids = Arrays.copyOf(uids, capacity);
        appendSeqs = Arrays.copyOf(appendSeqs, capacity);
        dates = Arrays.copyOf(dates, capacity);
        octets = Arrays.copyOf(octets, capacity);
        modseqs = Arrays.copyOf(modseqs, capacity);
        flags = Arrays.copyOf(flags, capacity);
        sharesFixedColumns = false;
      }
    }

    Chunk build() {
      if (size == uids.length) {
        return new Chunk(uids, appendSeqs, dates, octets, modseqs, flags);
      }
      return new Chunk(
          Arrays.copyOf(uids, size),
          Arrays.copyOf(appendSeqs, size),
          Arrays.copyOf(dates, size),
          Arrays.copyOf(octets, size),
          Arrays.copyOf(modseqs, size),
          Arrays.copyOf(flags, size));
    }
  }
}
