package hikyaku.mailbox.view;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.log.MailboxEvent;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One mailbox on this node: the newest fold that the node has made of its log, and the writes to
 * it. Shared by all sessions; safe for use by many threads.
 *
 * <p>No method trusts that this node has seen the last write: reads that must be current ask the
 * store's head, and writes that depend on what was read say at which sequence that was.
 */
public final class Mailbox {
  private static final int READ_BATCH = 500;

  private final LogName log;
  private final Store store;
  private final LogStore logs;
  private final MailboxLimits limits;

  private final ReentrantLock folding = new ReentrantLock();

  /**
   * Held around writes that depend on the sequence, so that sessions of this node do not make each
   * other lose races. Correctness is the store's.
   */
  private final ReentrantLock conditional = new ReentrantLock();

  private final Map<Object, Runnable> listeners = new ConcurrentHashMap<>();
  private volatile MailboxState state = MailboxState.EMPTY;
  private volatile long snapshotSeq;

  /** UIDs below this were shown as \Recent to some session of this node (RFC 3501 §2.3.2). */
  private long recentTold = 1;

  public Mailbox(LogName log, Store store, MailboxLimits limits) {
    this.log = log;
    this.store = store;
    this.logs = store.logs();
    this.limits = limits;
  }

  public LogName log() {
    return log;
  }

  // ---- reading

  /**
   * The newest fold that this node has, without asking the store. Empty before the first refresh.
   */
  public MailboxState state() {
    return state;
  }

  /**
   * The mailbox as it is now: everything acknowledged before the call is in it.
   *
   * @throws MailboxException.Gone if it was deleted
   */
  public MailboxState refresh() {
    Head head = logs.head(log);
    if (!head.exists()) {
      throw new MailboxException.Gone();
    }
    MailboxState known = state;
    return known.seq() >= head.seq() ? known : catchUp(head.seq());
  }

  private MailboxState catchUp(long seq) {
    folding.lock();
    try {
      MailboxState next = state;
      if (next.seq() == 0) {
        next = fromSnapshot().orElse(next);
      }
      while (next.seq() < seq) {
        List<Entry> entries = logs.read(log, next.seq(), seq, READ_BATCH);
        if (entries.isEmpty() || entries.getLast().seq() != next.seq() + entries.size()) {
          // Compaction, perhaps another node's, took what lies between: its snapshot is newer.
          long before = next.seq();
          next = fromSnapshot().filter(s -> s.seq() > before).orElseThrow(this::broken);
        } else {
          next = MailboxFold.fold(next, entries);
        }
      }
      if (next.tombstones().count() > limits.tombstones()) {
        // Pruned to three quarters, so that it is not done again at once.
        next = next.with(next.tombstones().prune(limits.tombstones() * 3 / 4), next.dead());
      }
      state = next;
      return next;
    } finally {
      folding.unlock();
    }
  }

  private StoreException broken() {
    if (!logs.head(log).exists()) {
      throw new MailboxException.Gone();
    }
    return new StoreException.Corrupt("log " + log + " lacks entries above its snapshot", null);
  }

  private Optional<MailboxState> fromSnapshot() {
    Optional<Snapshot> snapshot = logs.snapshot(log);
    snapshot.ifPresent(s -> snapshotSeq = s.seq());
    return snapshot.map(s -> MailboxSnapshots.decode(s));
  }

  /**
   * Reads messages with their envelopes and structures, in order. Entries are fetched in batches,
   * so a mailbox of any size passes through a small memory.
   *
   * @param indexes of {@code of}, rising
   * @param action told of each; a message whose entry is gone because it was expunged and compacted
   *     is passed over
   */
  public void read(MailboxState of, int[] indexes, MessageAction action) throws IOException {
    int at = 0;
    while (at < indexes.length) {
      long first = of.appendSeq(indexes[at]);
      int end = at + 1;
      // Entries that lie close together are one read, even if some between are not wanted.
      while (end < indexes.length
          && end - at < READ_BATCH
          && of.appendSeq(indexes[end]) - first < 2L * (end - at) + 16) {
        end++;
      }
      long last = of.appendSeq(indexes[end - 1]);
      List<Entry> entries = logs.read(log, first - 1, last, (int) (last - first + 1));
      int wanted = at;
      for (Entry entry : entries) {
        while (wanted < end && of.appendSeq(indexes[wanted]) < entry.seq()) {
          wanted++;
        }
        if (wanted < end && of.appendSeq(indexes[wanted]) == entry.seq()) {
          action.accept(indexes[wanted], stored(entry));
        }
      }
      at = end;
    }
  }

