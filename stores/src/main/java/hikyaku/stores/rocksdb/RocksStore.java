package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.StoreStatistics;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.Counts;
import hikyaku.stores.base.Hints;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in a directory of its own.
 *
 * <p>The directory holds {@code lock}, {@code acknowledged} ({@link AcknowledgedMark}), the
 * database in {@code rocks}, and in {@code large} a file for each large blob ({@link BlobFiles}).
 */
public final class RocksStore implements Store {
  private static final Logger LOG = LoggerFactory.getLogger(RocksStore.class);

  private final Path directory;
  private final RocksSettings settings;
  private final Clock clock;
  private final DirectoryLock lock;
  private final AcknowledgedMark mark;
  private final Database database;
  private final BlobFiles files;
  private final CommitQueue queue;
  private final Committer committer;
  private final NativePool pool;
  private final ChunkEncoder encoder;
  private final Maintenance maintenance;
  private final Hints hints = new Hints();
  private final Counts counts = new Counts();
  private final RocksLogs logs;
  private final RocksBlobs blobs;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RocksStore(
      Path directory,
      RocksSettings settings,
      Clock clock,
      DirectoryLock lock,
      AcknowledgedMark mark,
      Database database,
      BlobFiles files) {
    this.directory = directory;
    this.settings = settings;
    this.clock = clock;
    this.lock = lock;
    this.mark = mark;
    this.database = database;
    this.files = files;
    CommittedCache<LogName, LogState> heads = new CommittedCache<>(settings.reads().headsCached());
    CommittedCache<BlobId, BlobState> known = new CommittedCache<>(settings.reads().blobsCached());
    Set<LargeUpload> uploads = ConcurrentHashMap.newKeySet();
    this.queue = new CommitQueue(settings.queue());
    this.committer =
        new Committer(database, queue, mark, heads, known, hints, counts, clock, settings.retry());
    this.pool = new NativePool(settings.reads());
    this.encoder = new ChunkEncoder(settings.compressionLevel());
    this.maintenance = new Maintenance(database, queue, clock, settings.keysKept(), files, uploads);
    Reads reads = new Reads(database, pool);
    this.logs =
        new RocksLogs(
            this, database, queue, committer, pool, reads, encoder, maintenance, heads, hints);
    this.blobs =
        new RocksBlobs(
            this,
            queue,
            committer,
            reads,
            encoder,
            maintenance,
            known,
            new Pending(counts),
            files,
            uploads);
  }

  /**
   * Opens the store in a directory, which is made if it is not there.
   *
   * @throws StoreException.Unavailable if the directory is in use, cannot be written, or was made
   *     by a later release
   * @throws StoreException.Corrupt if what is there cannot be read, or lacks something acknowledged
   */
  public static RocksStore open(Path directory, RocksSettings settings, Clock clock) {
    DirectoryLock lock = DirectoryLock.take(directory);
    try {
      AcknowledgedMark mark = AcknowledgedMark.open(directory);
      BlobFiles files = new BlobFiles(directory.resolve("large"), "rocks");
      try {
        // Durable before the format says that it may be needed.
        files.prepare();
        files.clearComing();
        Path rocks = directory.resolve("rocks");
        Database database = Database.open(rocks, settings.memory(), mark);
        try {
          RocksStore store =
              new RocksStore(directory, settings, clock, lock, mark, database, files);
          store.committer.start();
          store.hints.start();
          store.maintenance.start();
          return store;
        } catch (RuntimeException e) {
          database.close();
          throw e;
        }
      } catch (RuntimeException e) {
        files.close();
        mark.close();
        throw e;
      }
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  @Override
  public LogStore logs() {
    return logs;
  }

  @Override
  public BlobStore blobs() {
    return blobs;
  }

  @Override
  public Verified verify(Consumer<String> problems) {
    return counted(() -> {
      queue.call(new LogOperations.Barrier());
      return maintenance.call(() -> new Verifier(database, files, problems).run());
    });
  }

  @Override
  public StoreStatistics statistics() {
    return counted(() -> counts.toStatistics(pool.call(this::diskOctets)));
  }

  /** The size of all files, or -1 if it cannot be had. */
  private long diskOctets() {
    try {
      return DirectorySize.of(directory);
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("the directory could not be measured");
      return -1;
    }
  }

  RocksSettings settings() {
    return settings;
  }

  Clock clock() {
    return clock;
  }

  Counts counts() {
    return counts;
  }

  void requireOpen() {
    if (closed.get()) {
      throw new StoreException.Unavailable("the store is closed", null);
    }
  }

  /** Runs one call of the contract, while open, counting failures. */
  <T> T counted(Supplier<T> call) {
    try {
      requireOpen();
      return call.get();
    } catch (StoreException e) {
      counts.failures().increment();
      throw e;
    }
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    database.interruptLongWork();
    maintenance.close();
    committer.close();
    pool.close();
    files.close();
    encoder.close();
    hints.close();
    flush();
    database.close();
    mark.close();
    lock.close();
  }

  /** What stays in the log is safe too; the next start only takes longer. */
  private void flush() {
    try {
      Boolean unused =
          database.use(
              "writing out at the end",
              handle -> {
                handle.flush();
                return true;
              });
    } catch (StoreException e) {
      LOG.atWarn().setCause(e).log("closed without writing out the log");
    }
  }
}
