package hikyaku.stores.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.postgresql.Driver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens connections to a database that can be written, and to no other. */
final class Connector {
  private static final Logger LOG = LoggerFactory.getLogger(Connector.class);

  /** The oldest release that notices, while it waits for a lock, that its client is gone. */
  private static final int OLDEST_RELEASE = 14;

  private static final String CONNECT_SECONDS = "3";

  private static final String GREET =
      """
      SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
        current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean,
        set_config('search_path', ?, false),
        set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit')
          IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, false),
        set_config('plan_cache_mode', 'force_generic_plan', false),
        set_config('enable_seqscan', 'off', false),
        set_config('jit', 'off', false),
        set_config('client_connection_check_interval', '1s', false)
      """;

  private final PostgresSettings settings;

  /** Once is enough for a process. */
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  Connector(PostgresSettings settings) {
    this.settings = settings;
  }

  /**
   * A connection that commits each statement by itself and durably, whatever the server's defaults
   * are, and that finds plans which do not depend on how full the tables were.
   *
   * @param timeout how long an answer may take; zero for as long as it takes
   */
  Connection open(Duration timeout) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", settings.user());
    properties.setProperty("ApplicationName", "hikyaku");
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("connectTimeout", CONNECT_SECONDS);
    properties.setProperty("loginTimeout", Long.toString(settings.attempt().toSeconds()));
    properties.setProperty("socketTimeout", Long.toString(timeout.toSeconds()));
    properties.setProperty("targetServerType", "primary");
    // A server that was a standby a moment ago may be the primary now.
    properties.setProperty("hostRecheckSeconds", "1");
    properties.setProperty("prepareThreshold", "1");
    if (settings.passwordFile().isPresent()) {
      properties.setProperty("password", password(settings.passwordFile().get()));
    }
    Connection connection = new Driver().connect(settings.url(), properties);
    if (connection == null) {
      throw new SQLException("not a name of a PostgreSQL database: " + settings.url());
    }
    try {
      greet(connection);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
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
        if (row.getBoolean(1)) {
          throw new SQLException("the database takes no writes now", SqlFailure.READ_ONLY);
        }
        if (!row.getBoolean(2) && !WARNED.getAndSet(true)) {
          LOG.atWarn()
              .log(
                  "the database runs with fsync or full_page_writes off: a crash of its machine may"
                      + " lose or damage everything");
        }
      }
    }
  }
}
