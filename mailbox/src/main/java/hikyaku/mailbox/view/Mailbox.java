package hikyaku.mailbox.view;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Attempts;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
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
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One mailbox on this node: the newest fold that the node has made of its log, and the writes to
 * it. Shared by all sessions; safe for use by many threads.
 *
 * <p>No method trusts that this node has seen the last write: reads that must be current ask the
 * store's head, and writes that depend on what was read say at which sequence that was.
 */
public final class Mailbox {
  private final LogName log;
  private final LogStore logs;
  private final MailboxLimits limits;
  private final Attempts attempts;
  private final Folding folding;
  private final Messages messages;

  /**
   * Held around writes that depend on the sequence, so that sessions of this node do not make each
   * other lose races. Correctness is the store's.
   */
  private final ReentrantLock conditional = new ReentrantLock();

  private final Map<Object, Runnable> listeners = new ConcurrentHashMap<>();

  /** UIDs below this were shown as \Recent to some session of this node (RFC 3501 §2.3.2). */
  private long recentTold = 1;

  /**
   * @param briefs where briefs are kept, of this and of other mailboxes
   * @param keeper asked before it is folded, and told when it has grown
   */
  public Mailbox(
      LogName log, Store store, MailboxLimits limits, BriefCache briefs, FoldKeeper keeper) {
    this.log = log;
    this.logs = store.logs();
    this.limits = limits;
    this.attempts = new Attempts(log, logs);
    this.folding = new Folding(log, logs, limits, keeper, () -> keeper.grew(this));
    this.messages = new Messages(log, store, briefs);
  }

  public LogName log() {
    return log;
  }

  // ---- reading

  /**
   * The newest fold that this node has, without asking the store. Empty before the first refresh.
   */
  public MailboxState state() {
    return folding.state();
  }

  /**
   * The mailbox as it is now: everything acknowledged before the call is in it.
   *
   * @throws MailboxException.Gone if it was deleted
   */
  public MailboxState refresh() {
    return folding.refresh();
  }

  /**
   * The same for somebody who wants to be told that it goes on: a large mailbox that is not in
   * memory takes seconds.
   *
   * @param steps run now and then, between two steps of the work; if it throws, what was done so
   *     far is there for the next who asks
   */
  public MailboxState refresh(Steps steps) throws IOException {
    return folding.refresh(steps);
  }

  /** What somebody does who waits, between two steps of what is waited for. */
  @FunctionalInterface
  public interface Steps {
    void next() throws IOException;
  }

  /**
   * The mailbox as it was at a sequence, for a command that is repeated and must see what it saw.
   * Unless the newest fold is of that sequence it is folded anew from the last snapshot.
   *
   * @return empty if the log no longer tells: it was compacted since, or never came so far
   */
  public Optional<MailboxState> stateAt(long seq) {
    return folding.stateAt(seq);
  }

