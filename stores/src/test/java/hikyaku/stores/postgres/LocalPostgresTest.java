package hikyaku.stores.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalPostgresTest {
  @TempDir Path directory;

  private static String ask(LocalPostgres server, String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(server.url(), LocalPostgres.USER, server.password());
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet row = statement.getResultSet()) {
        return row.next() ? row.getString(1) : "";
      }
    }
  }

  @Test
  void isMadeOnceAndKeepsItsDataThroughStopsAndCrashes() throws Exception {
    Path place = directory.resolve("pg");
    LocalPostgres.Options options = LocalPostgres.Options.DEFAULT.with("work_mem", "5MB");
    int port;
    try (LocalPostgres server = LocalPostgres.start(place, options)) {
      port = server.port();
      assertThat(ask(server, "SHOW work_mem")).isEqualTo("5MB");
      assertThat(ask(server, "SHOW fsync")).isEqualTo("on");
      ask(server, "CREATE TABLE t AS SELECT 'kept'::text AS v");
      assertThat(Files.readString(server.passwordFile()).strip()).isEqualTo(server.password());
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(server.passwordFile())))
          .isEqualTo("rw-------");
      server.process().destroyForcibly();
      server.process().onExit().join();
      server.start();
      assertThat(ask(server, "SELECT v FROM t")).isEqualTo("kept");
      server.stop(LocalPostgres.Stop.IMMEDIATE);
      assertThat(server.isRunning()).isFalse();
      server.start();
    }
    try (LocalPostgres again = LocalPostgres.start(place, options)) {
      assertThat(again.port()).isEqualTo(port);
      assertThat(ask(again, "SELECT v FROM t")).isEqualTo("kept");
      LocalPostgres same = LocalPostgres.start(place, options);
      assertThat(same.process().pid()).isEqualTo(again.process().pid());
    }
  }

  @Test
  void letsNobodyInWithoutThePassword() throws Exception {
    try (LocalPostgres server =
        LocalPostgres.start(directory.resolve("pg"), LocalPostgres.Options.DEFAULT)) {
      assertThatThrownBy(
              () -> DriverManager.getConnection(server.url(), LocalPostgres.USER, "guess").close())
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password");
    }
  }

  @Test
  void saysWhyItDoesNotStart() throws Exception {
    LocalPostgres.Options wrong = LocalPostgres.Options.DEFAULT.with("no_such_setting", "1");
    assertThatThrownBy(() -> LocalPostgres.start(directory.resolve("pg"), wrong))
        .isInstanceOf(LocalPostgres.LocalPostgresException.class)
        .hasMessageContaining("no_such_setting");
  }
}
