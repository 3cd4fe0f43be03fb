package hikyaku.mailbox.view;

import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * A mailbox as of one sequence of its log. Immutable: safe to read from any thread for as long as
 * one likes.
 *
 * <p>Messages are addressed by their index, 0 to size-1 in the order of UIDs. An index is not a
 * message number of a session: that is {@link View}'s to say.
 */
public final class MailboxState {
  /** UIDVALIDITY 0 marks the state before the log's first entry. */
  static final MailboxState EMPTY =
      new MailboxState(0, 0, 1, new Chunk[0], Tombstones.NONE, DeadEntries.NONE, Map.of(), 0, 0);

  private final long seq;
  private final long uidValidity;
  private final long uidNext;
  private final Chunk[] chunks;

  /** Index of each chunk's first message, and behind the last the number of messages. */
  private final int[] starts;

  private final Tombstones tombstones;
  private final DeadEntries dead;

  /** Lower-case spelling to the spelling used. */
  private final Map<String, String> keywords;

  private final long octets;
  private final int unseen;

  MailboxState(
      long seq,
      long uidValidity,
      long uidNext,
      Chunk[] chunks,
      Tombstones tombstones,
      DeadEntries dead,
      Map<String, String> keywords,
      long octets,
      int unseen) {
    this.seq = seq;
    this.uidValidity = uidValidity;
    this.uidNext = uidNext;
    this.chunks = chunks;
    this.tombstones = tombstones;
    this.dead = dead;
    this.keywords = keywords;
    this.octets = octets;
    this.unseen = unseen;
    this.starts = new int[chunks.length + 1];
    for (int i = 0; i < chunks.length; i++) {
      starts[i + 1] = starts[i] + chunks[i].size();
    }
  }

  /** The last sequence folded in: HIGHESTMODSEQ. */
  public long seq() {
    return seq;
  }

  public long uidValidity() {
    return uidValidity;
  }

  /** The UID that the next message will get at least. */
  public long uidNext() {
    return uidNext;
  }

  /** How many messages. */
  public int size() {
    return starts[chunks.length];
  }

  /** The sum of their sizes. */
  public long octets() {
    return octets;
  }

  /** How many lack \Seen. */
  public int unseen() {
    return unseen;
  }

  /** How many carry \Deleted. Reads the whole flag column. */
  public int deleted() {
    int count = 0;
    for (Chunk chunk : chunks) {
      for (int i = 0; i < chunk.size(); i++) {
        if (chunk.flags(i).has(SystemFlag.DELETED)) {
          count++;
        }
      }
    }
    return count;
  }

  /** The sum of the sizes of those. Reads the whole flag column. */
  public long deletedOctets() {
    long sum = 0;
    for (Chunk chunk : chunks) {
      for (int i = 0; i < chunk.size(); i++) {
        if (chunk.flags(i).has(SystemFlag.DELETED)) {
          sum += chunk.octets(i);
        }
      }
    }
    return sum;
  }

  /** All keywords ever used here, as first spelt. */
  public Collection<String> keywords() {
    return keywords.values();
  }

  public long uid(int index) {
    int c = chunkAt(index);
    return chunks[c].uid(index - starts[c]);
  }

  /** The sequence of the entry that brought the message. */
  public long appendSeq(int index) {
    int c = chunkAt(index);
    return chunks[c].appendSeq(index - starts[c]);
  }

  public long modseq(int index) {
    int c = chunkAt(index);
    return chunks[c].modseq(index - starts[c]);
  }

  public Flags flags(int index) {
    int c = chunkAt(index);
    return chunks[c].flags(index - starts[c]);
  }

  public InternalDate internalDate(int index) {
    int c = chunkAt(index);
    return chunks[c].date(index - starts[c]);
  }

  /** RFC822.SIZE. */
  public long octets(int index) {
    int c = chunkAt(index);
    return chunks[c].octets(index - starts[c]);
  }

