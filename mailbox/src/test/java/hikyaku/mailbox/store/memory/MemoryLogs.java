package hikyaku.mailbox.store.memory;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Change;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults.Call;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The logs of a {@link MemoryStore}. */
final class MemoryLogs implements LogStore {
  private final MemoryStore store;
  private final MemoryState state;
  private final List<Consumer<LogName>> listeners = new CopyOnWriteArrayList<>();
  private final ExecutorService hinter =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("memory-hints").factory());

  MemoryLogs(MemoryStore store, MemoryState state) {
    this.store = store;
    this.state = state;
  }

  @Override
  public List<Outcome> append(List<Append> round) {
    for (Append append : round) {
      for (Event event : append.events()) {
        require(event.payload().size() <= MAX_PAYLOAD, "payload of " + event.payload().size());
      }
    }
    return store.guarded(
        Call.APPEND,
        () -> {
          for (Append append : round) {
            requireBlobs(append);
          }
          List<Outcome> outcomes = round.stream().map(this::apply).toList();
          state.rounds++;
          return outcomes;
        });
  }

  private void requireBlobs(Append append) {
    for (Event event : append.events()) {
      for (BlobId blob : event.blobs()) {
        if (!state.blobs.containsKey(blob)) {
          throw new StoreException.BlobMissing(blob);
        }
      }
    }
  }

  private Outcome apply(Append append) {
    MemoryState.Log log = state.logs.getOrDefault(append.log(), new MemoryState.Log());
    if (append.key() != null && log.answers.get(append.key()) instanceof Appended first) {
      return repeated(first);
    }
    boolean met =
        switch (append.expect()) {
          case Append.Expect.Existing() -> log.head.exists();
          case Append.Expect.At(long seq) -> log.head.seq() == seq;
        };
    if (!met) {
      return new Conflict(append.log(), log.head);
    }
    Instant time = store.clock().instant().truncatedTo(ChronoUnit.MILLIS);
    log.lastTime = time.isAfter(log.lastTime) ? time : log.lastTime;
    Head before = log.head;
    for (Event event : append.events()) {
      Head head = log.head;
      long seq = head.seq() + 1;
      log.entries.put(
          seq,
          new Entry(
              seq,
              head.nextId(),
              event.ids(),
              log.lastTime,
              event.payload(),
              event.tally(),
              event.blobs()));
      log.head = new Head(seq, head.nextId() + event.ids(), head.tally().plus(event.tally()));
    }
    Appended answer =
        new Appended(
            append.log(), before.seq() + 1, log.head.seq(), before.nextId(), /* repeated= */ false);
    if (append.key() != null) {
      log.answers.put(append.key(), answer);
    }
    state.logs.put(append.log(), log);
    state.appends++;
    state.entriesWritten += append.events().size();
    changed(new Change.Appended(append.log(), answer.firstSeq(), answer.lastSeq()));
    return answer;
  }

  @Override
  public Optional<Appended> find(LogName name, String key) {
    Append.requireKey(key);
    return store.guarded(
        Call.FIND, () -> Optional.ofNullable(log(name).answers.get(key)).map(MemoryLogs::repeated));
  }

  private static Appended repeated(Appended first) {
    return new Appended(first.log(), first.firstSeq(), first.lastSeq(), first.firstId(), true);
  }

  private void changed(Change change) {
    state.changes.add(new MemoryState.TimedChange(store.clock().instant(), change));
    for (Consumer<LogName> listener : listeners) {
      // What goes wrong in a listener stays in its future: hints are nobody's concern.
      Future<?> unused = hinter.submit(() -> listener.accept(change.log()));
    }
  }

  @Override
  public Map<LogName, Head> heads(List<LogName> logs) {
    return store.guarded(
        Call.HEADS,
        () -> logs.stream().distinct().collect(Collectors.toMap(log -> log, log -> log(log).head)));
  }

  private MemoryState.Log log(LogName name) {
    return state.logs.getOrDefault(name, new MemoryState.Log());
  }

  @Override
  public List<Entry> read(LogName log, long after, long through, int limit) {
    require(limit > 0, "limit of " + limit);
    return store.guarded(
        Call.READ,
        () ->
            log(log).entries.tailMap(after, false).values().stream()
                .takeWhile(entry -> entry.seq() <= through)
                .limit(limit)
                .toList());
  }

  @Override
  public Optional<Snapshot> snapshot(LogName log) {
    return store.guarded(Call.SNAPSHOT, () -> log(log).snapshot);
  }

  @Override
  public void saveSnapshot(LogName name, Snapshot snapshot) {
    store.guarded(
        Call.SAVE_SNAPSHOT,
        () -> {
          MemoryState.Log log = log(name);
          require(
              snapshot.seq() >= 1 && snapshot.seq() <= log.head.seq(),
              "snapshot at " + snapshot.seq() + " of a log at " + log.head.seq());
          if (log.snapshot.isEmpty() || log.snapshot.get().seq() <= snapshot.seq()) {
            log.snapshot = Optional.of(snapshot);
          }
        });
  }

  @Override
  public void compact(LogName name, long[] dead) {
    for (int i = 1; i < dead.length; i++) {
      require(dead[i - 1] < dead[i], "sequences to compact do not rise");
    }
    store.guarded(
        Call.COMPACT,
        () -> {
          MemoryState.Log log = log(name);
          long folded = log.snapshot.map(Snapshot::seq).orElse(0L);
          require(
              dead.length == 0 || dead[dead.length - 1] <= folded,
              "compaction above the snapshot at " + folded);
          for (long seq : dead) {
            log.entries.remove(seq);
          }
        });
  }

  @Override
  public void restore(LogName name, long after, List<Entry> entries, Head head) {
    store.guarded(
        Call.RESTORE,
        () -> {
          MemoryState.Log log = log(name);
          if (log.head.equals(head)) {
            return;
          }
          require(log.head.seq() == after, name + " is at " + log.head.seq());
          long last = after;
          for (Entry entry : entries) {
            require(entry.seq() > last && entry.seq() <= head.seq(), "entry " + entry.seq());
            last = entry.seq();
            for (BlobId blob : entry.blobs()) {
              if (!state.blobs.containsKey(blob)) {
                throw new StoreException.BlobMissing(blob);
              }
            }
          }
          for (Entry entry : entries) {
            log.entries.put(entry.seq(), entry);
            log.lastTime = entry.time().isAfter(log.lastTime) ? entry.time() : log.lastTime;
          }
          log.head = head;
          state.logs.put(name, log);
          changed(new Change.Appended(name, after + 1, head.seq()));
        });
  }

  @Override
  public void drop(LogName log) {
    store.guarded(
        Call.DROP,
        () -> {
          if (state.logs.remove(log) != null) {
            changed(new Change.Dropped(log));
          }
        });
  }

  @Override
  public SequencedMap<LogName, Head> list(String prefix, @Nullable LogName after, int limit) {
    require(limit > 0, "limit of " + limit);
    return store.guarded(
        Call.LIST,
        () -> {
          SequencedMap<LogName, Head> found = new LinkedHashMap<>();
          state.logs.forEach((name, log) -> {
            if (found.size() < limit
                && name.value().startsWith(prefix)
                && (after == null || name.compareTo(after) > 0)) {
              found.put(name, log.head);
            }
          });
          return found;
        });
  }

  @Override
  public ChangePage changes(String cursor, int limit) {
    require(limit > 0, "limit of " + limit);
    long from = cursor.equals(ChangePage.START) ? 0 : number(cursor);
    return store.guarded(
        Call.CHANGES,
        () -> {
          long end = state.trimmed + state.changes.size();
          boolean gap = from < state.trimmed || from > end;
          long first = gap ? state.trimmed : from;
          long next = Math.min(end, first + limit);
          List<Change> page =
              state
                  .changes
                  .subList((int) (first - state.trimmed), (int) (next - state.trimmed))
                  .stream()
                  .map(MemoryState.TimedChange::change)
                  .toList();
          return new ChangePage(page, Long.toString(next), next < end, gap);
        });
  }

  private static long number(String cursor) {
    long number = Long.parseLong(cursor);
    require(number >= 0, "cursor " + cursor);
    return number;
  }

  @Override
  public void trimChanges(Duration olderThan) {
    store.guarded(
        Call.TRIM_CHANGES,
        () -> {
          Instant edge = store.clock().instant().minus(olderThan);
          int old = 0;
          while (old < state.changes.size() && state.changes.get(old).time().isBefore(edge)) {
            old++;
          }
          state.changes.subList(0, old).clear();
          state.trimmed += old;
        });
  }

  @Override
  public Registration hints(Consumer<LogName> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  void closeHints() {
    listeners.clear();
    hinter.shutdown();
  }

  static void require(boolean condition, String problem) {
    if (!condition) {
      throw new IllegalArgumentException(problem);
    }
  }
}
