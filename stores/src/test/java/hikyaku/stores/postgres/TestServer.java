package hikyaku.stores.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;

/**
 * One server for the tests of a virtual machine, in a temporary directory, without syncs, and that
 * asks nobody for a password: the proof is most of what a connection costs.
 */
final class TestServer {
  private static final LocalPostgres SERVER = start();

  private TestServer() {}

  private static LocalPostgres start() {
    try {
      Path directory = Files.createTempDirectory("hikyaku-postgres");
      LocalPostgres server =
          LocalPostgres.start(
              directory.resolve("pg"),
              LocalPostgres.Options.DEFAULT
                  .with("fsync", "off")
                  .with("full_page_writes", "off")
                  .with("max_wal_size", "4GB"));
      trustAll(server);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> {
                try {
                  server.stop(LocalPostgres.Stop.IMMEDIATE);
                  PostgresPrograms.delete(directory);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }));
      return server;
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void trustAll(LocalPostgres server) throws IOException, SQLException {
    Files.writeString(
        server.directory().resolve("data/pg_hba.conf"), "host all all 127.0.0.1/32 trust\n");
    try (Connection connection =
            DriverManager.getConnection(server.url(), LocalPostgres.USER, server.password());
        Statement statement = connection.createStatement()) {
      boolean unused = statement.execute("SELECT pg_reload_conf()");
    }
  }

  /** A store of its own for each directory. */
  static PostgresSettings settings(Path directory) {
    String schema = "t" + HexFormat.of().toHexDigits(directory.hashCode());
    return PostgresSettings.DEFAULT.on(SERVER).withSchema(schema);
  }
}
