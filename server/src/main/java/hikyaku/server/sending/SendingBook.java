package hikyaku.server.sending;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.FoldedLogs;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.sending.proto.Resumed;
import hikyaku.server.sending.proto.SendingEvent;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What accounts have sent, the same for all nodes. Reading is current. Every method may throw
 * {@link StoreException}. Safe for use by many threads.
 */
public final class SendingBook {
  private static final int PAGE = 500;

  /** A snapshot is made after so many entries, or after as many as it has numbers. */
  private static final int SNAPSHOT_AFTER = 200;

  /** What is held in memory, in numbers; what a ledger weighs besides. */
  private static final long CACHED = 500_000;

  private static final int WEIGHT = 10;
  private static final LogFold<Ledger> FOLD =
      new LogFold<>(Ledger::seq, Ledger::of, Ledger::fold, PAGE);

  private final LogStore logs;
  private final FoldedLogs<Ledger> ledgers;

  public SendingBook(LogStore logs) {
    this.logs = logs;
    this.ledgers =
        new FoldedLogs<>(
            logs, FOLD, Ledger.NONE, ledger -> WEIGHT + ledger.size(), CACHED, this::tidy);
  }

  /**
   * What an account has sent.
   *
   * @param account its id
   */
  public Ledger ledger(String account) {
    return ledgers.current(AccountMail.sendingLog(account));
  }

  /** All accounts that have sent anything and are there yet, by their ids. */
  public SortedMap<String, Ledger> all() {
    SortedMap<String, Ledger> all = new TreeMap<>();
    String prefix = AccountMail.sendingLog("").value();
    @Nullable LogName after = null;
    SequencedMap<LogName, Head> page;
    do {
      page = logs.list(prefix, after, PAGE);
      page.forEach((log, head) -> {
        String account = log.value().substring(prefix.length());
        all.put(account, ledgers.current(log, head));
      });
      after = page.isEmpty() ? null : page.lastEntry().getKey();
    } while (page.size() == PAGE);
    return all;
  }

  /** What was counted needs no entries once a snapshot has it. */
  private void tidy(LogName log, Ledger now) {
    ledgers.snapshotIfLong(log, now, Math.max(SNAPSHOT_AFTER, now.size()), now::snapshot);
  }

  /**
   * What counts recipients that are accepted, for the caller's round.
   *
   * @param key for repeats of the round
   */
  public Append sent(String account, int recipients, @Nullable String key) {
    open(account);
    return append(account, SendingEvent.newBuilder().setSent(recipients)).withKey(key);
  }

  /**
   * Counts recipients that failed, unless the account is gone. Durable when it returns.
   *
   * @param key for repeats
   */
  public void failed(String account, int recipients, String key) {
    // Where there is no log the account was removed: it sent before this.
    var unused =
        logs.append(append(account, SendingEvent.newBuilder().setFailed(recipients)).withKey(key));
  }

  /**
   * Stops an account.
   *
   * @param as what made somebody do so; if it is not so any more, nothing is done
   * @return whether it was this call that stopped it
   */
  public boolean stop(String account, Ledger as, String reason) {
    open(account);
    Append append =
        append(account, SendingEvent.newBuilder().setStopped(reason))
            .expecting(Append.Expect.at(as.seq()));
    return logs.append(append) instanceof Appended;
  }

  /** Lets an account go on. Durable when it returns. */
  public void resume(String account) {
    open(account);
    var unused =
        logs.append(
                append(account, SendingEvent.newBuilder().setResumed(Resumed.getDefaultInstance())))
            .orThrow();
  }

  private void open(String account) {
    LogName log = AccountMail.sendingLog(account);
    if (!ledgers.isKnown(log) && !logs.head(log).exists()) {
      // If another node is faster this conflicts, and the log is there all the same.
      var unused =
          logs.append(append(account, SendingEvent.newBuilder()).expecting(Append.Expect.NEW));
    }
  }

  private static Append append(String account, SendingEvent.Builder event) {
    return Append.to(
        AccountMail.sendingLog(account), List.of(Event.of(event.build().toByteString())));
  }
}