  /** The index of a UID, or -(number of messages with lower UIDs) - 1 if it is not there. */
  public int indexOf(long uid) {
    int low = 0;
    int high = chunks.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (chunks[middle].lastUid() < uid) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    if (low == chunks.length) {
      return -size() - 1;
    }
    int within = chunks[low].indexOf(uid);
    return within >= 0 ? starts[low] + within : within - starts[low];
  }

  public boolean contains(long uid) {
    return indexOf(uid) >= 0;
  }

  /** How many messages have a UID below this one. */
  public int countBelow(long uid) {
    int index = indexOf(uid);
    return index >= 0 ? index : -index - 1;
  }

  /** Indexes of the messages whose UID is in the set, in rising order. */
  public void forEachIndex(UidSet uids, IntConsumer consumer) {
    for (UidSet.Range range : uids.ranges()) {
      int from = countBelow(range.first());
      int to = countBelow(range.last() + 1);
      for (int index = from; index < to; index++) {
        consumer.accept(index);
      }
    }
  }

  /** The UIDs of the set that are here. */
  public UidSet present(UidSet uids) {
    UidSet.Builder builder = new UidSet.Builder();
    forEachIndex(uids, index -> builder.add(uid(index)));
    return builder.build();
  }

  /**
   * The UIDs of the set that were here when so many of them were: messages only ever go.
   *
   * @return empty if there never were just so many, or it is forgotten
   */
  Optional<UidSet> presentWhen(UidSet uids, long count) {
    List<UidSet> steps = new ArrayList<>();
    tombstones.since(0, tombstone -> steps.add(tombstone.uids().intersect(uids)));
    UidSet there = present(uids);
    for (UidSet step : steps) {
      if (there.size() >= count) {
        break;
      }
      there = there.union(step);
    }
    return Optional.of(there).filter(found -> found.size() == count);
  }

  /** All UIDs. */
  public UidSet uids() {
    UidSet.Builder builder = new UidSet.Builder();
    for (Chunk chunk : chunks) {
      for (int i = 0; i < chunk.size(); i++) {
        builder.add(chunk.uid(i));
      }
    }
    return builder.build();
  }

  /** Indexes of messages whose MODSEQ is above the given, in rising order. */
  public void changedSince(long modseq, IntConsumer consumer) {
    for (int c = 0; c < chunks.length; c++) {
      Chunk chunk = chunks[c];
      if (chunk.maxModseq() > modseq) {
        for (int i = 0; i < chunk.size(); i++) {
          if (chunk.modseq(i) > modseq) {
            consumer.accept(starts[c] + i);
          }
        }
      }
    }
  }

  /** UIDs expunged by entries above the sequence; complete if {@link #knowsExpungesSince}. */
  public UidSet expungedSince(long afterSeq) {
    List<UidSet.Range> ranges = new ArrayList<>();
    tombstones.since(afterSeq, t -> ranges.addAll(t.uids().ranges()));
    return UidSet.of(ranges);
  }

  /** Whether every expunge above the sequence is remembered. */
  public boolean knowsExpungesSince(long afterSeq) {
    return afterSeq >= tombstones.knownSince();
  }

  Tombstones tombstones() {
    return tombstones;
  }

  DeadEntries dead() {
    return dead;
  }

  Map<String, String> keywordTable() {
    return keywords;
  }

  Chunk[] chunks() {
    return chunks;
  }

  /** The same messages with other housekeeping lists. */
  MailboxState with(Tombstones newTombstones, DeadEntries newDead) {
    return new MailboxState(
        seq, uidValidity, uidNext, chunks, newTombstones, newDead, keywords, octets, unseen);
  }

  int chunkOf(long uid) {
    int index = indexOf(uid);
    return index < 0 ? -1 : chunkAt(index);
  }

  private int chunkAt(int index) {
    if (index < 0 || index >= size()) {
      throw new IndexOutOfBoundsException("message index " + index + " of " + size());
    }
    // Where chunks are full, and those before as well, it is there.
    int full = index / Chunk.CAPACITY;
    if (starts[full] <= index && index < starts[full + 1]) {
      return full;
    }
    int low = full;
    int high = chunks.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (starts[middle] <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
