package hikyaku.systemtests.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** PostgreSQL on a machine of its own. */
final class Database {
  static final String HOST = "db";
  static final String USER = "hikyaku";
  private static final long READY_MILLIS = 60_000;

  private final Network network;
  private final Path data;
  private final Path log;
  private final Path programs;

  Database(Network network, Path directory) throws IOException {
    this.network = network;
    this.data = directory.resolve("data");
    this.log = directory.resolve("log");
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      programs =
          versions
              .max(Comparator.comparingInt(path -> Integer.parseInt(path.getFileName().toString())))
              .orElseThrow()
              .resolve("bin");
    }
    Files.createDirectories(directory);
  }

  /**
   * PostgreSQL refuses to run as root; whoever it runs as may pass directories closed to others.
   */
  private String[] asItsUser(String program, String... arguments) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override",
                programs.resolve(program).toString()));
    line.addAll(List.of(arguments));
    return line.toArray(String[]::new);
  }

  void make() throws IOException, InterruptedException {
    Network.ok(
        network.in(
            HOST,
            asItsUser(
                "initdb",
                "--pgdata=" + data,
                "--username=" + USER,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions")),
        "");
    Path access = data.resolve("pg_hba.conf");
    Files.writeString(
        access, Files.readString(access) + "host all all " + Network.subnet() + " trust\n");
    start();
    Network.ok(
        network.in(HOST, asItsUser("createdb", "--host=127.0.0.1", "--username=" + USER, USER)),
        "");
  }

  /** Starts it and returns when it takes connections. */
  void start() throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            network.in(
                HOST,
                asItsUser(
                    "postgres",
                    "-D",
                    data.toString(),
                    "-c",
                    "listen_addresses=*",
                    "-c",
                    "unix_socket_directories=",
                    "-c",
                    "max_connections=200")));
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Process process = builder.start();
    process.getOutputStream().close();
    long deadline = System.nanoTime() + READY_MILLIS * 1_000_000;
    while (true) {
      try {
        Network.ok(
            network.in(HOST, programs.resolve("pg_isready").toString(), "--host=127.0.0.1"), "");
        return;
      } catch (IOException notYet) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new IOException("PostgreSQL does not start; " + log + " says why", notYet);
        }
        Thread.sleep(50);
      }
    }
  }

  /** Power is lost. */
  void kill() throws IOException, InterruptedException {
    while (!network.processes(HOST).isEmpty()) {
      network.signal(HOST, "KILL");
      Thread.sleep(20);
    }
  }

  /** Halts all of it, or lets it go on. */
  void halt(boolean halted) throws IOException, InterruptedException {
    network.signal(HOST, halted ? "STOP" : "CONT");
  }

  String url() {
    return "jdbc:postgresql://" + network.address(HOST) + ":5432/" + USER;
  }
}
