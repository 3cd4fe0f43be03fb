package hikyaku.stores.postgres;

import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Brings the tables up to the version that this program knows.
 *
 * <p>A migration only adds, so nodes of the release before go on beside it; its functions are new
 * ones, under names that end in their version. One that must break with an older release says so
 * ({@code oldest}), and that release then refuses to open the store. Nodes that start together wait
 * for each other on an advisory lock; each migration is a transaction.
 */
final class Schema {
  /** "hikyaku" in ASCII, the last octet left out: the advisory lock's number. */
  private static final long LOCK = 0x68696b79616bL;

  /**
   * A step.
   *
   * @param version that it leads to
   * @param oldest the version of the oldest program that can work with the tables after it
   */
  private record Migration(int version, int oldest) {
    String sql() {
      String name = "schema-" + version + ".sql";
      try (InputStream file = Schema.class.getResourceAsStream(name)) {
        if (file == null) {
          throw new IllegalStateException("the program lacks " + name);
        }
        return new String(file.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final List<Migration> MIGRATIONS =
      List.of(new Migration(1, 1), new Migration(2, 1));

  private Schema() {}

  /** The version that this program knows. */
  static int version() {
    return MIGRATIONS.getLast().version();
  }

  /**
   * Does what is missing. Doing it again changes nothing.
   *
   * @throws StoreException.Unavailable if a later release has made tables that this one must not
   *     use
   */
  static Boolean migrate(Connection connection, String schema) throws SQLException {
    if (isCurrent(connection, schema)) {
      return true;
    }
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
      statement.execute("CREATE SCHEMA IF NOT EXISTS " + schema);
      statement.execute(
          """
          CREATE TABLE IF NOT EXISTS schema_version (
            version integer PRIMARY KEY,
            oldest integer NOT NULL,
            applied timestamptz NOT NULL DEFAULT now())
          """);
      int there = there(statement);
      for (Migration migration : MIGRATIONS) {
        if (migration.version() > there) {
          statement.execute(migration.sql());
          try (PreparedStatement note =
              connection.prepareStatement(
                  "INSERT INTO schema_version (version, oldest) VALUES (?, ?)")) {
            note.setInt(1, migration.version());
            note.setInt(2, migration.oldest());
            note.execute();
          }
        }
      }
      connection.commit();
      return true;
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  /** Looks without a right to make anything, which a node's role may not have. */
  private static boolean isCurrent(Connection connection, String schema) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                "SELECT to_regclass('" + schema + ".schema_version') IS NOT NULL")) {
      found.next();
      return found.getBoolean(1) && there(statement) >= version();
    }
  }

  private static int there(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT coalesce(max(version), 0), coalesce(max(oldest), 0) FROM schema_version")) {
      row.next();
      if (row.getInt(2) > version()) {
        throw new StoreException.Unavailable(
            "the tables have version "
                + row.getInt(1)
                + ", made by a later release; this one knows version "
                + version(),
            null);
      }
      return row.getInt(1);
    }
  }
}
