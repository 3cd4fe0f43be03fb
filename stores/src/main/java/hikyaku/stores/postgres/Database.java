package hikyaku.stores.postgres;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Waiting;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work on the database that outlasts its absence: an attempt that fails for a cause that may pass
 * is made again, on a new connection if need be, until the settings' patience is at its end.
 *
 * <p>Work runs on threads of its own, for an interrupt of a thread that waits in a socket closes
 * the socket.
 */
final class Database implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final long FIRST_PAUSE_MILLIS = 10;
  private static final long LONGEST_PAUSE_MILLIS = 250;

  /** Work that changes nothing more when it is done again. */
  interface Work<T extends @Nullable Object> {
    /**
     * @param repeat whether an attempt was made before, whose outcome is unknown
     */
    T run(Connection connection, boolean repeat) throws SQLException;
  }

  /** Work that does not care whether it is a repeat. */
  interface SimpleWork<T extends @Nullable Object> {
    T run(Connection connection) throws SQLException;
  }

  private final PostgresSettings settings;
  private final Connector connector;
  private final BlockingDeque<Session> idle = new LinkedBlockingDeque<>();
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("postgres-call-", 0).factory());
  private volatile boolean closing;

  Database(PostgresSettings settings) {
    this.settings = settings;
    this.connector = new Connector(settings);
    for (int i = 0; i < settings.pool().readers(); i++) {
      idle.add(newSession());
    }
  }

  /** A session whose attempts are bounded by the settings. */
  Session newSession() {
    return new Session(connector, settings.attempt());
  }

  /** Until when a call that begins now may go on, as {@link System#nanoTime} counts. */
  long deadline() {
    return System.nanoTime() + settings.patience().toNanos();
  }

  boolean isClosing() {
    return closing;
  }

  /** From now on a failed attempt is not repeated. */
  void beginClosing() {
    closing = true;
  }

  /** Does the work on a session of the pool, repeating it as long as there is time. */
  <T extends @Nullable Object> T call(String what, SimpleWork<T> work) {
    return callRepeatable(what, (connection, repeat) -> work.run(connection));
  }

  <T extends @Nullable Object> T callRepeatable(String what, Work<T> work) {
    long deadline = deadline();
    return await(
        what,
        settings.patience().plus(settings.attempt()).plus(settings.attempt()),
        () -> {
          Session session = borrow(deadline);
          try {
            return attempt(session, deadline, what, work);
          } finally {
            idle.addFirst(session);
          }
        });
  }

  /** Does work that may take long on a connection of its own, once. */
  <T extends @Nullable Object> T callLong(String what, SimpleWork<T> work) {
    return await(
        what,
        Duration.ofDays(1),
        () -> {
          try (Session session = new Session(connector, Duration.ZERO)) {
            Connection connection =
                attempt(session, deadline(), what, (open, repeat) -> session.connection());
            return work.run(connection);
          } catch (SQLException e) {
            throw SqlFailure.translate(what, e);
          }
        });
  }

  private <T extends @Nullable Object> T await(String what, Duration timeout, Supplier<T> call) {
    return Waiting.forAnswer(
        Waiting.begin(threads, call), timeout, what + " has not come back in time");
  }

  private Session borrow(long deadline) {
    try {
      Session session = idle.pollFirst(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (session == null) {
        throw new StoreException.Unavailable("too many calls wait for the database", null);
      }
      return session;
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the store's threads", e);
    }
  }

  /**
   * Does the work, repeating it until the deadline.
   *
   * @throws StoreException.Unavailable if there is no more time, or the cause is none that passes;
   *     the outcome is unknown
   */
  <T extends @Nullable Object> T attempt(
      Session session, long deadline, String what, Work<T> work) {
    long pause = FIRST_PAUSE_MILLIS;
    boolean repeat = false;
    while (true) {
      boolean stale = session.isOpen();
      try {
        return work.run(session.connection(), repeat);
      } catch (SQLException e) {
        if (SqlFailure.breaks(e)) {
          session.close();
        }
        LOG.atDebug().setCause(e).addKeyValue("what", what).log("an attempt has failed");
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (!SqlFailure.passes(e) || left <= 0 || closing) {
          throw SqlFailure.translate(what, e);
        }
        if (!stale || repeat) {
          pause(Math.min(left, pause / 2 + ThreadLocalRandom.current().nextLong(pause)));
          pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
        repeat = true;
      }
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the store's threads", e);
    }
  }

  /** Lets calls under way finish, and closes all connections of the pool. */
  @Override
  public void close() {
    threads.close();
    idle.forEach(Session::close);
    connector.close();
  }
}
