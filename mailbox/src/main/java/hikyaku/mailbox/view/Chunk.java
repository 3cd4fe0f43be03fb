package hikyaku.mailbox.view;

import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Up to {@value #CAPACITY} messages in the order of their UIDs, as columns. Immutable; a version
 * with other flags shares the columns that did not change.
 */
final class Chunk {
  static final int CAPACITY = 256;

  private final int[] uids;
  private final LongColumn appendSeqs;

  /** Seconds since 1970, and offsets from UTC in minutes. */
  private final LongColumn dates;

  private final LongColumn offsets;
  private final LongColumn octets;

  /** Mostly what {@link #appendSeqs} is, and then the same. */
  private final LongColumn modseqs;

  private final Flags[] flags;
  private final long maxModseq;

  private Chunk(
      int[] uids,
      LongColumn appendSeqs,
      LongColumn dates,
      LongColumn offsets,
      LongColumn octets,
      LongColumn modseqs,
      long maxModseq,
      Flags[] flags) {
    this.uids = uids;
    this.appendSeqs = appendSeqs;
    this.dates = dates;
    this.offsets = offsets;
    this.octets = octets;
    this.modseqs = modseqs;
    this.maxModseq = maxModseq;
    this.flags = flags;
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
    return appendSeqs.get(i);
  }

  InternalDate date(int i) {
    return new InternalDate(dates.get(i), (int) offsets.get(i));
  }

  long octets(int i) {
    return octets.get(i);
  }

  long modseq(int i) {
    return modseqs.get(i);
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
    private final @Nullable Chunk base;
    private int size;
    private int[] uids;
    private long[] appendSeqs;
    private long[] dates;
    private long[] offsets;
    private long[] octets;
    private long[] modseqs;
    private Flags[] flags;

    /** Whether the columns that never change of a message are still those of the base. */
    private boolean sharesFixedColumns;

    Draft() {
      base = null;
      uids = new int[CAPACITY];
      appendSeqs = new long[CAPACITY];
      dates = new long[CAPACITY];
      offsets = new long[CAPACITY];
      octets = new long[CAPACITY];
      modseqs = new long[CAPACITY];
      flags = new Flags[CAPACITY];
    }

    Draft(Chunk chunk) {
      base = chunk;
      size = chunk.size();
      uids = chunk.uids;
      appendSeqs = NONE;
      dates = NONE;
      offsets = NONE;
      octets = NONE;
      modseqs = chunk.modseqs.toArray(size, size);
      flags = chunk.flags.clone();
      sharesFixedColumns = true;
    }

    private static final long[] NONE = new long[0];

    int size() {
      return size;
    }

    boolean isFull() {
      return size >= CAPACITY;
    }

    long uid(int i) {
      return Integer.toUnsignedLong(uids[i]);
    }

    Flags flags(int i) {
      return flags[i];
    }

    void setFlags(int i, Flags newFlags, long modseq) {
      flags[i] = newFlags;
      modseqs[i] = modseq;
    }

    void add(long uid, long appendSeq, long modseq, InternalDate date, long size, Flags newFlags) {
      ownColumns();
      uids[this.size] = (int) uid;
      appendSeqs[this.size] = appendSeq;
      modseqs[this.size] = modseq;
      dates[this.size] = date.seconds();
      offsets[this.size] = date.offsetMinutes();
      octets[this.size] = size;
      flags[this.size] = newFlags;
      this.size++;
    }

    /** Keeps the rows whose place is set in {@code keep}. */
    void retain(java.util.BitSet keep) {
      ownColumns();
      int to = 0;
      for (int from = keep.nextSetBit(0); from >= 0; from = keep.nextSetBit(from + 1)) {
        uids[to] = uids[from];
        appendSeqs[to] = appendSeqs[from];
        dates[to] = dates[from];
        offsets[to] = offsets[from];
        octets[to] = octets[from];
        modseqs[to] = modseqs[from];
        flags[to] = flags[from];
        to++;
      }
      size = to;
    }

    private void ownColumns() {
      if (sharesFixedColumns && base != null) {
        uids = Arrays.copyOf(uids, CAPACITY);
        appendSeqs = base.appendSeqs.toArray(size, CAPACITY);
        dates = base.dates.toArray(size, CAPACITY);
        offsets = base.offsets.toArray(size, CAPACITY);
        octets = base.octets.toArray(size, CAPACITY);
        modseqs = Arrays.copyOf(modseqs, CAPACITY);
        flags = Arrays.copyOf(flags, CAPACITY);
        sharesFixedColumns = false;
      }
    }

    Chunk build() {
      long maxModseq = 0;
      for (int i = 0; i < size; i++) {
        maxModseq = Math.max(maxModseq, modseqs[i]);
      }
      if (sharesFixedColumns && base != null) {
        return new Chunk(
            uids,
            base.appendSeqs,
            base.dates,
            base.offsets,
            base.octets,
            LongColumn.of(modseqs, size),
            maxModseq,
            flags);
      }
      LongColumn seqs = LongColumn.of(appendSeqs, size);
      boolean unchanged = Arrays.equals(modseqs, 0, size, appendSeqs, 0, size);
      return new Chunk(
          Arrays.copyOf(uids, size),
          seqs,
          LongColumn.of(dates, size),
          LongColumn.of(offsets, size),
          LongColumn.of(octets, size),
          unchanged ? seqs : LongColumn.of(modseqs, size),
          maxModseq,
          Arrays.copyOf(flags, size));
    }
  }
}
