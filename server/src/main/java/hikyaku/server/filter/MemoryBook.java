package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.FoldedLogs;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.server.filter.proto.MemoryEvent;
import hikyaku.server.filter.proto.Remembered;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * What the scripts of accounts know of runs before, the same for all nodes: a log for each account
 * whose scripts ask. Reading is current. Safe for use by many threads.
 */
final class MemoryBook {
  private static final int PAGE = 500;

  /** A snapshot is made after so many entries, or after a share of what it would hold. */
  private static final int SNAPSHOT_AFTER = 200;

  private static final int SNAPSHOT_SHARE = 4;

  /** What is held in memory, in things remembered; what a fold weighs besides. */
  private static final long CACHED = 500_000;

  private static final int WEIGHT = 10;

  private static final LogFold<Memory> FOLD =
      new LogFold<>(Memory::seq, Memory::of, Memory::fold, PAGE);

  private final LogStore logs;
  private final InstantSource clock;
  private final FoldedLogs<Memory> memories;

  MemoryBook(LogStore logs, InstantSource clock) {
    this.logs = logs;
    this.clock = clock;
    this.memories =
        new FoldedLogs<>(
            logs, FOLD, Memory.NONE, memory -> WEIGHT + memory.size(), CACHED, this::tidy);
  }

  /** What is remembered for an account now. */
  Memory memory(String account) {
    return memories.current(AccountMail.sieveMemoryLog(account));
  }

  /** What counts no longer goes with the entries that had it. */
  private void tidy(LogName log, Memory now) {
    long enough = Math.max(SNAPSHOT_AFTER, now.size() / SNAPSHOT_SHARE);
    memories.snapshotIfLong(log, now, enough, () -> now.snapshot(clock.instant()));
  }

  /** A mail to somebody. */
  static Remembered sent(ByteString what, Instant until, String attempt) {
    return remembered(what, until, attempt).setSent(true).build();
  }

  /** Something that somebody was told. */
  static Remembered told(ByteString what, Instant until, String attempt) {
    return remembered(what, until, attempt).setTold(true).build();
  }

  /** A message that came. */
  static Remembered seen(ByteString what, Instant until, String attempt) {
    return remembered(what, until, attempt).build();
  }

  private static Remembered.Builder remembered(ByteString what, Instant until, String attempt) {
    return Remembered.newBuilder().setWhat(what).setUntil(until.toEpochMilli()).setAttempt(attempt);
  }

  /** What remembers for an account, for a round of the caller's. */
  Append append(String account, List<Remembered> what, String key) {
    LogName log = AccountMail.sieveMemoryLog(account);
    if (!logs.head(log).exists()) {
      // If another node is faster this conflicts, and the log is there all the same.
      var unused =
          logs.append(Append.to(log, List.of(event(List.of()))).expecting(Append.Expect.NEW));
    }
    return Append.to(log, List.of(event(what))).withKey(key);
  }

  private static Event event(List<Remembered> what) {
    return Event.of(MemoryEvent.newBuilder().addAllRemembered(what).build().toByteString());
  }
}
