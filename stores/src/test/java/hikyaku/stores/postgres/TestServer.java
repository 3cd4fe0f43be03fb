package hikyaku.stores.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** One server for the tests of a virtual machine, in a temporary directory, without syncs. */
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
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A store of its own for each directory. */
  static PostgresSettings settings(Path directory) {
    String schema = "t" + HexFormat.of().toHexDigits(directory.hashCode());
    return PostgresSettings.DEFAULT.on(SERVER).withSchema(schema);
  }
}
