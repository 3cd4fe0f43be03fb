package hikyaku.mailbox;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.StoreException;
import java.util.Optional;

/** Writes to one log, each of them once for all attempts at it. */
public final class Attempts {
  private final LogName log;
  private final LogStore logs;

  public Attempts(LogName log, LogStore logs) {
    this.log = log;
    this.logs = logs;
  }

  /** What an attempt has come to that may have been made before. */
  public Optional<Appended> done(Attempt attempt) {
    String key = attempt.key();
    return attempt.isRepeat() && key != null ? logs.find(log, key) : Optional.empty();
  }

  /**
   * Writes what an attempt has not written before. When the store does not say what became of it,
   * it is asked once more under the same key.
   *
   * @throws StoreException.Unavailable if the attempt is over: there was something to write and it
   *     was not written, so it failed before and does so again
   */
  public Outcome write(Append append, Attempt attempt) {
    if (attempt.phase() == Attempt.Phase.OVER) {
      throw new StoreException.Unavailable("an earlier attempt at " + log + " has failed", null);
    }
    Append named = append.withKey(attempt.key());
    try {
      return logs.append(named);
    } catch (StoreException.Unavailable e) {
      if (attempt.key() == null) {
        throw e;
      }
      return logs.append(named);
    }
  }
}