  /** What {@link #read} does with each message. */
  @FunctionalInterface
  public interface MessageAction {
    void accept(int index, StoredMessage message) throws IOException;
  }

  /** One message by its index; empty if it was expunged and compacted meanwhile. */
  public Optional<StoredMessage> read(MailboxState of, int index) {
    long seq = of.appendSeq(index);
    return logs.read(log, seq - 1, seq, 1).stream().findFirst().map(Mailbox::stored);
  }

  private static StoredMessage stored(Entry entry) {
    return switch (MailboxCodec.decode(entry)) {
      case MailboxEvent.Appended(NewMessage message) ->
          new StoredMessage(entry.firstId(), entry.seq(), entry.time(), message);
      case MailboxEvent other ->
          throw new StoreException.Corrupt(
              "entry " + entry.seq() + " is no message but " + other.getClass().getSimpleName(),
              null);
    };
  }

  /** Opens a message's octets. */
  public MessageContent open(NewMessage message) {
    return MessageContent.open(store.blobs(), message);
  }

  // ---- listening

  /**
   * Calls the listener, on some other thread, when the log may have moved. It must return at once.
   */
  public LogStore.Registration listen(Runnable listener) {
    Object hold = new Object();
    listeners.put(hold, listener);
    return () -> listeners.remove(hold);
  }

  /** Passes a store's hint on. */
  public void moved() {
    listeners.values().forEach(Runnable::run);
  }

  /**
   * Takes the messages that are new to this node's sessions: each is \Recent in one of them only.
   *
   * @return the lowest UID that is \Recent for the caller
   */
  public synchronized long claimRecent(MailboxState at) {
    long first = recentTold;
    recentTold = Math.max(recentTold, at.uidNext());
    return first;
  }

  /** The lowest UID that is not yet \Recent for anybody; STATUS counts from there. */
  public synchronized long recentFrom() {
    return recentTold;
  }

  // ---- writing

  /**
   * Appends messages, all or none.
   *
   * @param key idempotency key, or null
   */
  public Added append(List<NewMessage> messages, @Nullable String key) {
    checkRoom(messages);
    List<Event> events = messages.stream().map(MailboxCodec::event).toList();
    Outcome outcome = logs.append(Append.to(log, events).withKey(key));
    return switch (outcome) {
      case Appended appended -> added(appended, messages.size());
      case Conflict _ -> throw new MailboxException.Gone();
    };
  }

  private Added added(Appended appended, int count) {
    MailboxState now = state.uidValidity() == 0 ? refresh() : state;
    return new Added(
        now.uidValidity(),
        UidSet.range(appended.firstId(), appended.firstId() + count - 1),
        appended.lastSeq());
  }

  /** Refuses what would break a limit; the limits on messages are not sharp under concurrency. */
  public void checkRoom(List<NewMessage> messages) {
    MailboxState known = state;
    if (known.size() + messages.size() > limits.messages()) {
      throw new MailboxException.LimitReached("messages in a mailbox", limits.messages());
    }
    if (known.uidNext() + messages.size() > UidSet.MAX_UID) {
      throw new MailboxException.LimitReached("UIDs in a mailbox", UidSet.MAX_UID);
    }
    for (NewMessage message : messages) {
      checkKeywords(known, message.flags());
    }
  }