  /** Reads its messages. */
  public Messages messages() {
    return messages;
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

  /** Notes that messages below this UID were \Recent to a session that comes from another node. */
  public synchronized void recentTold(long uidNext) {
    recentTold = Math.max(recentTold, uidNext);
  }

  /** The lowest UID that is not yet \Recent for anybody; STATUS counts from there. */
  public synchronized long recentFrom() {
    return recentTold;
  }

  // ---- writing

  /**
   * What an attempt at a write has come to that may have been made before: the first sequence that
   * it wrote.
   *
   * @return empty if it wrote nothing, or is the first
   */
  public OptionalLong doneAt(Attempt attempt) {
    return attempts
        .done(attempt)
        .map(done -> OptionalLong.of(done.firstSeq()))
        .orElse(OptionalLong.empty());
  }

  private static int entries(Appended appended) {
    return (int) (appended.lastSeq() - appended.firstSeq() + 1);
  }

  /** The event of an entry of ours, unless it was compacted away. */
  private Optional<MailboxEvent> event(long seq) {
    return logs.read(log, seq - 1, seq, 1).stream().findFirst().map(MailboxCodec::decode);
  }

  /** Appends messages, all or none. */
  public Added append(List<NewMessage> messages, Attempt attempt) {
    Optional<Appended> done = attempts.done(attempt);
    if (done.isPresent()) {
      return added(done.get(), entries(done.get()));
    }
    try {
      checkRoom(messages);
    } catch (MailboxException e) {
      // An attempt before may have filled it, in this moment.
      return appended(attempt).orElseThrow(() -> e);
    }
    List<Event> events = messages.stream().map(MailboxCodec::event).toList();
    Outcome outcome = attempts.write(Append.to(log, events), attempt);
    return switch (outcome) {
      case Appended appended -> added(appended, messages.size());
      case Conflict _ -> throw new MailboxException.Gone();
    };
  }

  /** What an attempt to append messages has come to that may have been made before. */
  public Optional<Added> appended(Attempt attempt) {
    return attempts.done(attempt).map(done -> added(done, entries(done)));
  }

  private Added added(Appended appended, int count) {
    MailboxState now = state().uidValidity() == 0 ? refresh() : state();
    return new Added(
        now.uidValidity(),
        UidSet.range(appended.firstId(), appended.firstId() + count - 1),
        appended.lastSeq());
  }

  /** Refuses what would break a limit. */
  public void checkRoom(List<NewMessage> messages) {
    new Room(state(), limits).check(messages);
  }

  /**
   * Changes flags. Changes of different sessions commute and need no retry, unless UNCHANGEDSINCE
   * makes this one depend on what was before.
   *
   * @param seen the mailbox as the caller knows it, on which it is decided what there is to change
   * @param uids messages; those that are gone are passed over
   * @param unchangedSince leave alone what changed after this MODSEQ; negative for no such
   *     condition
   */
  public FlagsOutcome changeFlags(
      MailboxState seen, UidSet uids, FlagChange change, long unchangedSince, Attempt attempt) {
    if (unchangedSince < 0) {
      Optional<Appended> done = attempts.done(attempt);
      return done.isPresent()
          ? changedBefore(done.get().firstSeq(), uids, unchangedSince)
          : tryChange(seen, uids, change, unchangedSince, attempt)
              .orElseThrow(MailboxException.Gone::new);
    }
    return retrying(
        seen,
        () ->
            attempts
                .done(attempt)
                .map(done -> changedBefore(done.firstSeq(), uids, unchangedSince)),
        attempt,
        now -> tryChange(now, uids, change, unchangedSince, attempt));
  }

  private static UidSet changedSince(MailboxState at, UidSet uids, long modseq) {
    UidSet.Builder changed = new UidSet.Builder();
    if (modseq >= 0) {
      at.forEachIndex(
          uids,
          index -> {
            if (at.modseq(index) > modseq) {
              changed.add(at.uid(index));
            }
          });
    }
    return changed.build();
  }

  /** What a change said when it was made: a conditional one was decided right before its entry. */
  private FlagsOutcome changedBefore(long seq, UidSet uids, long unchangedSince) {
    UidSet changed =
        event(seq).orElse(null) instanceof MailboxEvent.FlagsChanged(UidSet of, FlagChange _)
            ? of
            : UidSet.EMPTY;
    UidSet modified =
        unchangedSince < 0
            ? UidSet.EMPTY
            : stateAt(seq - 1)
                .map(before -> changedSince(before, uids, unchangedSince))
                .orElse(UidSet.EMPTY);
    return new FlagsOutcome(refresh(), seq, changed, modified);
  }

  private Optional<FlagsOutcome> tryChange(
      MailboxState now, UidSet uids, FlagChange change, long unchangedSince, Attempt attempt) {
    if (change.operation() != FlagChange.Operation.REMOVE) {
      new Room(now, limits).checkKeywords(change.flags());
    }
    UidSet modified = changedSince(now, uids, unchangedSince);
    UidSet.Builder differing = new UidSet.Builder();
    now.forEachIndex(
        uids.minus(modified),
        index -> {
          if (!change.apply(now.flags(index)).equals(now.flags(index))) {
            differing.add(now.uid(index));
          }
        });
    UidSet changing = differing.build();
    if (changing.isEmpty()) {
      return Optional.of(new FlagsOutcome(now, 0, UidSet.EMPTY, modified));
    }
    Event event = MailboxCodec.event(new MailboxEvent.FlagsChanged(changing, change));
    Append.Expect expect =
        unchangedSince < 0 ? Append.Expect.EXISTING : Append.Expect.at(now.seq());
    return switch (attempts.write(new Append(log, List.of(event), expect, null), attempt)) {
      case Appended appended ->
          Optional.of(
              new FlagsOutcome(
                  folding.catchUp(appended.lastSeq()), appended.lastSeq(), changing, modified));
      case Conflict _ -> Optional.empty();
    };
  }

  /**
   * Takes a MODSEQ for something that was noted of the mailbox itself (RFC 7162 §3.2): no message
   * changes.
   */
  public void noted(Attempt attempt) {
    if (attempts.done(attempt).isPresent()) {
      return;
    }
    Event nothing =
        MailboxCodec.event(new MailboxEvent.FlagsChanged(UidSet.EMPTY, FlagChange.add(Flags.NONE)));
    Append append = new Append(log, List.of(nothing), Append.Expect.EXISTING, null);
    if (attempts.write(append, attempt) instanceof Conflict) {
      throw new MailboxException.Gone();
    }
  }

  /**
   * Takes away messages that carry \Deleted at the moment it happens.
   *
   * @param seen the mailbox as the caller knows it
   * @param among only these, or null for all
   */
  public ExpungeOutcome expungeDeleted(MailboxState seen, @Nullable UidSet among, Attempt attempt) {
    return expunge(seen, now -> deleted(now, among), attempt);
  }

  /**
   * Messages that carry \Deleted.
   *
   * @param among only these, or null for all
   */
  public static UidSet deleted(MailboxState now, @Nullable UidSet among) {
    UidSet.Builder doomed = new UidSet.Builder();
    IntConsumer judge =
        index -> {
          if (now.flags(index).has(SystemFlag.DELETED)) {
            doomed.add(now.uid(index));
          }
        };
    if (among == null) {
      IntStream.range(0, now.size()).forEach(judge);
    } else {
      now.forEachIndex(among, judge);
    }
    return doomed.build();
  }

  /**
   * Takes away messages whatever their flags.
   *
   * @return those of them that were still there
   */
  public UidSet expunge(UidSet uids, Attempt attempt) {
    return expunge(null, now -> now.present(uids), attempt).uids();
  }

  private ExpungeOutcome expunge(
      @Nullable MailboxState seen, Function<MailboxState, UidSet> choice, Attempt attempt) {
    return retrying(
        seen,
        () -> expungedBefore(attempt).map(before -> new ExpungeOutcome(refresh(), before)),
        attempt,
        now -> {
          UidSet doomed = choice.apply(now);
          if (doomed.isEmpty()) {
            return Optional.of(new ExpungeOutcome(now, doomed));
          }
          long[] octets = new long[1];
          now.forEachIndex(doomed, index -> octets[0] += now.octets(index));
          Event event = MailboxCodec.expunge(doomed, octets[0]);
          Append.Expect expect = Append.Expect.at(now.seq());
          return switch (attempts.write(new Append(log, List.of(event), expect, null), attempt)) {
            case Appended appended ->
                Optional.of(new ExpungeOutcome(folding.catchUp(appended.lastSeq()), doomed));
            case Conflict _ -> Optional.empty();
          };
        });
  }

  private Optional<UidSet> expungedBefore(Attempt attempt) {
    return attempts
        .done(attempt)
        .map(done ->
            event(done.firstSeq()).orElse(null) instanceof MailboxEvent.Expunged(UidSet uids)
                ? uids
                : UidSet.EMPTY);
  }

  /** Moves messages with all their flags. */
  public Copied move(MailboxState seen, UidSet uids, Mailbox target, Attempt attempt)
      throws IOException {
    return move(seen, uids, target, flags -> flags, attempt, () -> {});
  }

  /** Copies messages with all their flags. */
  public Copied copy(MailboxState seen, UidSet uids, Mailbox target, Attempt attempt)
      throws IOException {
    return copy(seen, uids, target, flags -> flags, attempt, () -> {});
  }

  /**
   * Copies messages with their flags, all or none.
   *
   * @param seen the mailbox as the caller knows it, from which is copied
   * @param uids messages; those that are gone are passed over. A repeat names those as well that
   *     have gone since it was tried first
   * @param kept which of the flags go along
   * @param steps run now and then while messages are read, before any is written
   * @return what went where; a repeat that cannot tell any more which messages went names none
   */
  public Copied copy(
      MailboxState seen,
      UidSet uids,
      Mailbox target,
      UnaryOperator<Flags> kept,
      Attempt attempt,
      Steps steps)
      throws IOException {
    Optional<Appended> done = target.attempts.done(attempt);
    if (done.isPresent()) {
      return target.copiedBefore(done.get(), seen, uids);
    }
    List<Integer> indexes = new ArrayList<>();
    seen.forEachIndex(uids, indexes::add);
    UidSet.Builder from = new UidSet.Builder();
    List<NewMessage> copies = new ArrayList<>();
    messages.read(
        seen,
        indexes.stream().mapToInt(Integer::intValue).toArray(),
        (index, stored) -> {
          steps.next();
          from.add(stored.uid());
          copies.add(stored.message().with(kept.apply(seen.flags(index))));
        });
    MailboxState there = target.refresh();
    if (copies.isEmpty()) {
      return new Copied(there.uidValidity(), UidSet.EMPTY, UidSet.EMPTY);
    }
    Added added = target.append(copies, attempt);
    return new Copied(added.uidValidity(), from.build(), added.uids());
  }

  /**
   * What was copied here, told from how many they were.
   *
   * @param source the mailbox from which it was copied, then or later
   * @param uids what the command names
   */
  private Copied copiedBefore(Appended done, MailboxState source, UidSet uids) {
    Added added = added(done, entries(done));
    return source
        .presentWhen(uids, added.uids().size())
        .map(from -> new Copied(added.uidValidity(), from, added.uids()))
        .orElseGet(() -> new Copied(added.uidValidity(), UidSet.EMPTY, UidSet.EMPTY));
  }

  /**
   * Puts a message in the place of one here. Within this mailbox that is one append of both events;
   * into another one the new message comes first, then the old one goes: by an accident both may be
   * there, never none.
   *
   * @param seen the mailbox as the caller knows it
   * @param uid the message that goes
   */
  public Replaced replace(
      MailboxState seen, long uid, NewMessage message, Mailbox target, Attempt attempt) {
    if (target.log.equals(log)) {
      return retrying(
          seen,
          () -> attempts.done(attempt).map(done -> new Replaced(added(done, 1), refresh())),
          attempt,
          now -> tryReplace(now, uid, message, attempt));
    }
    Attempt arriving = attempt.part("+");
    if (!refresh().contains(uid) && target.doneAt(arriving).isEmpty()) {
      return new Replaced(null, state());
    }
    Added added = target.append(List.of(message), arriving);
    return new Replaced(
        added, expunge(seen, now -> now.present(UidSet.of(uid)), leaving(attempt)).state());
  }

  private Optional<Replaced> tryReplace(
      MailboxState now, long uid, NewMessage message, Attempt attempt) {
    int index = now.indexOf(uid);
    if (index < 0) {
      return Optional.of(new Replaced(null, now));
    }
    new Room(now, limits).check(List.of(message));
    List<Event> events =
        List.of(
            MailboxCodec.event(message), MailboxCodec.expunge(UidSet.of(uid), now.octets(index)));
    Append.Expect expect = Append.Expect.at(now.seq());
    return switch (attempts.write(new Append(log, events, expect, null), attempt)) {
      case Appended appended -> {
        MailboxState after = folding.catchUp(appended.lastSeq());
        yield Optional.of(new Replaced(added(appended, 1), after));
      }
      case Conflict _ -> Optional.empty();
    };
  }

  /**
   * Copies messages and then takes them away here. If the second half fails they are in both
   * places: a message may be doubled by an accident, never lost.
   *
   * @param kept which of the flags go along
   * @param steps as for {@link #copy}
   */
  public Copied move(
      MailboxState seen,
      UidSet uids,
      Mailbox target,
      UnaryOperator<Flags> kept,
      Attempt attempt,
      Steps steps)
      throws IOException {
    Attempt arriving = attempt.part("+");
    Attempt leaving = leaving(attempt);
    if (doneAt(leaving).isPresent() && target.doneAt(arriving).isEmpty()) {
      return new Copied(target.refresh().uidValidity(), UidSet.EMPTY, UidSet.EMPTY);
    }
    Copied copied = copy(seen, uids, target, kept, arriving, steps);
    // Of what was copied before, all that is still there goes now.
    UidSet moved = attempt.isRepeat() ? seen.present(uids) : copied.from();
    if (!moved.isEmpty()) {
      expunge(moved, leaving);
    }
    return copied;
  }

  /** Where {@link #move}, and {@link #replace} into another mailbox, take messages away. */
  public static Attempt leaving(Attempt move) {
    return move.part("-");
  }

  /**
   * Decides until what it was decided on still holds when it is written.
   *
   * <p>An attempt before this one may take effect at any moment, on a node that was cut off. So it
   * is looked up behind each look at the mailbox: what is decided on is never its outcome.
   *
   * @param seen what to begin with, or null for what is there now
   * @param before what an attempt before has come to
   */
  private <T> T retrying(
      @Nullable MailboxState seen,
      Supplier<Optional<T>> before,
      Attempt attempt,
      Function<MailboxState, Optional<T>> decision) {
    if (seen != null && attempt.phase() == Attempt.Phase.OVER) {
      return before.get().or(() -> decision.apply(seen)).orElseThrow();
    }
    conditional.lock();
    try {
      MailboxState known = state();
      MailboxState now = seen == null ? refresh() : known.seq() > seen.seq() ? known : seen;
      for (int tries = 0; tries < limits.conflicts(); tries++) {
        MailboxState decided = now;
        Optional<T> done = before.get().or(() -> decision.apply(decided));
        if (done.isPresent()) {
          return done.get();
        }
        now = refresh();
      }
    } finally {
      conditional.unlock();
    }
    throw new StoreException.Unavailable(
        "log " + log + " moved at each of " + limits.conflicts() + " attempts to write to it",
        null);
  }

  // ---- housekeeping

  /** Notes a delivery, for which nothing is folded. */
  public void gathers() {
    folding.gathers();
  }

  /**
   * Folds what has gathered, if it is so much that whoever opens the mailbox next would wait for
   * it.
   */
  public void keepUp() {
    folding.keepUp();
  }

  /** Whether enough has been folded since the last snapshot to make one worth its cost. */
  public boolean wantsSnapshot() {
    return folding.wantsSnapshot();
  }

  /**
   * Keeps the fold and lets go of entries that died before {@code keepSince}.
   *
   * @param keepSince milliseconds since 1970
   */
  public void snapshot(long keepSince) {
    folding.snapshot(keepSince);
  }
}
