package hikyaku.stores.postgres;

import hikyaku.mailbox.store.LogName;
import hikyaku.stores.base.Hints;
import hikyaku.stores.base.Waiting;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other nodes which logs moved, and hears it from them: NOTIFY and LISTEN, each on a
 * connection of its own. A transaction that notifies takes a lock on the whole database while it
 * commits, so no append does; what has moved goes out in batches behind them.
 *
 * <p>Lossy: what cannot be sent now is forgotten.
 */
final class HintExchange implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HintExchange.class);

  /** PostgreSQL takes payloads of under 8000 octets. */
  private static final int MOST_OCTETS = 7900;

  private static final int MOST_WAITING = 10_000;
  private static final Duration PAUSE = Duration.ofMillis(2);
  private static final Duration AFTER_FAILURE = Duration.ofMillis(500);

  /** A listener that hears nothing for so long looks whether its connection still is one. */
  private static final int SILENCE_MILLIS = 10_000;

  private final Database database;
  private final Hints local;
  private final String channel;
  private final String self = UUID.randomUUID().toString();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final CountDownLatch closing = new CountDownLatch(1);
  private Set<LogName> moved = new LinkedHashSet<>();
  private final Thread sender = Thread.ofVirtual().name("postgres-hints-out").unstarted(this::send);
  private final Thread hearer = Thread.ofVirtual().name("postgres-hints-in").unstarted(this::hear);
  private volatile @Nullable Session hearing;

  HintExchange(Database database, Hints local, String schema) {
    this.database = database;
    this.local = local;
    this.channel = schema + "_moved";
  }

  void start() {
    sender.start();
    hearer.start();
  }

  /** Tells this node's listeners now, and the other nodes soon. */
  void tell(Set<LogName> logs) {
    logs.forEach(local::tell);
    lock.lock();
    try {
      if (moved.size() < MOST_WAITING) {
        moved.addAll(logs);
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void send() {
    try (Session session = database.newSession()) {
      while (true) {
        Set<LogName> logs = take();
        if (logs.isEmpty()) {
          return;
        }
        Duration pause = PAUSE;
        try {
          send(session.connection(), payloads(logs));
        } catch (SQLException e) {
          LOG.atDebug().setCause(e).log("hints could not be sent");
          session.close();
          pause = AFTER_FAILURE;
        }
        if (closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the sender of hints", e);
    }
  }

  /** What has gathered; waits for some; nothing at the end. */
  private Set<LogName> take() throws InterruptedException {
    lock.lock();
    try {
      while (moved.isEmpty() && closing.getCount() > 0) {
        work.await();
      }
      if (closing.getCount() == 0) {
        return Set.of();
      }
      Set<LogName> taken = moved;
      moved = new LinkedHashSet<>();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** The names, a line each, behind the name of this node. */
  private List<String> payloads(Set<LogName> logs) {
    List<String> payloads = new ArrayList<>();
    StringBuilder payload = new StringBuilder(self);
    int octets = self.length();
    for (LogName log : logs) {
      int more = 1 + log.value().getBytes(StandardCharsets.UTF_8).length;
      if (octets + more > MOST_OCTETS) {
        payloads.add(payload.toString());
        payload = new StringBuilder(self);
        octets = self.length();
      }
      payload.append('\n').append(log.value());
      octets += more;
    }
    payloads.add(payload.toString());
    return payloads;
  }

  /** Nobody waits for a hint to be on the disk. */
  private void send(Connection connection, List<String> payloads) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT set_config('synchronous_commit', 'off', false), count(pg_notify(?, payload))"
                + " FROM unnest(?) AS payload")) {
      statement.setString(1, channel);
      statement.setArray(2, Columns.texts(connection, payloads));
      boolean unused = statement.execute();
    }
  }

  private void hear() {
    try {
      while (closing.getCount() > 0) {
        try (Session session = database.newSession()) {
          hearing = session;
          hear(session.connection());
        } catch (SQLException e) {
          LOG.atDebug().setCause(e).log("hints cannot be heard");
        }
        hearing = null;
        boolean unused = closing.await(AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the hearer of hints", e);
    }
  }

  private void hear(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("LISTEN " + channel);
      PGConnection notifying = connection.unwrap(PGConnection.class);
      while (closing.getCount() > 0) {
        PGNotification[] heard = notifying.getNotifications(SILENCE_MILLIS);
        if (heard == null || heard.length == 0) {
          statement.execute("SELECT 1");
        } else {
          for (PGNotification one : heard) {
            heard(one.getParameter());
          }
        }
      }
    }
  }

  private void heard(String payload) {
    String[] lines = payload.split("\n", -1);
    if (lines[0].equals(self)) {
      return;
    }
    for (int i = 1; i < lines.length; i++) {
      try {
        local.tell(new LogName(lines[i]));
      } catch (IllegalArgumentException e) {
        LOG.atDebug().setCause(e).log("a hint that names no log");
      }
    }
  }

  @Override
  public void close() {
    closing.countDown();
    lock.lock();
    try {
      work.signalAll();
    } finally {
      lock.unlock();
    }
    Session open = hearing;
    if (open != null) {
      open.close();
    }
    Waiting.forEnd(sender);
    Waiting.forEnd(hearer);
  }
}
