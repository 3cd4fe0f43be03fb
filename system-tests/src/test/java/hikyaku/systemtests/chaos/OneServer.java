package hikyaku.systemtests.chaos;

import hikyaku.fixtures.Machine;
import hikyaku.fixtures.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One PostgreSQL server. */
final class OneServer implements Database {
  static final String HOST = "db";
  private static final String USER = "hikyaku";
  private static final long READY_MILLIS = 60_000;

  private final Network network;
  private final Machine machine;
  private final Path data;
  private final Path log;
  private final Path programs;

  OneServer(Network network, Path directory) throws IOException {
    this.network = network;
    this.machine = network.machine(HOST);
    this.data = directory.resolve("data");
    this.log = directory.resolve("log");
    this.programs = Machine.postgresPrograms();
    Files.createDirectories(directory);
  }

  @Override
  public List<String> servers() {
    return List.of(HOST);
  }

  private String program(String name) {
    return programs.resolve(name).toString();
  }

  @Override
  public void make() throws IOException, InterruptedException {
    machine.run(
        Machine.asDatabaseUser(
            program("initdb"),
            "--pgdata=" + data,
            "--username=" + USER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions"));
    Path access = data.resolve("pg_hba.conf");
    Files.writeString(
        access, Files.readString(access) + "host all all " + Network.subnet() + " trust\n");
    start();
    machine.run(
        Machine.asDatabaseUser(
            program("createdb"), "--host=127.0.0.1", "--username=" + USER, USER));
  }

  /** Starts it and returns when it takes connections. */
  void start() throws IOException, InterruptedException {
    Process process =
        machine.launch(
            log,
            Machine.asDatabaseUser(
                program("postgres"),
                "-D",
                data.toString(),
                "-c",
                "listen_addresses=*",
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=200"));
    long deadline = System.nanoTime() + READY_MILLIS * 1_000_000;
    while (true) {
      try {
        machine.run(List.of(program("pg_isready"), "--host=127.0.0.1"));
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

  @Override
  public String settings() {
    return "url = \"jdbc:postgresql://" + machine.address() + ":5432/" + USER + "\"";
  }
}
