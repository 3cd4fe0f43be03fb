package hikyaku.mailbox.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * States of many logs of one kind, kept in memory within a bound and brought up to date whenever
 * they are asked for. Every method may throw {@link StoreException}. Safe for use by many threads.
 *
 * @param <T> a state, which must be immutable
 */
public final class FoldedLogs<T> {
  private final LogStore logs;
  private final LogFold<T> fold;
  private final T none;
  private final BiConsumer<LogName, T> folded;
  private final Cache<LogName, T> states;

  /**
   * @param none the state of a log that is not there
   * @param weigher what a state takes in memory
   * @param most what all of them may take together
   * @param folded told of each state that was brought up to date, in the thread that asked for it
   */
  public FoldedLogs(
      LogStore logs,
      LogFold<T> fold,
      T none,
      ToIntFunction<T> weigher,
      long most,
      BiConsumer<LogName, T> folded) {
    this.logs = logs;
    this.fold = fold;
    this.none = none;
    this.folded = folded;
    this.states =
        Caffeine.newBuilder()
            .maximumWeight(most)
            // Here, and not by another thread, which would have to be woken at every write.
            .executor(Runnable::run)
            .weigher((LogName _, T state) -> weigher.applyAsInt(state))
            .build();
  }

  /** The state as it is now. */
  public T current(LogName log) {
    return current(log, logs.head(log));
  }

  /**
   * The state that goes with a head, or a later one.
   *
   * @param head as it was just now
   */
  public T current(LogName log, Head head) {
    if (!head.exists()) {
      return none;
    }
    T known = states.getIfPresent(log);
    if (known != null && fold.seq().applyAsLong(known) >= head.seq()) {
      return known;
    }
    T now = fold.catchUp(logs, log, known == null ? none : known, head.seq());
    states.put(log, now);
    folded.accept(log, now);
    return now;
  }

  /** Whether a state of the log is in memory, so that it was there at one time. */
  public boolean isKnown(LogName log) {
    return states.getIfPresent(log) != null;
  }

  /**
   * Lets go of all entries that a state was folded from, if there are enough of them above the last
   * snapshot.
   *
   * @param enough how many
   * @param snapshot of the state
   */
  public void snapshotIfLong(LogName log, T now, long enough, Supplier<Snapshot> snapshot) {
    long seq = fold.seq().applyAsLong(now);
    long last = logs.snapshot(log).map(Snapshot::seq).orElse(0L);
    if (seq - last >= enough) {
      logs.saveSnapshot(log, snapshot.get());
      long[] dead = new long[Math.toIntExact(seq - last)];
      Arrays.setAll(dead, i -> last + 1 + i);
      logs.compact(log, dead);
    }
  }
}
