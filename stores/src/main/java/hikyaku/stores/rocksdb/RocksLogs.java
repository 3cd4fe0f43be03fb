package hikyaku.stores.rocksdb;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Change;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Gaps;
import hikyaku.stores.base.Hints;
import hikyaku.stores.rocksdb.proto.ChangeRecord;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import hikyaku.stores.rocksdb.proto.SnapshotRecord;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The logs of a {@link RocksStore}. */
final class RocksLogs implements LogStore {
  private final RocksStore store;
  private final Database database;
  private final CommitQueue queue;
  private final Committer committer;
  private final NativePool pool;
  private final Reads reads;
  private final ChunkEncoder encoder;
  private final Maintenance maintenance;
  private final CommittedCache<LogName, LogState> heads;
  private final Hints hints;

  RocksLogs(
      RocksStore store,
      Database database,
      CommitQueue queue,
      Committer committer,
      NativePool pool,
      Reads reads,
      ChunkEncoder encoder,
      Maintenance maintenance,
      CommittedCache<LogName, LogState> heads,
      Hints hints) {
    this.store = store;
    this.database = database;
    this.queue = queue;
    this.committer = committer;
    this.pool = pool;
    this.reads = reads;
    this.encoder = encoder;
    this.maintenance = maintenance;
    this.heads = heads;
    this.hints = hints;
  }

  @Override
  public List<Outcome> append(List<Append> round) {
    for (Append append : round) {
      for (Event event : append.events()) {
        require(
            event.payload().size() <= MAX_PAYLOAD,
            "payload of " + event.payload().size() + " octets");
      }
    }
    return store.counted(() -> queue.call(new AppendRound(round, store.counts())));
  }

  /** Asks the committer, behind every append that was asked for earlier. */
  @Override
  public Optional<Appended> find(LogName log, String key) {
    Append.requireKey(key);
    return store.counted(() -> queue.call(new LogOperations.FindAnswer(log, key)));
  }

  // ---- heads

  @Override
  public Map<LogName, Head> heads(List<LogName> logs) {
    return store.counted(() -> {
      Map<LogName, Head> found = new HashMap<>();
      states(logs).forEach((name, state) -> found.put(name, state.head()));
      return found;
    });
  }

  private LogState state(LogName log) {
    return states(List.of(log)).getOrDefault(log, LogState.NONE);
  }

  private Map<LogName, LogState> states(List<LogName> logs) {
    Map<LogName, LogState> found = new HashMap<>();
    List<LogName> unknown = new ArrayList<>();
    for (LogName log : logs) {
      LogState state = heads.get(log);
      if (state == null) {
        unknown.add(log);
      } else {
        found.put(log, state);
      }
    }
    if (!unknown.isEmpty()) {
      readStates(unknown, found);
    }
    return found;
  }

  private void readStates(List<LogName> unknown, Map<LogName, LogState> found) {
    long departures = heads.departures();
    List<byte @Nullable []> frames =
        reads.get("reading heads", Column.LOGS, unknown.stream().map(Keys::log).toList());
    for (int i = 0; i < unknown.size(); i++) {
      LogName log = unknown.get(i);
      byte[] frame = frames.get(i);
      found.put(
          log,
          frame == null ? absent(log) : heads.add(log, LogState.decode(log, frame), departures));
    }
  }

  /** Logs that are not there have no place in the cache; but one may have been made meanwhile. */
  private LogState absent(LogName log) {
    LogState made = heads.get(log);
    return made == null ? LogState.NONE : made;
  }

  // ---- entries

  @Override
  public List<Entry> read(LogName log, long after, long through, int limit) {
    requireLimit(limit);
    return store.counted(() -> {
      while (true) {
        LogState before = state(log);
        long from = Math.max(0, after);
        long to = Math.min(through, before.head().seq());
        if (from >= to) {
          return List.of();
        }
        List<Entry> entries = readEntries(log, before.number(), from, to, limit);
        LogState now = state(log);
        if (now.number() == before.number()) {
          long end = entries.size() == limit ? entries.getLast().seq() : to;
          Gaps.refuse(log, entries, from, end, now.snapshotSeq());
          return entries;
        }
      }
    });
  }

