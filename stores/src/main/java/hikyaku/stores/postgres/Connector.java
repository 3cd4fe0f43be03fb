package hikyaku.stores.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens connections to the database's primary, and to no other server.
 *
 * <p>Nothing is asked on a connection before a commit on it was confirmed as writes are: a former
 * primary that does not know it yet cannot give that, and what a crash recovery has made visible on
 * a primary is on its standby by then. As soon as a primary of a later timeline is met, whatever is
 * open to one of an earlier timeline is cut off.
 */
final class Connector implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Connector.class);

  /** The oldest release that notices, while it waits for a lock, that its client is gone. */
  private static final int OLDEST_RELEASE = 14;

  private static final String CONNECT_SECONDS = "3";

  /** How often it is looked whether a server that lets nobody in is still the primary. */
  private static final Duration LOOK = Duration.ofMillis(200);

  private static final String GREET =
      "SELECT "
          + Servers.TIMELINE
          + """
          ,
            current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean,
            set_config('search_path', ?, false),
            set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit')
              IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, false),
            set_config('plan_cache_mode', 'force_generic_plan', false),
            set_config('enable_seqscan', 'off', false),
            set_config('jit', 'off', false),
            set_config('client_connection_check_interval', '1s', false)
          """;

  /** Something to commit that leaves no trace. */
  private static final String PROVE = "SELECT pg_logical_emit_message(true, 'hikyaku', '')";

  private final PostgresSettings settings;
  private final @Nullable Servers servers;
  private final ReentrantLock lock = new ReentrantLock();

  /** Open connections, with the timeline of the server when they were opened. */
  private final Map<Connection, Long> open = new HashMap<>();

  private long latest;

  /** Once is enough for a process. */
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  Connector(PostgresSettings settings) {
    this.settings = settings;
    this.servers = Servers.of(settings.url(), url -> connect(url, "any"), this::met);
  }

  /**
   * A connection that commits each statement by itself and durably, whatever the server's defaults
   * are, and that finds plans which do not depend on how full the tables were.
   *
   * @param timeout how long an answer may take; zero for as long as it takes
   */
  Connection open(Duration timeout) throws SQLException {
    Connection connection = toPrimary();
    try {
      greet(connection);
      prove(connection);
      connection.setNetworkTimeout(Runnable::run, (int) timeout.toMillis());
      return connection;
    } catch (SQLException e) {
      close(connection);
      throw e;
    }
  }

  private Connection toPrimary() throws SQLException {
    if (servers == null) {
      return connect(settings.url(), "primary");
    }
    String url = servers.primary();
    try {
      return connectWhile(servers, url);
    } catch (SQLException e) {
      servers.doubt(url);
      throw e;
    }
  }

  /** Connects to a server that may be halted, but no longer than it is the primary. */
  private Connection connectWhile(Servers all, String url) throws SQLException {
    CompletableFuture<Connection> made = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("postgres-connect")
        .start(() -> {
          try {
            made.complete(connect(url, "primary"));
          } catch (SQLException | RuntimeException e) {
            made.completeExceptionally(e);
          }
        });
    try {
      while (all.isPrimary(url)) {
        try {
          return made.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          LOG.atTrace().log("a server has not let a connection in yet");
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the store's threads", e);
    }
    CompletableFuture<Void> unused = made.thenAccept(this::close);
    throw new SQLException("another server has become the primary", "08001");
  }

  private Connection connect(String url, String type) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", settings.user());
    properties.setProperty("ApplicationName", "hikyaku");
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("connectTimeout", CONNECT_SECONDS);
    properties.setProperty("loginTimeout", Long.toString(settings.attempt().toSeconds()));
    properties.setProperty("socketTimeout", Long.toString(settings.attempt().toSeconds()));
    properties.setProperty("targetServerType", type);
    // A server that was a standby a moment ago may be the primary now.
    properties.setProperty("hostRecheckSeconds", "0");
    properties.setProperty("prepareThreshold", "1");
    if (settings.passwordFile().isPresent()) {
      properties.setProperty("password", password(settings.passwordFile().get()));
    }
    Connection connection = new Driver().connect(url, properties);
    if (connection == null) {
      throw new SQLException("not a name of a PostgreSQL database: " + url);
    }
    return connection;
  }

  private static String password(Path file) throws SQLException {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new SQLException("the password file " + file + " cannot be read", e);
    }
  }

  private void greet(Connection connection) throws SQLException {
    int release = connection.getMetaData().getDatabaseMajorVersion();
    if (release < OLDEST_RELEASE) {
      throw new SQLException(
          "the database is PostgreSQL " + release + "; " + OLDEST_RELEASE + " or later is needed");
    }
    try (PreparedStatement statement = connection.prepareStatement(GREET)) {
      statement.setString(1, settings.schema());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        if (row.getLong(1) == 0) {
          throw new SQLException("the database takes no writes now", SqlFailure.READ_ONLY);
        }
        if (!row.getBoolean(2) && !WARNED.getAndSet(true)) {
          LOG.atWarn()
              .log(
                  "the database runs with fsync or full_page_writes off: a crash of its machine may"
                      + " lose or damage everything");
        }
        admit(connection, row.getLong(1));
      }
    }
  }

  private static void prove(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean unused = statement.execute(PROVE);
      Confirmation.require(statement);
    }
  }

  private void admit(Connection connection, long timeline) throws SQLException {
    met(timeline);
    lock.lock();
    try {
      if (timeline < latest) {
        throw new SQLException(
            "the server is on timeline " + timeline + ", and the primary on " + latest,
            SqlFailure.READ_ONLY);
      }
      open.put(connection, timeline);
    } finally {
      lock.unlock();
    }
  }

  /** A primary was met. What is open to one of an earlier timeline would tell of the past. */
  private void met(long timeline) {
    lock.lock();
    try {
      if (timeline <= latest) {
        return;
      }
      latest = timeline;
      for (Connection connection : Map.copyOf(open).keySet()) {
        if (open.getOrDefault(connection, timeline) < timeline) {
          open.remove(connection);
          cutOff(connection);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private static void cutOff(Connection connection) {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      LOG.atDebug().setCause(e).log("a connection was not cut off in order");
    }
  }

  /** Closes a connection that was opened here. */
  void close(Connection connection) {
    lock.lock();
    try {
      open.remove(connection);
    } finally {
      lock.unlock();
    }
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.atDebug().setCause(e).log("a connection did not close in order");
    }
  }

  /** Looks for the primary no more. */
  @Override
  public void close() {
    if (servers != null) {
      servers.close();
    }
  }
}