  private void checkKeywords(MailboxState known, Flags flags) {
    if (flags.keywords().isEmpty()) {
      return;
    }
    long fresh = 0;
    for (String keyword : flags.keywords()) {
      if (keyword.length() > limits.keywordLength()) {
        throw new MailboxException.LimitReached("characters in a keyword", limits.keywordLength());
      }
      if (!known.keywordTable().containsKey(Flags.fold(keyword))) {
        fresh++;
      }
    }
    if (fresh > 0 && known.keywords().size() + fresh > limits.keywords()) {
      throw new MailboxException.LimitReached("keywords in a mailbox", limits.keywords());
    }
  }

  /**
   * Changes flags. Changes of different sessions commute and need no retry, unless UNCHANGEDSINCE
   * makes this one depend on what was before.
   *
   * @param uids messages; those that are gone are passed over
   * @param unchangedSince leave alone what changed after this MODSEQ; negative for no such
   *     condition
   * @param key idempotency key, or null
   */
  public FlagsOutcome changeFlags(
      UidSet uids, FlagChange change, long unchangedSince, @Nullable String key) {
    if (unchangedSince < 0) {
      MailboxState now = refresh();
      return tryChange(now, now.present(uids), change, Append.Expect.EXISTING, key, UidSet.EMPTY)
          .orElseThrow(MailboxException.Gone::new);
    }
    return retrying(now -> {
      UidSet.Builder changed = new UidSet.Builder();
      UidSet.Builder free = new UidSet.Builder();
      now.forEachIndex(
          uids, index -> (now.modseq(index) > unchangedSince ? changed : free).add(now.uid(index)));
      return tryChange(
          now, free.build(), change, Append.Expect.at(now.seq()), key, changed.build());
    });
  }

  private Optional<FlagsOutcome> tryChange(
      MailboxState now,
      UidSet uids,
      FlagChange change,
      Append.Expect expect,
      @Nullable String key,
      UidSet modified) {
    if (change.operation() != FlagChange.Operation.REMOVE) {
      checkKeywords(now, change.flags());
    }
    UidSet.Builder differing = new UidSet.Builder();
    now.forEachIndex(
        uids,
        index -> {
          if (!change.apply(now.flags(index)).equals(now.flags(index))) {
            differing.add(now.uid(index));
          }
        });
    UidSet changing = differing.build();
    if (changing.isEmpty()) {
      return Optional.of(new FlagsOutcome(now, 0, modified));
    }
    Event event = MailboxCodec.event(new MailboxEvent.FlagsChanged(changing, change));
    return switch (logs.append(new Append(log, List.of(event), expect, key))) {
      case Appended appended ->
          Optional.of(new FlagsOutcome(catchUp(appended.lastSeq()), appended.lastSeq(), modified));
      case Conflict _ -> Optional.empty();
    };
  }

  /**
   * Takes away messages that carry \Deleted at the moment it happens.
   *
   * @param among only these, or null for all
   * @return UIDs expunged
   */
  public UidSet expungeDeleted(@Nullable UidSet among, @Nullable String key) {
    return expunge(
        now -> {
          UidSet.Builder doomed = new UidSet.Builder();
          if (among == null) {
            for (int index = 0; index < now.size(); index++) {
              if (now.flags(index).has(SystemFlag.DELETED)) {
                doomed.add(now.uid(index));
              }
            }
          } else {
            now.forEachIndex(
                among,
                index -> {
                  if (now.flags(index).has(SystemFlag.DELETED)) {
                    doomed.add(now.uid(index));
                  }
                });
          }
          return doomed.build();
        },
        key);
  }

  /**
   * Takes away messages whatever their flags.
   *
   * @return those of them that were still there
   */
  public UidSet expunge(UidSet uids, @Nullable String key) {
    return expunge(now -> now.present(uids), key);
  }