  private List<Entry> readEntries(LogName log, long number, long after, long through, int limit) {
    List<Records.Raw> raws =
        through - after <= Math.min(Reads.FEW, limit)
            ? readEach(log, number, after, through)
            : reads.take(
                log,
                Column.ENTRIES,
                Keys.entry(number, after + 1),
                Keys.entry(number, through + 1),
                limit);
    List<Entry> entries = new ArrayList<>(raws.size());
    for (Records.Raw raw : raws) {
      try {
        entries.add(Entries.decode(raw.key(), raw.value()));
      } catch (StoreException.Corrupt e) {
        throw new StoreException.Corrupt(log + ": " + e.getMessage(), e);
      }
    }
    return entries;
  }

  /** Few entries, key by key: they are in memory more often than not. */
  private List<Records.Raw> readEach(LogName log, long number, long after, long through) {
    List<byte[]> keys = new ArrayList<>();
    for (long seq = after + 1; seq <= through; seq++) {
      keys.add(Keys.entry(number, seq));
    }
    List<byte @Nullable []> frames = reads.get(log, Column.ENTRIES, keys);
    List<Records.Raw> raws = new ArrayList<>(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      byte[] frame = frames.get(i);
      if (frame != null) {
        raws.add(new Records.Raw(keys.get(i), frame));
      }
    }
    return raws;
  }

  // ---- snapshots

  @Override
  public Optional<Snapshot> snapshot(LogName log) {
    return store.counted(() -> {
      LogState state = state(log);
      return state.snapshotSeq() == 0
          ? Optional.empty()
          : pool.call(() -> readSnapshot(log, state.number()));
    });
  }

  private Optional<Snapshot> readSnapshot(LogName log, long number) {
    List<Records.Raw> raws =
        database.use(
            "the snapshot of " + log,
            handle ->
                Records.take(
                    handle,
                    Column.SNAPSHOTS,
                    Keys.number(number),
                    Keys.number(number + 1),
                    Integer.MAX_VALUE));
    return raws.isEmpty() ? Optional.empty() : Optional.of(snapshot(raws));
  }

  /** A snapshot from its record and its chunks. Native code. */
  static Snapshot snapshot(List<Records.Raw> raws) {
    SnapshotRecord record = raws.getFirst().decode(Column.SNAPSHOTS, SnapshotRecord.parser());
    ByteArrayOutputStream state = new ByteArrayOutputStream();
    for (Records.Raw raw : raws.subList(1, raws.size())) {
      state.writeBytes(Chunks.decode(Column.SNAPSHOTS, raw.key(), raw.value()));
    }
    if (raws.size() - 1 != record.getChunks() || state.size() != record.getSize()) {
      throw new StoreException.Corrupt(
          Keys.describe(Column.SNAPSHOTS, raws.getFirst().key()) + " is not whole", null);
    }
    return new Snapshot(record.getSeq(), ByteString.copyFrom(state.toByteArray()));
  }

  @Override
  public void saveSnapshot(LogName log, Snapshot snapshot) {
    store.counted(() -> {
      byte[] state = snapshot.state().toByteArray();
      List<ChunkRecord> chunks = pool.call(() -> encoder.encode(state));
      return queue.call(new LogOperations.SaveSnapshot(log, snapshot.seq(), state.length, chunks));
    });
  }

  @Override
  public void compact(LogName log, long[] dead) {
    for (int i = 1; i < dead.length; i++) {
      require(dead[i - 1] < dead[i], "sequences to compact do not rise");
    }
    store.counted(() -> {
      LogState state = state(log);
      require(
          dead.length == 0 || dead[dead.length - 1] <= state.snapshotSeq(),
          "compaction of " + log + " above its snapshot at " + state.snapshotSeq());
      long[] own = dead.clone();
      return maintenance.call(() -> {
        maintenance.compact(log, state.number(), own);
        return true;
      });
    });
  }

