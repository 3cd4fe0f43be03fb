package hikyaku.stores.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * A private PostgreSQL server in a directory: made when it is not there, started, stopped. It
 * listens on loopback alone and lets in who knows the password that is kept beside the data.
 *
 * <pre>
 * data/      the cluster (initdb)
 * password   of the user {@value #USER} (mode 0600)
 * port       where it listens, the same at every start
 * log        what the server said
 * </pre>
 *
 * <p>PostgreSQL refuses to run as root. Root starts it as the user {@code postgres} (or {@code
 * nobody}), who is given the directory; if that user cannot get there because a directory above is
 * closed to others, the server keeps the right to pass ({@code CAP_DAC_OVERRIDE}).
 *
 * <p>Used by one thread at a time.
 */
public final class LocalPostgres implements AutoCloseable {
  /** The role that owns everything, and the name of its database. */
  public static final String USER = "hikyaku";

  private static final int PASSWORD_OCTETS = 24;
  private static final Duration LEFT_BEHIND = Duration.ofSeconds(20);

  /** How the server ends. */
  public enum Stop {
    /** Sessions are cut off, and everything is written out. */
    FAST,
    /** At once, as in a crash: the next start recovers from the write-ahead log. */
    IMMEDIATE
  }

  /**
   * How the server runs.
   *
   * @param port on 127.0.0.1, or 0 for one that is free when the cluster is made
   * @param settings of PostgreSQL ({@code postgresql.conf}), over its defaults
   */
  public record Options(int port, Map<String, String> settings) {
    /** Durable, with room for several nodes. */
    public static final Options DEFAULT = new Options(0, Map.of("max_connections", "200"));

    public Options {
      settings = Map.copyOf(settings);
    }

    public Options withPort(int newPort) {
      return new Options(newPort, settings);
    }

    public Options with(String name, String value) {
      Map<String, String> more = new TreeMap<>(settings);
      more.put(name, value);
      return new Options(port, more);
    }
  }

  /** The server could not be made or started; the message says why, for an operator. */
  public static final class LocalPostgresException extends IOException {
    LocalPostgresException(String message) {
      super(message);
    }

    LocalPostgresException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private final Path directory;
  private final Path data;
  private final PostgresPrograms programs;
  private final Options options;
  private final int port;
  private final String password;

  private LocalPostgres(
      Path directory, PostgresPrograms programs, Options options, int port, String password) {
    this.directory = directory;
    this.data = directory.resolve("data");
    this.programs = programs;
    this.options = options;
    this.port = port;
    this.password = password;
  }

  /** Whether PostgreSQL's server programs are on this machine (Debian: {@code postgresql}). */
  public static boolean isInstalled() {
    return PostgresPrograms.find(Optional.empty()).isPresent();
  }

  /**
   * Makes the cluster if it is not there, and starts the server; one that already runs on the
   * directory is taken as it is.
   *
   * @throws LocalPostgresException if PostgreSQL is not installed, or does not start
   */
  public static LocalPostgres start(Path directory, Options options) throws IOException {
    Path place = directory.toAbsolutePath().normalize();
    LocalPostgres server =
        Files.exists(place.resolve("data").resolve("PG_VERSION"))
            ? existing(place, options)
            : make(place, options);
    server.start();
    return server;
  }

  private static LocalPostgres existing(Path place, Options options) throws IOException {
    String version = Files.readString(place.resolve("data").resolve("PG_VERSION")).strip();
    PostgresPrograms programs =
        PostgresPrograms.find(Optional.of(version))
            .orElseThrow(() ->
                new LocalPostgresException(
                    place + " was made by PostgreSQL " + version + ", which is not installed"));
    int port = Integer.parseInt(Files.readString(place.resolve("port")).strip());
    String password = Files.readString(place.resolve("password")).strip();
    return new LocalPostgres(place, programs.runningIn(place), options, port, password);
  }

  /** Makes the cluster beside its place and moves it there, so that half of one is never met. */
  private static LocalPostgres make(Path place, Options options) throws IOException {
    PostgresPrograms found =
        PostgresPrograms.find(Optional.empty())
            .orElseThrow(() ->
                new LocalPostgresException(
                    "PostgreSQL's server programs are not installed (Debian: apt-get install"
                        + " postgresql)"));
    Files.createDirectories(
        place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    int port = options.port() == 0 ? freePort() : options.port();
    byte[] secret = new byte[PASSWORD_OCTETS];
    new SecureRandom().nextBytes(secret);
    String password = HexFormat.of().formatHex(secret);
    Path passwordFile = place.resolve("password");
    Files.deleteIfExists(passwordFile);
    Files.createFile(
        passwordFile,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(passwordFile, password + "\n");
    Files.writeString(place.resolve("port"), port + "\n");
    PostgresPrograms programs = found.runningIn(place);
    programs.give(place);
    programs.give(passwordFile);
    Path fresh = place.resolve("data.new");
    PostgresPrograms.delete(fresh);
    programs.run(
        "initdb",
        List.of(
            "--pgdata=" + fresh,
            "--username=" + USER,
            "--pwfile=" + passwordFile,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions"));
    Files.move(fresh, place.resolve("data"));
    return new LocalPostgres(place, programs, options, port, password);
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  /** Starts the server, unless it runs, and returns when it takes connections. */
  public void start() throws IOException {
    if (!isRunning()) {
      List<String> settings = new ArrayList<>();
      setting(settings, "port", Integer.toString(port));
      setting(settings, "listen_addresses", "127.0.0.1");
      setting(settings, "unix_socket_directories", "");
      options.settings().forEach((name, value) -> setting(settings, name, value));
      launch(String.join(" ", settings));
    }
    makeDatabase();
  }

  /** After a crash the processes that the last server left may take a moment to end. */
  private void launch(String settings) throws IOException {
    Path log = directory.resolve("log");
    long until = System.nanoTime() + LEFT_BEHIND.toNanos();
    while (true) {
      long before = Files.exists(log) ? Files.size(log) : 0;
      try {
        programs.run(
            "pg_ctl",
            List.of(
                "start", "--wait", "--pgdata=" + data, "--log=" + log, "--options=" + settings));
        return;
      } catch (LocalPostgresException e) {
        String said = said(log, before);
        if (!said.contains("pre-existing shared memory") || System.nanoTime() > until) {
          throw new LocalPostgresException(
              "PostgreSQL in " + directory + " does not start: " + said, e);
        }
      }
    }
  }

  /** What was added to the log. */
  private static String said(Path log, long before) throws IOException {
    if (!Files.exists(log)) {
      return "it said nothing";
    }
    byte[] all = Files.readAllBytes(log);
    int from = (int) Math.max(before, all.length - 2000L);
    return new String(all, from, all.length - from, StandardCharsets.UTF_8).strip();
  }

  private static void setting(List<String> settings, String name, String value) {
    if (!name.matches("[a-z_.]+") || value.contains("'")) {
      throw new IllegalArgumentException("setting " + name + " = " + value);
    }
    settings.add("-c " + name + "='" + value + "'");
  }

  private void makeDatabase() throws LocalPostgresException {
    Properties login = new Properties();
    login.setProperty("user", USER);
    login.setProperty("password", password);
    try (Connection connection = DriverManager.getConnection(url("postgres"), login);
        Statement statement = connection.createStatement()) {
      boolean there;
      try (ResultSet row =
          statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + USER + "'")) {
        there = row.next();
      }
      if (!there) {
        statement.execute("CREATE DATABASE " + USER);
      }
    } catch (SQLException e) {
      throw new LocalPostgresException(
          "PostgreSQL in "
              + directory
              + " does not take connections on port "
              + port
              + "; its log is "
              + directory.resolve("log"),
          e);
    }
  }

  /** Whether the server runs. */
  public boolean isRunning() throws IOException {
    return programs.succeeds("pg_ctl", List.of("status", "--pgdata=" + data));
  }

  /** Stops the server and returns when it is gone; does nothing if it does not run. */
  public void stop(Stop how) throws IOException {
    if (isRunning()) {
      programs.run(
          "pg_ctl",
          List.of(
              "stop",
              "--wait",
              "--pgdata=" + data,
              "--mode=" + how.name().toLowerCase(Locale.ROOT)));
    }
  }

  /** The process of the server (its postmaster), as its directory tells it. */
  public ProcessHandle process() throws IOException {
    try (var lines = Files.lines(data.resolve("postmaster.pid"))) {
      long pid = Long.parseLong(lines.findFirst().orElse("").strip());
      return ProcessHandle.of(pid)
          .orElseThrow(() -> new LocalPostgresException("process " + pid + " is gone"));
    }
  }

  public Path directory() {
    return directory;
  }

  public int port() {
    return port;
  }

  /** JDBC's name of the database of {@value #USER}. */
  public String url() {
    return url(USER);
  }

  /** JDBC's name of a database. */
  public String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  /** The password of {@value #USER}. */
  public String password() {
    return password;
  }

  /** The file with the password, for those who are to read it themselves. */
  public Path passwordFile() {
    return directory.resolve("password");
  }

  /** Stops the server in order. */
  @Override
  public void close() {
    try {
      stop(Stop.FAST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
