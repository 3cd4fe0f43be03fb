package hikyaku.stores.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of several servers is the primary. Each is asked by a thread of its own, so that one which
 * has stopped answering delays nobody. Of two that say so the one on the later timeline is right:
 * every promotion begins one, and a primary that was passed over (its manager died, its machine was
 * halted) may not know it yet.
 */
final class Servers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Servers.class);
  private static final Duration BETWEEN = Duration.ofMillis(500);
  private static final Duration BETWEEN_WITHOUT_PRIMARY = Duration.ofMillis(250);

  /**
   * How long a primary that has taken over is left alone. The other nodes find it meanwhile and
   * turn from the former one, which may still answer, before anything is written that it does not
   * know.
   */
  private static final Duration GRACE = Duration.ofSeconds(2);

  /** How long a caller waits here for a primary to come up. */
  private static final Duration WAIT = GRACE.plusSeconds(2);

  private static final Pattern HOSTS = Pattern.compile("(jdbc:postgresql://)([^/?]*,[^/?]*)(.*)");

  /** The number of the server's timeline; 0 if it takes no writes. */
  static final String TIMELINE =
      """
      CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean THEN 0
        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END
      """;

  /** Opens a connection to one server, whatever it is at the moment. */
  interface Opener {
    Connection open(String url) throws SQLException;
  }

  private final class Server {
    final String host;
    final String url;
    // What was last seen, under the lock.
    long timeline;
    String failure = "has not answered yet";
    boolean doubted;

    Server(String host, String url) {
      this.host = host;
      this.url = url;
    }
  }

  private final Opener opener;
  private final LongConsumer promoted;
  private final List<Server> servers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Server primary;
  private long latest;
  private long usableFrom = System.nanoTime();
  private boolean closing;

  /**
   * @param promoted told of the timeline of a primary that was found
   */
  private Servers(List<String> hosts, Matcher url, Opener opener, LongConsumer promoted) {
    this.opener = opener;
    this.promoted = promoted;
    this.servers =
        hosts.stream().map(host -> new Server(host, url.group(1) + host + url.group(3))).toList();
  }

  /** Null if the URL names one server: then there is nothing to choose. */
  static @Nullable Servers of(String url, Opener opener, LongConsumer promoted) {
    Matcher parts = HOSTS.matcher(url);
    if (!parts.matches()) {
      return null;
    }
    List<String> hosts =
        Stream.of(parts.group(2).split(",", -1)).filter(host -> !host.isBlank()).toList();
    Servers all = new Servers(hosts, parts, opener, promoted);
    for (Server server : all.servers) {
      Thread.ofVirtual().name("postgres-watch-" + server.host).start(() -> all.watch(server));
    }
    return all;
  }

  /**
   * The URL of the primary; waits a little for there to be one.
   *
   * @throws SQLException that there is none, and what each server has answered
   */
  String primary() throws SQLException {
    long until = System.nanoTime() + WAIT.toNanos();
    lock.lock();
    try {
      long left = left(until);
      while (left > 0 && !closing) {
        long unused = changed.awaitNanos(left);
        left = left(until);
      }
      if (primary != null) {
        return primary.url;
      }
      throw new SQLException(
          "no server is the primary: "
              + servers.stream().map(this::describe).collect(Collectors.joining("; ")),
          "08001");
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the store's threads", e);
    } finally {
      lock.unlock();
    }
  }

  /** Whether it still is. */
  boolean isPrimary(String url) {
    lock.lock();
    try {
      return primary != null && primary.url.equals(url);
    } finally {
      lock.unlock();
    }
  }

  private String describe(Server server) {
    if (server.timeline == 0) {
      return server.host + " " + server.failure;
    }
    return server.host
        + " was the primary until timeline "
        + latest
        + ", and does not know it on its timeline "
        + server.timeline;
  }

  /** How long a caller is still to wait, who waits for a primary until then. */
  private long left(long until) {
    return (primary == null ? until : usableFrom) - System.nanoTime();
  }

  /** A connection to it could not be made: it is not the primary until it says so again. */
  void doubt(String url) {
    lock.lock();
    try {
      for (Server server : servers) {
        if (server.url.equals(url)) {
          server.timeline = 0;
          server.doubted = true;
          choose();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void watch(Server server) {
    @Nullable Connection connection = null;
    while (true) {
      try {
        if (connection == null) {
          connection = opener.open(server.url);
        }
        seen(server, timeline(connection), "takes no writes");
      } catch (SQLException e) {
        LOG.atDebug()
            .setCause(e)
            .addKeyValue("server", server.host)
            .log("a server does not answer");
        close(connection);
        connection = null;
        seen(server, 0, "says: " + e.getMessage());
      }
      if (pause(server)) {
        close(connection);
        return;
      }
    }
  }

  private static long timeline(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT " + TIMELINE)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static void close(@Nullable Connection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        LOG.atDebug().setCause(e).log("a connection did not close in order");
      }
    }
  }

  private void seen(Server server, long timeline, String otherwise) {
    lock.lock();
    try {
      server.timeline = timeline;
      server.failure = timeline > 0 ? "did not let a connection in" : otherwise;
      server.doubted = false;
      choose();
    } finally {
      lock.unlock();
    }
    if (timeline > 0) {
      promoted.accept(timeline);
    }
  }

  /**
   * One that leads goes on to, unless another is on a later timeline; never one that was passed.
   */
  private void choose() {
    Server best = primary != null && primary.timeline >= latest ? primary : null;
    for (Server server : servers) {
      if (server.timeline >= latest && server.timeline > (best == null ? 0 : best.timeline)) {
        best = server;
      }
    }
    if (best != null && best.timeline > latest) {
      if (latest > 0) {
        usableFrom = System.nanoTime() + GRACE.toNanos();
      }
      latest = best.timeline;
    }
    if (best != null && best != primary) {
      LOG.atInfo()
          .addKeyValue("server", best.host)
          .addKeyValue("timeline", best.timeline)
          .log("the database's primary");
    }
    primary = best;
    changed.signalAll();
  }

  /** Waits before the server is asked again; tells whether it is over. */
  private boolean pause(Server server) {
    lock.lock();
    try {
      long left = (primary == null ? BETWEEN_WITHOUT_PRIMARY : BETWEEN).toNanos();
      while (left > 0 && !closing && !server.doubted) {
        left = changed.awaitNanos(left);
      }
      return closing;
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the store's threads", e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