  private UidSet expunge(Function<MailboxState, UidSet> choice, @Nullable String key) {
    return retrying(now -> {
      UidSet doomed = choice.apply(now);
      if (doomed.isEmpty()) {
        return Optional.of(doomed);
      }
      long[] octets = new long[1];
      now.forEachIndex(doomed, index -> octets[0] += now.octets(index));
      Event event = MailboxCodec.expunge(doomed, octets[0]);
      Append append = new Append(log, List.of(event), Append.Expect.at(now.seq()), key);
      return switch (logs.append(append)) {
        case Appended appended -> {
          catchUp(appended.lastSeq());
          yield Optional.of(doomed);
        }
        case Conflict _ -> Optional.empty();
      };
    });
  }

  /**
   * Copies messages with their flags as they are now, all or none.
   *
   * @param uids messages; those that are gone are passed over
   */
  public Copied copy(UidSet uids, Mailbox target, @Nullable String key) throws IOException {
    MailboxState now = refresh();
    List<Integer> indexes = new ArrayList<>();
    now.forEachIndex(uids, indexes::add);
    UidSet.Builder from = new UidSet.Builder();
    List<NewMessage> messages = new ArrayList<>();
    read(
        now,
        indexes.stream().mapToInt(Integer::intValue).toArray(),
        (index, stored) -> {
          from.add(stored.uid());
          NewMessage m = stored.message();
          messages.add(
              new NewMessage(
                  m.prefix(),
                  m.blob(),
                  m.internalDate(),
                  now.flags(index),
                  m.structure(),
                  m.session()));
        });
    if (messages.isEmpty()) {
      return new Copied(target.refresh().uidValidity(), UidSet.EMPTY, UidSet.EMPTY);
    }
    target.refresh();
    Added added = target.append(messages, key);
    return new Copied(added.uidValidity(), from.build(), added.uids());
  }

  /**
   * Copies messages and then takes them away here. If the second half fails they are in both
   * places: a message may be doubled by an accident, never lost.
   */
  public Copied move(UidSet uids, Mailbox target, @Nullable String key) throws IOException {
    Copied copied = copy(uids, target, key == null ? null : key + "+");
    if (!copied.from().isEmpty()) {
      expunge(copied.from(), key == null ? null : key + "-");
    }
    return copied;
  }

  private <T> T retrying(Function<MailboxState, Optional<T>> attempt) {
    conditional.lock();
    try {
      for (int tries = 0; tries < limits.conflicts(); tries++) {
        Optional<T> done = attempt.apply(refresh());
        if (done.isPresent()) {
          return done.get();
        }
      }
    } finally {
      conditional.unlock();
    }
    throw new StoreException.Unavailable(
        "log " + log + " moved at each of " + limits.conflicts() + " attempts to write to it",
        null);
  }

  // ---- housekeeping

  /** Whether enough has been folded since the last snapshot to make one worth its cost. */
  public boolean wantsSnapshot() {
    MailboxState now = state;
    return now.seq() - snapshotSeq >= Math.max(limits.snapshotAfter(), now.size() / 4);
  }

  /**
   * Keeps the fold and lets go of entries that died before {@code keepSince}.
   *
   * @param keepSince milliseconds since 1970
   */
  public void snapshot(long keepSince) {
    MailboxState now = state;
    List<DeadEntries.Dead> dead = now.dead().oldestFirst();
    long[] old =
        dead.stream()
            .filter(d -> d.time() < keepSince)
            .mapToLong(DeadEntries.Dead::seq)
            .sorted()
            .toArray();
    // The snapshot still names what is about to go: compaction may not happen, and repeats are
    // free.
    logs.saveSnapshot(log, new Snapshot(now.seq(), MailboxSnapshots.encode(now)));
    snapshotSeq = now.seq();
    if (old.length > 0) {
      logs.compact(log, old);
      forget(keepSince);
    }
  }

  private void forget(long keepSince) {
    folding.lock();
    try {
      DeadEntries left = DeadEntries.NONE;
      for (DeadEntries.Dead d : state.dead().oldestFirst()) {
        if (d.time() >= keepSince) {
          left = left.plus(d.seq(), d.time());
        }
      }
      state = state.with(state.tombstones(), left);
    } finally {
      folding.unlock();
    }
  }
}
