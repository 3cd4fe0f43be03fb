package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.Snags;
import hikyaku.stores.base.Waiting;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The one thread of a node that takes things away: dropped logs, blobs without a name, answers
 * grown old, uploads left behind. Several nodes may do so at once: each step is a transaction that
 * looks for itself.
 */
final class Maintenance implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Maintenance.class);

  /** Rows handled in one transaction. */
  private static final int SLICE = 256;

  private static final Duration FORGET_EVERY = Duration.ofHours(1);

  /** For callers who wait for this thread: it may be busy with a whole store. */
  private static final Duration PATIENCE = Duration.ofDays(1);

  private record Slice(byte[] last, long examined, long removed, long octets, long[] files) {}

  private final Database database;
  private final SharedFiles files;
  private final Clock clock;
  private final Duration keysKept;
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(1, Thread.ofVirtual().name("postgres-maintenance").factory());

  Maintenance(Database database, SharedFiles files, Clock clock, Duration keysKept) {
    this.database = database;
    this.files = files;
    this.clock = clock;
    this.keysKept = keysKept;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  void start() {
    thread.scheduleWithFixedDelay(
        () -> quietly(this::forget), 0, FORGET_EVERY.toSeconds(), TimeUnit.SECONDS);
    later(this::bury);
  }

  /** Does work when there is time. What is left over by a failure, a sweep or a start finds. */
  void later(Runnable work) {
    try {
      thread.execute(() -> quietly(work));
    } catch (RejectedExecutionException e) {
      LOG.atDebug().log("closing; what is left is cleared away later");
    }
  }

  private void quietly(Runnable work) {
    try {
      work.run();
    } catch (StoreException e) {
      Level level = database.isClosing() ? Level.DEBUG : Level.WARN;
      LOG.atLevel(level).setCause(e).log("maintenance was cut short");
    }
  }

  /** Does the work on the thread and waits for it. */
  <T> T call(Supplier<T> work) {
    return Waiting.forAnswer(
        Waiting.begin(thread, work), PATIENCE, "maintenance has not come back in a day");
  }

  private void requireGoingOn() {
    if (database.isClosing()) {
      throw new StoreException.Unavailable("the store is closing", null);
    }
  }

  // ---- logs

  /** Clears away dropped logs. */
  void bury() {
    for (long number : numbers("SELECT number FROM dropped")) {
      boolean more = true;
      while (more) {
        requireGoingOn();
        more =
            database.call(
                "clearing away a dropped log",
                connection -> {
                  try (PreparedStatement statement =
                      connection.prepareStatement("SELECT bury_1(?, ?)")) {
                    statement.setLong(1, number);
                    statement.setInt(2, SLICE);
                    return PostgresLogs.isTrue(statement);
                  }
                });
      }
    }
  }

  private long[] numbers(String query) {
    return database.call(
        "looking for what to clear away",
        connection -> {
          List<Long> found = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
              found.add(rows.getLong(1));
            }
          }
          return found.stream().mapToLong(Long::longValue).toArray();
        });
  }

  /** Forgets old answers to keys, and rounds that nobody asks for again. */
  private void forget() {
    long edge = clock.instant().minus(keysKept).toEpochMilli();
    int unused =
        database.call(
            "forgetting old keys",
            connection -> {
              update(connection, "DELETE FROM rounds WHERE time < now() - interval '1 hour'");
              return update(connection, "DELETE FROM answers WHERE time < " + edge);
            });
  }

  private static int update(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  // ---- blobs

  BlobStore.Swept sweep(Duration grace) {
    Instant edge = clock.instant().minus(grace);
    bury();
    forget();
    clearUploads(edge.toEpochMilli());
    long examined = 0;
    long removed = 0;
    long octets = 0;
    byte[] after = new byte[0];
    while (true) {
      requireGoingOn();
      Slice slice = sweep(after, edge.toEpochMilli());
      examined += slice.examined();
      removed += slice.removed();
      octets += slice.octets();
      if (slice.examined() < SLICE) {
        break;
      }
      after = slice.last();
    }
    if (files.isWanted()) {
      clearFiles(grace);
    }
    return new BlobStore.Swept(examined, removed, octets);
  }

  private Slice sweep(byte[] after, long edge) {
    return database.call(
        "a sweep",
        connection -> {
          try (PreparedStatement statement =
              connection.prepareStatement("SELECT * FROM sweep_1(?, ?, ?)")) {
            statement.setBytes(1, after);
            statement.setLong(2, edge);
            statement.setInt(3, SLICE);
            try (ResultSet row = statement.executeQuery()) {
              row.next();
              return new Slice(
                  row.getBytes(1),
                  row.getLong(2),
                  row.getLong(3),
                  row.getLong(4),
                  Columns.longs(row.getArray(5)));
            }
          }
        });
  }

  /** Uploads that nobody has written to for a grace. */
  private void clearUploads(long edge) {
    long[] old = numbers("SELECT number FROM uploads WHERE last_write <= " + edge);
    for (long number : old) {
      clearUpload(number);
    }
  }

  void clearUpload(long number) {
    int unused =
        database.call(
            "taking back an upload",
            connection ->
                update(
                    connection,
                    "WITH gone AS (DELETE FROM uploads WHERE number = "
                        + number
                        + " RETURNING number) DELETE FROM chunks USING gone WHERE blob = number"));
  }

  /**
   * Takes away files that no blob names. Files are only looked at when they are older than the
   * grace, by the file system's clock: a younger one may be about to be named. What cannot be
   * listed or taken away is left for the next time.
   */
  private void clearFiles(Duration grace) {
    Instant edge = Instant.now().minus(grace);
    Snags snags = new Snags();
    snags.at(() -> files.clearIncoming(edge, snags));
    for (int part = 0; part < BlobFiles.PARTS; part++) {
      requireGoingOn();
      for (BlobFiles.Kept file : olderThan(part, edge, snags)) {
        if (!isNamed(file.id(), file.number())) {
          snags.at(() -> files.delete(file.path()));
        }
      }
    }
    snags.tell(LOG, "files that no blob names could not be cleared away");
  }

  private List<BlobFiles.Kept> olderThan(int part, Instant edge, Snags snags) {
    try {
      return files.olderThan(part, edge);
    } catch (StoreException e) {
      snags.note(e);
      return List.of();
    }
  }

  /** Takes a file away if no blob names it. */
  void clearFile(BlobId id, long number) {
    if (!isNamed(id, number)) {
      files.delete(files.path(id, number));
    }
  }

  private boolean isNamed(BlobId id, long number) {
    return database.call(
        "looking for a blob",
        connection -> {
          try (PreparedStatement statement =
              connection.prepareStatement(
                  "SELECT EXISTS (SELECT FROM blobs WHERE id = ? AND number = ?)")) {
            statement.setBytes(1, id.sha256().toByteArray());
            statement.setLong(2, number);
            return PostgresLogs.isTrue(statement);
          }
        });
  }

  /** Lets what has been taken finish. */
  @Override
  public void close() {
    thread.close();
  }
}
