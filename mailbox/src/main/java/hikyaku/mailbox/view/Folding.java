package hikyaku.mailbox.view;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest fold that this node has made of a mailbox's log, and how it keeps up with the log:
 * from the last snapshot, then entry by entry. One thread folds at a time; what it has made so far
 * is there for all.
 */
final class Folding {
  /** Entries behind a snapshot that a cold mailbox may have to fold: under a second's work. */
  private static final int LONGEST_TAIL = 50_000;

  /** Entries read at once. */
  private static final int READ_BATCH = 500;

  /** Messages by which a mailbox grows before its weight is told anew. */
  private static final int WEIGHT_STEP = 500;

  /** Entries folded between two signs of life. */
  private static final int STEP = 5_000;

  /** How long one waits in silence for another who folds the mailbox, in milliseconds. */
  private static final long SILENCE = 1_000;

  private final LogName log;
  private final LogStore logs;
  private final MailboxLimits limits;
  private final FoldKeeper keeper;
  private final Runnable grew;

  private final ReentrantLock folding = new ReentrantLock();
  private volatile MailboxState state = MailboxState.EMPTY;
  private volatile long snapshotSeq;

  /** Messages delivered by this node since it last folded the mailbox. */
  private final AtomicInteger gathered = new AtomicInteger();

  /** Messages that it had when its weight was told last. */
  private int weighed;

  /**
   * @param keeper asked before the mailbox is folded
   * @param grew run when it takes much more memory than it did
   */
  Folding(LogName log, LogStore logs, MailboxLimits limits, FoldKeeper keeper, Runnable grew) {
    this.log = log;
    this.logs = logs;
    this.limits = limits;
    this.keeper = keeper;
    this.grew = grew;
  }

  /** See {@link Mailbox#state()}. */
  MailboxState state() {
    return state;
  }

  /** See {@link Mailbox#refresh()}. */
  MailboxState refresh() {
    MailboxState known = state;
    long head = headSeq(known);
    return known.seq() >= head ? known : catchUp(head);
  }

  /** See {@link Mailbox#refresh(Mailbox.Steps)}. */
  MailboxState refresh(Mailbox.Steps steps) throws IOException {
    MailboxState known = state;
    long head = headSeq(known);
    while (known.seq() < head) {
      if (tryFolding()) {
        try {
          known = catchUp(Math.min(head, state.seq() + STEP));
        } finally {
          folding.unlock();
        }
      }
      if (known.seq() < head) {
        steps.next();
      }
    }
    return known;
  }

  private boolean tryFolding() throws InterruptedIOException {
    try {
      return folding.tryLock(SILENCE, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a mailbox was folded");
    }
  }

  private long headSeq(MailboxState known) {
    Head head = logs.head(log);
    if (!head.exists()) {
      throw new MailboxException.Gone();
    }
    if (known.seq() == 0) {
      keeper.admit(head.tally().count());
    }
    return head.seq();
  }

  /** Folds at least as far as a sequence that the log has, unless that is done. */
  MailboxState catchUp(long seq) {
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
      gathered.set(0);
      weigh(next.size());
      return next;
    } finally {
      folding.unlock();
    }
  }

  private void weigh(int size) {
    if (size > weighed + Math.max(WEIGHT_STEP, weighed / 10)) {
      weighed = size;
      grew.run();
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

  /** See {@link Mailbox#stateAt}. */
  Optional<MailboxState> stateAt(long seq) {
    MailboxState known = state.seq() < seq ? refresh() : state;
    if (known.seq() <= seq) {
      return Optional.of(known).filter(exact -> exact.seq() == seq);
    }
    MailboxState then =
        logs.snapshot(log)
            .filter(snapshot -> snapshot.seq() <= seq)
            .map(MailboxSnapshots::decode)
            .orElse(MailboxState.EMPTY);
    while (then.seq() < seq) {
      List<Entry> entries = logs.read(log, then.seq(), seq, READ_BATCH);
      if (entries.isEmpty() || entries.getLast().seq() != then.seq() + entries.size()) {
        return Optional.empty();
      }
      then = MailboxFold.fold(then, entries);
    }
    return Optional.of(then);
  }

  // ---- housekeeping

  /** See {@link Mailbox#gathers()}. */
  void gathers() {
    gathered.incrementAndGet();
  }

  /** See {@link Mailbox#keepUp()}. */
  void keepUp() {
    if (gathered.get() < LONGEST_TAIL) {
      return;
    }
    try {
      refresh();
    } catch (MailboxException.Gone | StoreException.Unavailable e) {
      // Nobody will open it, or whoever does will wait.
      gathered.set(0);
    }
  }

  /** See {@link Mailbox#wantsSnapshot()}. */
  boolean wantsSnapshot() {
    MailboxState now = state;
    return now.seq() - snapshotSeq
        >= Math.max(limits.snapshotAfter(), Math.min(LONGEST_TAIL, now.size() / 4));
  }

  /** See {@link Mailbox#snapshot}. */
  void snapshot(long keepSince) {
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
