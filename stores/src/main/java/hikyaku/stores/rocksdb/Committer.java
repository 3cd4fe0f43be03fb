package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Counts;
import hikyaku.stores.base.Hints;
import hikyaku.stores.base.Waiting;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The one thread that writes. It commits what has gathered in the queue, and after a failed write
 * opens the database anew when the cause is gone.
 */
final class Committer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Committer.class);

  /** How long it sleeps when there is nothing to do. */
  private static final Duration IDLE = Duration.ofHours(1);

  private static final String DAMAGED = "a file is damaged: verify, and restore what it names";

  private final Database database;
  private final CommitQueue queue;
  private final AcknowledgedMark mark;
  private final CommittedCache<LogName, LogState> heads;
  private final CommittedCache<BlobId, BlobState> blobs;
  private final Hints hints;
  private final Counts counts;
  private final Clock clock;
  private final RocksSettings.Retry retry;
  private final Thread thread;

  private volatile Counters counters;
  private Duration pause;
  private long nextAttempt;

  Committer(
      Database database,
      CommitQueue queue,
      AcknowledgedMark mark,
      CommittedCache<LogName, LogState> heads,
      CommittedCache<BlobId, BlobState> blobs,
      Hints hints,
      Counts counts,
      Clock clock,
      RocksSettings.Retry retry) {
    this.database = database;
    this.queue = queue;
    this.mark = mark;
    this.heads = heads;
    this.blobs = blobs;
    this.hints = hints;
    this.counts = counts;
    this.clock = clock;
    this.retry = retry;
    this.pause = retry.first();
    this.counters = firstCounters();
    this.thread = Thread.ofPlatform().daemon().name("rocks-commit").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  Counters counters() {
    return counters;
  }

  /**
   * To be asked before work that is of no use unless it can be written in the end.
   *
   * @throws StoreException.Unavailable while writes are refused
   */
  void requireWrites() {
    StoreException failure = database.failure();
    if (failure != null) {
      throw new StoreException.Unavailable(String.valueOf(failure.getMessage()), failure);
    }
  }

  /** A damaged file that merging has met already is no reason not to start. */
  private Counters firstCounters() {
    try {
      return readCounters();
    } catch (StoreException.Corrupt e) {
      database.reopen(() -> {});
      return readCounters();
    }
  }

  private Counters readCounters() {
    try {
      return database.use("reading the format", Counters::open);
    } catch (StoreException.Corrupt e) {
      LOG.atError().setCause(e).log(DAMAGED);
      database.avoidDamage();
      throw e;
    }
  }

  private void run() {
    try (WriteBatch writes = new WriteBatch()) {
      while (!queue.isDone()) {
        boolean failed = database.failure() != null;
        List<Operation<?>> operations =
            queue.take(failed ? Duration.ofNanos(untilNextAttempt()) : IDLE);
        if (database.failure() instanceof StoreException failure && !recover()) {
          operations.forEach(operation -> operation.failUnavailable(failure));
        } else if (!operations.isEmpty()) {
          commit(operations, writes);
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the committer", e);
    }
  }

  private long untilNextAttempt() {
    return Math.max(1, nextAttempt - System.nanoTime());
  }

  private void commit(List<Operation<?>> operations, WriteBatch writes) {
    List<Operation<?>> staged = new ArrayList<>(operations.size());
    try {
      Set<LogName> moved =
          database.use(
              "a write",
              handle -> {
                Batch batch = new Batch(handle, writes, counters, heads, blobs, clock.millis());
                for (Operation<?> operation : operations) {
                  stage(operation, batch, staged);
                }
                batch.write();
                counters.written();
                if (batch.isSynced()) {
                  counts.rounds().increment();
                  mark.advance(handle.latest());
                }
                return batch.moved();
              });
      staged.forEach(Operation::complete);
      moved.forEach(hints::tell);
    } catch (RuntimeException | Error e) {
      failed(e, operations);
    } finally {
      writes.clear();
    }
  }

  /** Stages one; if what it needs is not to be had, it fails alone. */
  private static void stage(Operation<?> operation, Batch batch, List<Operation<?>> staged) {
    try {
      operation.stageAndKeep(batch);
      staged.add(operation);
    } catch (StoreException | IllegalArgumentException e) {
      operation.fail(e);
    } catch (RocksDBException e) {
      operation.fail(Database.translate("looking before a write", e));
    }
  }

  /**
   * The batch did not go through, or it is not known whether it did. Whatever the cause, a bug
   * included, every caller is answered and the thread goes on.
   */
  private void failed(Throwable cause, List<Operation<?>> operations) {
    LoggingEventBuilder line = LOG.atError().addKeyValue("cause", cause.getMessage());
    (cause instanceof StoreException ? line : line.setCause(cause))
        .log("a write has failed, and none is taken until the cause is gone");
    if (cause instanceof StoreException.Corrupt) {
      LOG.atError().log(DAMAGED);
      database.avoidDamage();
    }
    StoreException failure =
        database.fail(
            new StoreException.Unavailable("a write has failed: " + cause.getMessage(), cause));
    pause = retry.first();
    nextAttempt = System.nanoTime() + pause.toNanos();
    for (Operation<?> operation : operations) {
      if (!operation.answer().isDone()) {
        operation.failUnavailable(failure);
      }
    }
  }

  /**
   * Opens the database anew if it is time for it, and reads again all that was known of it: what
   * the failed batch left behind decides, not what was thought.
   */
  private boolean recover() {
    if (System.nanoTime() - nextAttempt < 0) {
      return false;
    }
    try {
      database.reopen(() -> {
        heads.clear();
        blobs.clear();
      });
      counters = readCounters();
      database.mended();
      LOG.atInfo().log("writes are taken again");
      return true;
    } catch (RuntimeException e) {
      StoreException failure =
          database.fail(new StoreException.Unavailable(String.valueOf(e.getMessage()), e));
      LOG.atDebug().setCause(failure).log("recovery failed");
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(retry.most()) < 0 ? doubled : retry.most();
      nextAttempt = System.nanoTime() + pause.toNanos();
      return false;
    }
  }

  /** Commits what is in the queue, and ends. */
  @Override
  public void close() {
    queue.close();
    Waiting.forEnd(thread);
  }
}
