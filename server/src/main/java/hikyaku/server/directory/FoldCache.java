package hikyaku.server.directory;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Folds of small logs of one kind, kept while there is room. A fold is never older than the head it
 * is asked for with, so an answer is as current as the head.
 */
final class FoldCache<S> {
  private static final int PAGE = 1000;

  /** Applies an entry to a state; states are immutable. */
  interface Step<S> {
    S apply(S state, Entry entry) throws InvalidProtocolBufferException;
  }

  private record Fold<S>(long seq, S state) {}

  private final LogStore logs;
  private final S empty;
  private final Step<S> step;
  private final Map<LogName, Fold<S>> kept;

  FoldCache(LogStore logs, S empty, Step<S> step, int capacity) {
    this.logs = logs;
    this.empty = empty;
    this.step = step;
    this.kept =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<LogName, Fold<S>> eldest) {
            return size() > capacity;
          }
        };
  }

  /** The state of the log at the head, or later. */
  S at(LogName log, Head head) {
    if (!head.exists()) {
      return empty;
    }
    Fold<S> start = lookUp(log);
    if (start == null) {
      start = new Fold<>(0, empty);
    }
    if (start.seq >= head.seq()) {
      return start.state;
    }
    Fold<S> fold = catchUp(log, start, head.seq());
    keep(log, fold);
    return fold.state;
  }

  private Fold<S> catchUp(LogName log, Fold<S> start, long through) {
    long seq = start.seq;
    S state = start.state;
    while (seq < through) {
      List<Entry> page = logs.read(log, seq, through, PAGE);
      if (page.isEmpty()) {
        throw new StoreException.Corrupt("log " + log + " ends before its head", null);
      }
      for (Entry entry : page) {
        try {
          state = step.apply(state, entry);
        } catch (InvalidProtocolBufferException | IllegalArgumentException unreadable) {
          throw new StoreException.Corrupt(
              "entry " + entry.seq() + " of log " + log + " makes no sense", unreadable);
        }
        seq = entry.seq();
      }
    }
    return new Fold<>(seq, state);
  }

  private @Nullable Fold<S> lookUp(LogName log) {
    synchronized (kept) {
      return kept.get(log);
    }
  }

  private void keep(LogName log, Fold<S> fold) {
    synchronized (kept) {
      kept.merge(log, fold, (old, young) -> old.seq > young.seq ? old : young);
    }
  }
}
