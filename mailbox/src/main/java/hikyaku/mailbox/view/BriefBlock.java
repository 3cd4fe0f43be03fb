package hikyaku.mailbox.view;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.mime.SentDate;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Briefs of messages with neighbouring UIDs, as columns, in the order of UIDs. Immutable. */
final class BriefBlock {
  /** UIDs of one block. */
  static final int UIDS = 256;

  static final BriefBlock EMPTY =
      new BriefBlock(new int[0], new long[0], new int[0], new int[0], new byte[0]);

  /** Octets of a block besides its rows: the objects, and what the cache has of it. */
  private static final int WEIGHT = 256;

  /** Octets of a row besides its text. */
  private static final int ROW = Integer.BYTES + Long.BYTES + Integer.BYTES + Integer.BYTES;

  /** In place of an offset from UTC, where the message tells no date. */
  private static final int UNDATED = Integer.MIN_VALUE;

  private final int[] uids;
  private final long[] sent;
  private final int[] offsets;

  /** Where each row's octets end. */
  private final int[] ends;

  private final byte[] octets;

  private BriefBlock(int[] uids, long[] sent, int[] offsets, int[] ends, byte[] octets) {
    this.uids = uids;
    this.sent = sent;
    this.offsets = offsets;
    this.ends = ends;
    this.octets = octets;
  }

  /** The number of the block that a UID belongs to. */
  static long numberOf(long uid) {
    return uid / UIDS;
  }

  /** Octets that it takes in memory, about. */
  int weight() {
    return WEIGHT + uids.length * ROW + octets.length;
  }

  /** How many rows. */
  int size() {
    return uids.length;
  }

  /**
   * The first row, of a given one and those behind it, whose UID is not below one: who asks for
   * rising UIDs walks through all once.
   */
  int rowFrom(int row, long uid) {
    int place = place(uid);
    int at = row;
    while (at < uids.length && uids[at] < place) {
      at++;
    }
    return at;
  }

  /** Whether a row is that of a UID. */
  boolean has(int row, long uid) {
    return row < uids.length && uids[row] == place(uid);
  }

  /** UIDs of one block differ in what is within it. */
  private static int place(long uid) {
    return (int) (uid % UIDS);
  }

  Brief brief(int row) {
    SentDate date = offsets[row] == UNDATED ? null : new SentDate(sent[row], offsets[row]);
    return Brief.of(date, UnsafeByteOperations.unsafeWrap(octets, start(row), length(row)));
  }

  private int start(int row) {
    return row == 0 ? 0 : ends[row - 1];
  }

  private int length(int row) {
    return ends[row] - start(row);
  }

  /**
   * The same with more rows.
   *
   * @param more by UIDs, none of which is here
   */
  BriefBlock with(SortedMap<Long, Brief> more) {
    int size = uids.length + more.size();
    int length = octets.length + more.values().stream().mapToInt(b -> b.octets().size()).sum();
    BriefBlock all =
        new BriefBlock(
            new int[size], new long[size], new int[size], new int[size], new byte[length]);
    int to = 0;
    int row = 0;
    for (var each : more.entrySet()) {
      int place = place(each.getKey());
      for (; row < uids.length && uids[row] < place; row++) {
        all.set(to++, uids[row], brief(row));
      }
      all.set(to++, place, each.getValue());
    }
    for (; row < uids.length; row++) {
      all.set(to++, uids[row], brief(row));
    }
    return all;
  }

  /** Sets a row, while this is being made. */
  private void set(int row, int place, Brief brief) {
    @Nullable SentDate date = brief.sent();
    uids[row] = place;
    sent[row] = date == null ? 0 : date.epochSecond();
    offsets[row] = date == null ? UNDATED : date.offsetSeconds();
    ByteString text = brief.octets();
    text.copyTo(octets, start(row));
    ends[row] = start(row) + text.size();
  }
}
