package hikyaku.server.pop3;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.pop3.proto.MaildropEvent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may open a maildrop now, among those who have proved that it is theirs: one at a time, and
 * not too often, if the settings say so, whichever node they come to. Safe for use by many threads.
 *
 * <p>The last entry of a maildrop's log says who has it, and only who has seen that entry can write
 * the next. It holds as long as its node lives. A session that leaves for another node leaves the
 * entry behind, for that node to replace.
 */
final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  /** How long a session that may go on elsewhere keeps its maildrop: longer than a front tries. */
  static final Duration GRACE = Duration.ofSeconds(60);

  /** Entries of a log that are left to gather before they are compacted. */
  private static final int KEPT = 64;

  /** Attempts to be the one who writes next. */
  private static final int TRIES = 20;

  private final boolean exclusive;
  private final long delayMillis;
  private final LogStore logs;
  private final LiveNodes nodes;
  private final InstantSource clock;
  private final Later later;

  /** What sessions of this node hold, and what those that have left may come back for. */
  private final Set<Hold> holds = ConcurrentHashMap.newKeySet();

  /** Does what has to be done when the time of a session that went away is over. */
  interface Later {
    /**
     * Returns at once.
     *
     * @param attempt made after the time, and after as long again until it says true
     * @param end made once, behind all attempts
     */
    void after(BooleanSupplier attempt, Runnable end);
  }

  /** Waits for {@link #GRACE} on a thread of its own. */
  static final Later AFTER_GRACE =
      (attempt, end) -> Thread.ofVirtual().name("maildrop").start(() -> keepTrying(attempt, end));

  Admission(
      Pop3Settings settings, LogStore logs, LiveNodes nodes, InstantSource clock, Later later) {
    this.exclusive = settings.exclusive();
    this.delayMillis = settings.loginDelay().toMillis();
    this.logs = logs;
    this.nodes = nodes;
    this.clock = clock;
    this.later = later;
  }

  /**
   * A session's hold on a maildrop.
   *
   * @param seq of the entry that gave it; 0 if there is nothing to hold
   */
  record Hold(String account, String session, long seq) {
    static final Hold NONE = new Hold("", "", 0);
  }

  sealed interface Answer {
    /** It must {@link #leave}. */
    record Admitted(Hold hold) implements Answer {}

    record InUse() implements Answer {}

    record TooEarly() implements Answer {}
  }

  /** The last entry. */
  private record Use(long seq, MaildropEvent event) {}

  /**
   * Asks for a maildrop. Who asks again, because nobody knows what became of the first time, is
   * admitted again.
   *
   * @throws StoreException if the store cannot say
   */
  Answer enter(String account, String session) {
    if (!exclusive && delayMillis == 0) {
      return new Answer.Admitted(Hold.NONE);
    }
    for (int tries = 0; tries < TRIES; tries++) {
      Use use = look(account);
      MaildropEvent last = use.event;
      boolean again = last.getSession().equals(session);
      if (!again && isInUse(account, use)) {
        return new Answer.InUse();
      }
      if (!again && tooEarly(last)) {
        return new Answer.TooEarly();
      }
      Hold hold =
          write(account, session, use, again ? last.getLoginMillis() : clock.millis(), again);
      if (hold.seq > 0) {
        return new Answer.Admitted(exclusive ? hold : Hold.NONE);
      }
    }
    throw new StoreException.Unavailable(
        "log " + AccountMail.maildropLog(account) + " does not stand still", null);
  }

  /**
   * Lets a session back in that was admitted before, perhaps by another node. If another one has
   * come in meanwhile, because that node was taken for dead, they share the maildrop.
   */
  Hold comeBack(String account, String session) {
    if (!exclusive) {
      return Hold.NONE;
    }
    try {
      for (int tries = 0; tries < TRIES; tries++) {
        Use use = look(account);
        if (!use.event.getSession().equals(session) && isInUse(account, use)) {
          LOG.atInfo()
              .addKeyValue("session", session)
              .log("another session has come to the maildrop meanwhile");
          return Hold.NONE;
        }
        Hold hold = write(account, session, use, use.event.getLoginMillis(), true);
        if (hold.seq > 0) {
          return hold;
        }
      }
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("session", session)
          .addKeyValue("cause", e.getMessage())
          .log("a session goes on without its hold on the maildrop");
    }
    return Hold.NONE;
  }

  /**
   * Gives a maildrop back.
   *
   * @param goesOn whether the session may go on elsewhere: then it is given time to
   */
  void leave(Hold hold, boolean goesOn) {
    if (hold.seq > 0 && (goesOn || !release(hold))) {
      later.after(() -> release(hold), () -> holds.remove(hold));
    }
  }

  private static void keepTrying(BooleanSupplier attempt, Runnable end) {
    try {
      do {
        Thread.sleep(GRACE);
      } while (!attempt.getAsBoolean());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      end.run();
    }
  }

  /** Whether the hold is over; not while the store cannot be reached. */
  private boolean release(Hold hold) {
    try {
      Use use = look(hold.account);
      if (use.seq == hold.seq) {
        MaildropEvent free = use.event.toBuilder().clearNode().build();
        append(hold.account, hold.session, use, free);
      }
      holds.remove(hold);
      return true;
    } catch (StoreException e) {
      LOG.atDebug().setCause(e).log("a maildrop is not given back yet");
      return false;
    }
  }

  private boolean isInUse(String account, Use use) {
    MaildropEvent last = use.event;
    if (!exclusive || last.getNode().isEmpty()) {
      return false;
    }
    return last.getNode().equals(nodes.self())
        ? holds.contains(new Hold(account, last.getSession(), use.seq))
        : nodes.isAlive(last.getNode());
  }

  /** The delay runs from the last login that was admitted: a refused one does not prolong it. */
  private boolean tooEarly(MaildropEvent last) {
    long since = clock.millis() - last.getLoginMillis();
    // Of a clock set back no more is known than that time has passed.
    return since >= 0 && since < delayMillis;
  }

  private Use look(String account) {
    LogName log = AccountMail.maildropLog(account);
    for (int tries = 0; tries < TRIES; tries++) {
      Head head = logs.head(log);
      if (!head.exists()) {
        return new Use(0, MaildropEvent.getDefaultInstance());
      }
      List<Entry> last = logs.read(log, head.seq() - 1, head.seq(), 1);
      if (!last.isEmpty()) {
        return new Use(head.seq(), parse(log, last.getFirst()));
      }
      // It was compacted between the two looks, so there is a newer one.
    }
    throw new StoreException.Unavailable("log " + log + " does not stand still", null);
  }

  private static MaildropEvent parse(LogName log, Entry entry) {
    try {
      return MaildropEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "entry " + entry.seq() + " of log " + log + " makes no sense", e);
    }
  }

  /**
   * Takes the maildrop. The hold is known here before the entry can be read; its sequence follows
   * the one that is expected.
   *
   * @param goesOn whether the session was in before
   * @return {@link Hold#NONE} if somebody else was faster
   */
  private Hold write(String account, String session, Use after, long login, boolean goesOn) {
    Hold hold = new Hold(account, session, after.seq + 1);
    if (exclusive) {
      holds.add(hold);
    }
    boolean answered = false;
    try {
      boolean taken = append(account, session, after, taking(session, login));
      answered = true;
      if (!taken) {
        holds.remove(hold);
      }
      return taken ? hold : Hold.NONE;
    } finally {
      if (exclusive && !answered) {
        // It may have been written all the same. Only who was in before may come back for it.
        if (!goesOn) {
          holds.remove(hold);
        }
        leave(hold, true);
      }
    }
  }

  private MaildropEvent taking(String session, long login) {
    return MaildropEvent.newBuilder()
        .setNode(exclusive ? nodes.self() : "")
        .setSession(session)
        .setLoginMillis(login)
        .build();
  }

  /** False if somebody else was faster. */
  private boolean append(String account, String session, Use after, MaildropEvent event) {
    LogName log = AccountMail.maildropLog(account);
    String key = session + "." + nodes.self().hashCode() + "." + after.seq;
    Append append =
        new Append(log, List.of(Event.of(event.toByteString())), Append.Expect.at(after.seq), key);
    if (!(logs.append(append) instanceof Appended appended)) {
      return false;
    }
    long seq = appended.lastSeq();
    if (seq % KEPT == 0) {
      logs.saveSnapshot(log, new Snapshot(seq, event.toByteString()));
      logs.compact(log, LongStream.range(Math.max(1, seq - 2 * KEPT), seq).toArray());
    }
    return true;
  }
}
