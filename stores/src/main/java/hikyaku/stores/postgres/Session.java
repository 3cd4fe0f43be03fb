package hikyaku.stores.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is opened when it is needed, and anew when it broke. Used by one thread;
 * another may close it, which ends what the first waits for.
 */
final class Session implements AutoCloseable {
  private final Connector connector;
  private final Duration timeout;
  private volatile @Nullable Connection connection;

  Session(Connector connector, Duration timeout) {
    this.connector = connector;
    this.timeout = timeout;
  }

  Connection connection() throws SQLException {
    Connection open = connection;
    if (open == null) {
      open = connector.open(timeout);
      connection = open;
    }
    return open;
  }

  /** Whether it was opened before, and may have gone stale since. */
  boolean isOpen() {
    return connection != null;
  }

  @Override
  public void close() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      connector.close(open);
    }
  }
}
