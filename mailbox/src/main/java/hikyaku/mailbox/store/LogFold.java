package hikyaku.mailbox.store;

import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * How a state comes from a log: from its snapshot, and the entries above it.
 *
 * @param seq of the last entry that is in a state; 0 for none
 * @param decode reads a snapshot
 * @param fold adds entries that follow the state's last one
 * @param page entries that are read at a time
 */
public record LogFold<T>(
    ToLongFunction<T> seq,
    Function<Snapshot, T> decode,
    BiFunction<T, List<Entry>, T> fold,
    int page) {

  /**
   * The state at a later sequence of its log.
   *
   * @param from as it was known; one without entries begins with the snapshot
   * @param to what the log is known to have reached
   * @throws StoreException.Corrupt if entries are missing that no snapshot has
   */
  public T catchUp(LogStore logs, LogName log, T from, long to) {
    T now = seq.applyAsLong(from) == 0 ? snapshot(logs, log).orElse(from) : from;
    while (seq.applyAsLong(now) < to) {
      long known = seq.applyAsLong(now);
      List<Entry> entries = logs.read(log, known, to, page);
      if (entries.isEmpty() || entries.getLast().seq() != known + entries.size()) {
        now =
            snapshot(logs, log)
                .filter(snapshot -> seq.applyAsLong(snapshot) > known)
                .orElseThrow(() ->
                    new StoreException.Corrupt(
                        "log " + log + " lacks entries above its snapshot", null));
      } else {
        now = fold.apply(now, entries);
      }
    }
    return now;
  }

  private Optional<T> snapshot(LogStore logs, LogName log) {
    return logs.snapshot(log).map(decode);
  }
}
