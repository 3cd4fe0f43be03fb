package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.StoreStatistics;
import hikyaku.stores.base.Counts;
import hikyaku.stores.base.Hints;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A store in a PostgreSQL database, shared by any number of nodes. */
public final class PostgresStore implements Store {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);

  /** How long a finished blob waits for an append to take it along. */
  private static final Duration BLOBS_WAIT = Duration.ofMillis(200);

  private final PostgresSettings settings;
  private final Clock clock;
  private final Database database;
  private final Codec codec;
  private final SharedFiles files;
  private final Committer committer;
  private final HeadReader heads;
  private final Maintenance maintenance;
  private final Hints hints = new Hints();
  private final HintExchange exchange;
  private final Counts counts = new Counts();
  private final PostgresLogs logs;
  private final PostgresBlobs blobs;
  private final ScheduledExecutorService flusher =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("postgres-flush").factory());
  private final AtomicBoolean closed = new AtomicBoolean();

  private PostgresStore(PostgresSettings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
    this.database = new Database(settings);
    this.codec = new Codec(settings.compressionLevel());
    this.files = new SharedFiles(settings.blobDirectory());
    this.maintenance = new Maintenance(database, files, clock, settings.keysKept());
    this.heads = new HeadReader(database, settings);
    this.exchange = new HintExchange(database, hints, settings.schema());
    CommitQueue queue = new CommitQueue(settings.queue());
    PendingBlobs pending = new PendingBlobs(this::replaced);
    this.blobs = new PostgresBlobs(this, database, queue, pending, codec, files, maintenance);
    this.committer =
        new Committer(
            database,
            queue,
            pending,
            blobs::shared,
            exchange::tell,
            counts,
            clock,
            settings.pool().writers());
    this.logs = new PostgresLogs(this, database, heads, blobs, codec, new ChangesFeed(database));
  }

  /**
   * Opens the store, making or completing its tables if need be; waits for the database as long as
   * the settings say.
   *
   * @throws StoreException.Unavailable if the database cannot be reached or written, or its tables
   *     are of a later release
   */
  public static PostgresStore open(PostgresSettings settings, Clock clock) {
    PostgresStore store = new PostgresStore(settings, clock);
    try {
      Boolean unused =
          store.database.call(
              "opening the store", connection -> Schema.migrate(connection, settings.schema()));
      store.files.prepare();
    } catch (RuntimeException e) {
      store.database.close();
      store.codec.close();
      store.files.close();
      store.maintenance.close();
      store.flusher.close();
      throw e;
    }
    store.start();
    return store;
  }

  private void start() {
    committer.start();
    heads.start();
    hints.start();
    exchange.start();
    maintenance.start();
    long every = BLOBS_WAIT.toMillis() / 2;
    flusher.scheduleWithFixedDelay(this::flushOld, every, every, TimeUnit.MILLISECONDS);
  }

  /** An append that comes later finds the blob in the database instead. */
  private void flushOld() {
    try {
      blobs.flush(System.nanoTime() - BLOBS_WAIT.toNanos(), false);
    } catch (StoreException e) {
      LOG.atWarn().setCause(e).log("blobs that no append has named could not be written");
    }
  }

  /** A put that a later one of the same content stands for. */
  private void replaced(Held held) {
    counts.blobsShared().increment();
    held.written().complete(false);
    blobs.shared(held);
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
      blobs.barrier();
      return database.callLong(
          "verifying", connection -> new Verifier(connection, codec, files, problems).run());
    });
  }

  @Override
  public StoreStatistics statistics() {
    return counted(() -> {
      blobs.barrier();
      return counts.toStatistics(diskOctets());
    });
  }

  /** What the tables take, indexes included; files of a shared directory are not counted. */
  private long diskOctets() {
    return database.call(
        "measuring the tables",
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet row =
                  statement.executeQuery(
                      "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
                          + " WHERE relkind = 'r' AND relnamespace = '"
                          + settings.schema()
                          + "'::regnamespace")) {
            row.next();
            return row.getLong(1);
          }
        });
  }

  PostgresSettings settings() {
    return settings;
  }

  Clock clock() {
    return clock;
  }

  Counts counts() {
    return counts;
  }

  LogStore.Registration listen(Consumer<LogName> listener) {
    return hints.listen(listener);
  }

  /** A log was dropped. */
  void dropped(LogName log) {
    exchange.tell(Set.of(log));
    maintenance.later(maintenance::bury);
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
    database.beginClosing();
    flusher.close();
    try {
      blobs.flush(System.nanoTime(), false);
    } catch (StoreException e) {
      LOG.atWarn().setCause(e).log("blobs that no append has named were given up");
    }
    committer.close();
    heads.close();
    exchange.close();
    maintenance.close();
    hints.close();
    database.close();
    codec.close();
    files.close();
  }
}