  @Override
  public void restore(LogName log, long after, List<Entry> entries, Head head) {
    Boolean unused =
        store.counted(
            () -> queue.call(new LogOperations.Restore(log, after, List.copyOf(entries), head)));
  }

  @Override
  public void drop(LogName log) {
    boolean dropped = store.counted(() -> queue.call(new LogOperations.Drop(log)));
    if (dropped) {
      maintenance.buryLater();
    }
  }

  @Override
  public SequencedMap<LogName, Head> list(String prefix, @Nullable LogName after, int limit) {
    requireLimit(limit);
    return store.counted(() -> {
      byte[] start = Keys.log(prefix);
      byte[] behind = after == null ? start : Records.after(Keys.log(after));
      byte[] from = Arrays.compareUnsigned(start, behind) >= 0 ? start : behind;
      List<Records.Raw> raws =
          reads.take("listing logs", Column.LOGS, from, Keys.behind(start), limit);
      SequencedMap<LogName, Head> found = new LinkedHashMap<>();
      for (Records.Raw raw : raws) {
        LogName name = Keys.logName(raw.key());
        LogState told = heads.get(name);
        LogState read = LogState.decode(raw.key(), raw.value());
        found.put(name, told == null || !told.exists() ? read.head() : told.head());
      }
      return found;
    });
  }

  // ---- changes

  @Override
  public ChangePage changes(String cursor, int limit) {
    requireLimit(limit);
    return store.counted(() -> {
      Counters counters = committer.counters();
      Cursor from = Cursor.parse(cursor, counters.storeId());
      long last = counters.writtenChange();
      if (from.foreign() || from.number() > last) {
        ChangePage anew = page(counters, 0, last, limit);
        return new ChangePage(anew.changes(), anew.next(), anew.more(), true);
      }
      return page(counters, from.number(), last, limit);
    });
  }

  /**
   * The changes behind one up to another.
   *
   * @param last a change that callers have been or are being told of: later ones may be in the
   *     database already, but heads would not agree with them yet
   */
  private ChangePage page(Counters counters, long after, long last, int limit) {
    List<Records.Raw> raws =
        reads.take(
            "reading the changes",
            Column.CHANGES,
            Keys.number(after + 1),
            Keys.number(last + 1),
            limit);
    List<Change> changes = new ArrayList<>(raws.size());
    long next = raws.isEmpty() ? after : Keys.numberAt(raws.getFirst().key(), 0) - 1;
    boolean gap = raws.isEmpty() ? after < last : next != after;
    for (Records.Raw raw : raws) {
      long number = Keys.numberAt(raw.key(), 0);
      if (number != next + 1) {
        throw new StoreException.Corrupt("change " + (next + 1) + " is missing", null);
      }
      next = number;
      changes.add(change(raw.decode(Column.CHANGES, ChangeRecord.parser())));
    }
    if (raws.isEmpty()) {
      next = last;
    }
    return new ChangePage(changes, Cursor.print(counters.storeId(), next), next < last, gap);
  }

  private static Change change(ChangeRecord record) {
    LogName log = new LogName(record.getLog());
    return record.getLastSeq() == 0
        ? new Change.Dropped(log)
        : new Change.Appended(log, record.getFirstSeq(), record.getLastSeq());
  }

  @Override
  public void trimChanges(Duration olderThan) {
    store.counted(() ->
        maintenance.call(() -> {
          maintenance.trimChanges(olderThan);
          return true;
        }));
  }

  @Override
  public Registration hints(Consumer<LogName> listener) {
    return hints.listen(listener);
  }

  static void requireLimit(int limit) {
    require(limit > 0, "limit of " + limit);
  }

  static void require(boolean condition, String problem) {
    if (!condition) {
      throw new IllegalArgumentException(problem);
    }
  }
}
