package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreStatistics;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Two nodes on one database behind one door: each call goes to the other node than the one before,
 * but a thread has its own node for blobs and for the appends that name them.
 */
final class TwoNodes implements Store {
  private final List<PostgresStore> nodes;
  private final AtomicLong calls = new AtomicLong();

  TwoNodes(PostgresSettings settings, Clock clock) {
    this(settings, settings, clock);
  }

  /** Two that reach the same database, and a directory that they share, each by its own way. */
  TwoNodes(PostgresSettings one, PostgresSettings two, Clock clock) {
    nodes = List.of(PostgresStore.open(one, clock), PostgresStore.open(two, clock));
  }

  private PostgresStore any() {
    return nodes.get((int) (calls.getAndIncrement() & 1));
  }

  private PostgresStore own() {
    return nodes.get((int) (Thread.currentThread().threadId() & 1));
  }

  private void barrier() {
    nodes.forEach(node -> ((PostgresBlobs) node.blobs()).barrier());
  }

  @Override
  public LogStore logs() {
    return new Logs();
  }

  @Override
  public BlobStore blobs() {
    return new Blobs();
  }

  @Override
  public Verified verify(Consumer<String> problems) {
    barrier();
    return any().verify(problems);
  }

  @Override
  public StoreStatistics statistics() {
    return any().statistics();
  }

  @Override
  public void close() {
    nodes.forEach(PostgresStore::close);
  }

  private final class Logs implements LogStore {
    @Override
    public List<Outcome> append(List<Append> round) {
      boolean named = !AppendRound.blobsOf(round).isEmpty();
      return (named ? own() : any()).logs().append(round);
    }

    @Override
    public Optional<Appended> find(LogName log, String key) {
      return any().logs().find(log, key);
    }

    @Override
    public Map<LogName, Head> heads(List<LogName> logs) {
      return any().logs().heads(logs);
    }

    @Override
    public List<Entry> read(LogName log, long after, long through, int limit) {
      return any().logs().read(log, after, through, limit);
    }

    @Override
    public Optional<Snapshot> snapshot(LogName log) {
      return any().logs().snapshot(log);
    }

    @Override
    public void saveSnapshot(LogName log, Snapshot snapshot) {
      any().logs().saveSnapshot(log, snapshot);
    }

    @Override
    public void compact(LogName log, long[] dead) {
      any().logs().compact(log, dead);
    }

    @Override
    public void restore(LogName log, long after, List<Entry> entries, Head head) {
      own().logs().restore(log, after, entries, head);
    }

    @Override
    public void drop(LogName log) {
      any().logs().drop(log);
    }

    @Override
    public SequencedMap<LogName, Head> list(String prefix, @Nullable LogName after, int limit) {
      return any().logs().list(prefix, after, limit);
    }

    @Override
    public ChangePage changes(String cursor, int limit) {
      return any().logs().changes(cursor, limit);
    }

    @Override
    public void trimChanges(Duration olderThan) {
      any().logs().trimChanges(olderThan);
    }

    /** One node's listeners hear of what the other did. */
    @Override
    public Registration hints(Consumer<LogName> listener) {
      return nodes.getFirst().logs().hints(listener);
    }
  }

  private final class Blobs implements BlobStore {
    @Override
    public BlobWriter create() {
      return own().blobs().create();
    }

    @Override
    public BlobReader open(BlobId id) {
      return own().blobs().open(id);
    }

    @Override
    public List<Blob> list(@Nullable BlobId after, int limit) {
      barrier();
      return any().blobs().list(after, limit);
    }

    @Override
    public Swept sweep(Duration grace) {
      barrier();
      return any().blobs().sweep(grace);
    }
  }
}
