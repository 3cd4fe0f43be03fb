package hikyaku.stores.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A database that goes away, comes back, and answers late; with syncs. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class PostgresFaultsTest {
  private static final LogName LOG = new LogName("mailbox/a");
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  @TempDir Path directory;
  private LocalPostgres server;
  private PostgresSettings settings;

  @BeforeEach
  void startServer() throws Exception {
    server = LocalPostgres.start(directory.resolve("pg"), LocalPostgres.Options.DEFAULT);
    settings =
        PostgresSettings.DEFAULT.on(server).waiting(Duration.ofMinutes(4), Duration.ofSeconds(2));
  }

  @AfterEach
  void stopServer() throws Exception {
    server.stop(LocalPostgres.Stop.IMMEDIATE);
  }

  private PostgresStore open() {
    return PostgresStore.open(settings, Clock.systemUTC());
  }

  private static Event event(String text, BlobId... blobs) {
    return new Event(ByteString.copyFromUtf8(text), 1, new Tally(1, 10), List.of(blobs));
  }

  private static Appended make(PostgresStore store, LogName log) {
    return store
        .logs()
        .append(Append.to(log, List.of(event("first"))).expecting(Append.Expect.NEW))
        .orThrow();
  }

  private static BlobId put(PostgresStore store, byte[] content) {
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish().id();
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(server.url(), LocalPostgres.USER, server.password());
  }

  private String ask(String sql) throws SQLException {
    try (Connection connection = connect()) {
      return ask(connection, sql);
    }
  }

  private static String ask(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet row = statement.getResultSet()) {
        return row.next() ? String.valueOf(row.getString(1)) : "";
      }
    }
  }

  /** Kills one of those that append: after the round before they may have to connect first. */
  private void killBackend() throws SQLException {
    Optional<ProcessHandle> backend;
    do {
      String pid =
          ask(
              "SELECT coalesce(min(pid), 0) FROM pg_stat_activity"
                  + " WHERE application_name = 'hikyaku' AND query LIKE '%append_1%'");
      backend = ProcessHandle.of(Long.parseLong(pid));
    } while (backend.isEmpty());
    backend.get().destroyForcibly();
  }

  /**
   * Asks until the answer is yes; the test's time limit is the bound. By one connection and with
   * pauses, for those it waits for want the processor.
   */
  private void until(String sql) throws SQLException {
    try (Connection connection = connect()) {
      while (!ask(connection, sql).equals("t")) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  @Test
  void whatWasAcknowledgedIsThereOnceHoweverTheServerDies() throws Exception {
    try (PostgresStore one = open();
        PostgresStore two = open()) {
      Writers.prepare(one);
      Writers first = new Writers(one, two, 8, "x");
      Writers second = new Writers(two, one, 8, "y");
      for (int round = 0; round < 8; round++) {
        first.acks.acquire(60);
        second.acks.acquire(60);
        switch (round % 4) {
          case 0 -> {
            ProcessHandle process = server.process();
            process.destroyForcibly();
            process.onExit().join();
            server.start();
          }
          case 1 -> {
            server.stop(LocalPostgres.Stop.IMMEDIATE);
            server.start();
          }
          case 2 ->
              ask(
                  "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                      + " WHERE application_name = 'hikyaku'");
          default -> killBackend();
        }
      }
      first.acks.acquire(200);
      second.acks.acquire(200);
      first.end();
      second.end();
      assertThat(Writers.assertKeptOnce(one, first, second)).isGreaterThan(2000);
    }
  }

  @Test
  void aFailoverLosesNothingAndDoublesNothing() throws Exception {
    try (LocalPostgres standby = startStandby()) {
      ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
      ask("SELECT pg_reload_conf()");
      until("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
      settings =
          settings.withUrl(
              "jdbc:postgresql://127.0.0.1:"
                  + server.port()
                  + ",127.0.0.1:"
                  + standby.port()
                  + "/"
                  + LocalPostgres.USER);
      try (PostgresStore store = open()) {
        Writers.prepare(store);
        Writers writers = new Writers(store, store, 8, "x");
        writers.acks.acquire(200);
        ProcessHandle primary = server.process();
        primary.destroyForcibly();
        primary.onExit().join();
        programs(standby.directory())
            .run(
                "pg_ctl",
                List.of("promote", "--wait", "--pgdata=" + standby.directory().resolve("data")));
        writers.acks.acquire(200);
        writers.end();
        assertThat(Writers.assertKeptOnce(store, writers)).isGreaterThan(800);
      }
    }
  }

  private static PostgresPrograms programs(Path place) throws Exception {
    return PostgresPrograms.find(Optional.empty()).orElseThrow().runningIn(place);
  }

  /** A second server that follows the first. */
  private LocalPostgres startStandby() throws Exception {
    Path place = Files.createDirectory(directory.resolve("standby"));
    PostgresPrograms programs = programs(place);
    programs.give(place);
    programs.run(
        "pg_basebackup",
        List.of(
            "--pgdata=" + place.resolve("data"),
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--dbname=host=127.0.0.1 port="
                + server.port()
                + " user="
                + LocalPostgres.USER
                + " password="
                + server.password()));
    Files.copy(server.passwordFile(), place.resolve("password"));
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Files.writeString(place.resolve("port"), Integer.toString(free.getLocalPort()));
    }
    return LocalPostgres.start(place, LocalPostgres.Options.DEFAULT);
  }

  @Test
  void callsWaitForADatabaseThatAnswersLate() throws Exception {
    try (PostgresStore store = open();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection holder = connect();
        Statement statement = holder.createStatement()) {
      make(store, LOG);
      holder.setAutoCommit(false);
      statement.execute("SELECT 1 FROM hikyaku.logs FOR UPDATE");
      Future<Outcome> append =
          threads.submit(() -> store.logs().append(Append.to(LOG, List.of(event("late")))));
      String waiting =
          " FROM pg_stat_activity WHERE query LIKE '%append_1%' AND wait_event_type = 'Lock'";
      until("SELECT count(*) = 1" + waiting);
      String first = ask("SELECT pid" + waiting);
      // The first attempt has been given up, and another waits in its place.
      until("SELECT count(*) > 0" + waiting + " AND pid <> " + first);
      assertThat(append.isDone()).isFalse();
      holder.commit();
      assertThat(append.get().orThrow().lastSeq()).isEqualTo(2);
      assertThat(store.logs().head(LOG).seq()).isEqualTo(2);
      assertThat(store.statistics().failures()).isZero();
    }
  }

  @Test
  void pastTheBoundCallsAreRefusedAndLaterTheyAreTaken() throws Exception {
    BlobId blob;
    try (PostgresStore patient = open()) {
      make(patient, LOG);
      blob = put(patient, new byte[] {1, 2, 3});
    }
    settings = settings.waiting(Duration.ofSeconds(1), Duration.ofSeconds(1));
    try (PostgresStore store = taken(this::open)) {
      assertThat(taken(() -> store.logs().head(LOG)).seq()).isEqualTo(1);
      server.stop(LocalPostgres.Stop.FAST);
      List<Runnable> calls =
          List.of(
              () -> store.logs().append(Append.to(LOG, List.of(event("x", blob)))),
              () -> store.logs().head(LOG),
              () -> store.logs().read(LOG, 0, 10, 10),
              () -> store.logs().drop(LOG),
              () -> store.blobs().list(null, 1));
      for (Runnable call : calls) {
        assertThatThrownBy(call::run).isInstanceOf(StoreException.Unavailable.class);
      }
      server.start();
      assertThat(taken(() -> store.logs().head(LOG)).seq()).isEqualTo(1);
      BlobId again = taken(() -> put(store, new byte[] {1, 2, 3}));
      Append append = Append.to(LOG, List.of(event("x", again))).withKey("x");
      assertThat(taken(() -> store.logs().append(append).orThrow()).lastSeq()).isEqualTo(2);
      List<String> problems =
          taken(() -> {
            List<String> found = new ArrayList<>();
            store.verify(found::add);
            return found;
          });
      assertThat(problems).isEmpty();
    }
  }

  /** What a store says that has little patience, on a machine that may have less. */
  private static <T> T taken(Supplier<T> call) {
    while (true) {
      try {
        return call.get();
      } catch (StoreException.Unavailable again) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  @Test
  void aServerThatTakesNoWritesIsNotTalkedTo() throws Exception {
    try (PostgresStore store = open()) {
      make(store, LOG);
      ask("ALTER DATABASE hikyaku SET default_transaction_read_only = on");
      server.stop(LocalPostgres.Stop.FAST);
      server.start();
      settings = settings.waiting(Duration.ofSeconds(5), Duration.ofSeconds(5));
      assertThatThrownBy(this::open)
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("primary");
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<Head> head = threads.submit(() -> store.logs().head(LOG));
        try (Connection connection = connect();
            Statement statement = connection.createStatement()) {
          statement.execute("SET default_transaction_read_only = off");
          statement.execute("ALTER DATABASE hikyaku RESET default_transaction_read_only");
        }
        assertThat(head.get().seq()).isEqualTo(1);
      }
    }
  }

  @Test
  void aCommitThatNoStandbyHasConfirmedIsNotAcknowledged() throws Exception {
    settings = settings.waiting(Duration.ofMinutes(3), Duration.ofSeconds(60));
    try (PostgresStore store = open();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      make(store, LOG);
      ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
      ask("SELECT pg_reload_conf()");
      until("SELECT current_setting('synchronous_standby_names') = 'nobody'");
      Future<Outcome> append =
          threads.submit(() -> store.logs().append(Append.to(LOG, List.of(event("x")))));
      String waiting =
          " FROM pg_stat_activity WHERE application_name = 'hikyaku' AND wait_event = 'SyncRep'";
      until("SELECT count(*) = 1" + waiting + " AND query LIKE '%append_1%'");
      for (int i = 0; i < 3; i++) {
        String began = ask("SELECT max(query_start)" + waiting);
        ask("SELECT pg_cancel_backend(pid)" + waiting);
        // It asks again, on a connection that has to prove itself, instead of believing it.
        until("SELECT count(*) > 0" + waiting + " AND query_start > '" + began + "'");
        assertThat(append.isDone()).isFalse();
      }
      ask("ALTER SYSTEM RESET synchronous_standby_names");
      ask("SELECT pg_reload_conf()");
      assertThat(append.get().orThrow().lastSeq()).isEqualTo(2);
      assertThat(store.logs().head(LOG).seq()).isEqualTo(2);
    }
  }

  @Test
  void nodesThatStartTogetherMakeTheTablesOnce() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<PostgresStore>> opened = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        opened.add(threads.submit(this::open));
      }
      for (Future<PostgresStore> store : opened) {
        store.get().close();
      }
    }
    assertThat(ask("SELECT count(*) FROM hikyaku.schema_version"))
        .isEqualTo(Integer.toString(Schema.version()));
    ask("INSERT INTO hikyaku.schema_version (version, oldest) VALUES (1000, 1)");
    open().close();
    ask("INSERT INTO hikyaku.schema_version (version, oldest) VALUES (1001, 1001)");
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.Unavailable.class)
        .hasMessageContaining("later release");
  }
}
