package hikyaku.mailbox.view;

import hikyaku.mailbox.log.Arrival;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.log.MailboxEvent;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.StoreException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Folds entries onto a state. Used by one thread for one stretch of entries; the state it started
 * from is not changed. Chunks that nothing touches are shared with it.
 */
final class MailboxFold {
  private long seq;
  private long uidValidity;
  private long uidNext;
  private final List<@Nullable Chunk> chunks;

  /** Chunks under change, by their place. */
  private final TreeMap<Integer, Chunk.Draft> drafts = new TreeMap<>();

  private MailboxState base;
  private Tombstones tombstones;
  private DeadEntries dead;
  private Map<String, String> keywords;
  private boolean keywordsAreShared = true;
  private final Map<Flags, Flags> interned = new HashMap<>();
  private long octets;
  private int unseen;

  private MailboxFold(MailboxState base) {
    this.base = base;
    seq = base.seq();
    uidValidity = base.uidValidity();
    uidNext = base.uidNext();
    chunks = new ArrayList<>(List.of(base.chunks()));
    tombstones = base.tombstones();
    dead = base.dead();
    keywords = base.keywordTable();
    octets = base.octets();
    unseen = base.unseen();
  }

  /**
   * @param entries those after the state's sequence, without a gap
   * @throws StoreException.Corrupt if they cannot be what a mailbox log holds
   */
  static MailboxState fold(MailboxState base, List<Entry> entries) {
    if (entries.isEmpty()) {
      return base;
    }
    MailboxFold fold = new MailboxFold(base);
    for (Entry entry : entries) {
      fold.apply(entry);
    }
    return fold.build();
  }

  private void apply(Entry entry) {
    if (entry.seq() != seq + 1) {
      throw new StoreException.Corrupt(
          "mailbox log goes from " + seq + " to " + entry.seq() + " without a snapshot between",
          null);
    }
    seq = entry.seq();
    long time = entry.time().toEpochMilli();
    Optional<Arrival> arrival = Arrival.of(entry);
    if (arrival.isPresent()) {
      append(entry, arrival.get());
      return;
    }
    switch (MailboxCodec.decode(entry)) {
      case MailboxEvent.Created(long validity) -> {
        if (seq != 1) {
          throw new StoreException.Corrupt("mailbox created again at " + seq, null);
        }
        uidValidity = validity;
        dead = dead.plus(seq, time);
      }
      case MailboxEvent.Appended _ -> throw new IllegalStateException("an arrival all the same");
      case MailboxEvent.FlagsChanged(UidSet uids, FlagChange change) -> {
        change(uids, change);
        dead = dead.plus(seq, time);
      }
      case MailboxEvent.Expunged(UidSet uids) -> {
        expunge(uids, time);
        dead = dead.plus(seq, time);
      }
    }
  }

  private void append(Entry entry, Arrival message) {
    if (entry.ids() != 1 || entry.firstId() < uidNext) {
      throw new StoreException.Corrupt("message at " + seq + " has no UID of its own", null);
    }
    int last = chunks.size() - 1;
    Chunk.Draft draft = last < 0 ? null : draft(last);
    if (draft == null || draft.isFull()) {
      draft = new Chunk.Draft();
      chunks.add(null);
      drafts.put(chunks.size() - 1, draft);
    }
    Flags flags = intern(message.flags());
    draft.add(entry.firstId(), seq, seq, message.internalDate(), message.octets(), flags);
    uidNext = entry.firstId() + 1;
    octets += message.octets();
    unseen += flags.has(SystemFlag.SEEN) ? 0 : 1;
  }

  private void change(UidSet uids, FlagChange change) {
    FlagChange canonical = new FlagChange(change.operation(), intern(change.flags()));
    settle();
    for (UidSet.Range range : uids.ranges()) {
      int from = base.countBelow(range.first());
      int to = base.countBelow(range.last() + 1);
      for (int index = from; index < to; ) {
        int place = base.chunkOf(base.uid(index));
        Chunk chunk = base.chunks()[place];
        int within = chunk.indexOf(base.uid(index));
        int count = Math.min(chunk.size() - within, to - index);
        changeIn(place, chunk, within, count, canonical);
        index += count;
      }
    }
  }

  private void changeIn(int place, Chunk chunk, int within, int count, FlagChange change) {
    for (int i = within; i < within + count; i++) {
      Chunk.Draft draft = drafts.get(place);
      Flags before = draft == null ? chunk.flags(i) : draft.flags(i);
      Flags after = intern(change.apply(before));
      if (!after.equals(before)) {
        draft(place).setFlags(i, after, seq);
        unseen += unseenIn(after) - unseenIn(before);
      }
    }
  }

  private static int unseenIn(Flags flags) {
    return flags.has(SystemFlag.SEEN) ? 0 : 1;
  }

  private void expunge(UidSet uids, long time) {
    settle();
    Map<Integer, BitSet> gone = new TreeMap<>();
    UidSet.Builder removed = new UidSet.Builder();
    base.forEachIndex(
        uids,
        index -> {
          long uid = base.uid(index);
          removed.add(uid);
          int place = base.chunkOf(uid);
          gone.computeIfAbsent(place, p -> new BitSet()).set(base.chunks()[place].indexOf(uid));
          octets -= base.octets(index);
          unseen -= unseenIn(base.flags(index));
          dead = dead.plus(base.appendSeq(index), time);
        });
    gone.forEach((place, rows) -> {
      Chunk.Draft draft = draft(place);
      rows.flip(0, draft.size());
      draft.retain(rows);
    });
    UidSet were = removed.build();
    if (were.size() != uids.size()) {
      throw new StoreException.Corrupt(
          "entry " + seq + " expunges messages that are not there", null);
    }
    tombstones = tombstones.plus(seq, were);
    settle();
  }

  private Chunk.Draft draft(int place) {
    return drafts.computeIfAbsent(
        place,
        p -> {
          Chunk chunk = chunks.get(p);
          if (chunk == null) {
            throw new IllegalStateException("chunk " + p + " has neither content nor draft");
          }
          return new Chunk.Draft(chunk);
        });
  }

  /** Spells keywords as this mailbox does and shares equal flag sets between messages. */
  private Flags intern(Flags flags) {
    if (flags.keywords().isEmpty()) {
      return flags;
    }
    return interned.computeIfAbsent(
        flags,
        f -> {
          List<String> spelt = new ArrayList<>();
          for (String keyword : f.keywords()) {
            String folded = Flags.fold(keyword);
            String known = keywords.get(folded);
            if (known == null) {
              if (keywordsAreShared) {
                keywords = new TreeMap<>(keywords);
                keywordsAreShared = false;
              }
              keywords.put(folded, keyword);
              known = keyword;
            }
            spelt.add(known);
          }
          return Flags.of(f.system(), spelt);
        });
  }

  /** Makes drafts readable through {@link #base}: changes and expunges look messages up by UID. */
  private void settle() {
    if (!drafts.isEmpty() || base.seq() != seq) {
      base = build();
    }
  }

  private MailboxState build() {
    drafts.forEach((place, draft) -> chunks.set(place, draft.build()));
    drafts.clear();
    chunks.removeIf(c -> c != null && c.size() == 0);
    Chunk[] all = new Chunk[chunks.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = java.util.Objects.requireNonNull(chunks.get(i));
    }
    keywordsAreShared = true;
    return new MailboxState(
        seq, uidValidity, uidNext, all, tombstones, dead, keywords, octets, unseen);
  }
}
