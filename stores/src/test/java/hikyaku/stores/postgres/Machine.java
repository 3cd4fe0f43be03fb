package hikyaku.stores.postgres;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Where a test runs servers that are not ours: this machine, or a network namespace that stands for
 * another one. It depends on the Java platform alone, so that tests of the built program can use
 * it.
 *
 * @param address where what runs there is reached
 * @param entry the beginning of a command line that runs the rest there; the process is that of the
 *     program itself
 */
public record Machine(String address, List<String> entry) {
  /** This one, by loopback. */
  public static final Machine HERE = new Machine("127.0.0.1", List.of());

  private static final String RELEASES = "/usr/lib/postgresql";
  private static final String DATABASE_USER = "postgres";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final int PORTS_OF_A_PROCESS = 100;

  /** Processes that run at the same time mostly have numbers that are not far from each other. */
  private static final int OWN_PORTS =
      23_000 + PORTS_OF_A_PROCESS * (int) (ProcessHandle.current().pid() % 90);

  private static int nextPort;

  public Machine {
    entry = List.copyOf(entry);
  }

  /**
   * A command line that runs there.
   *
   * @param command the program and its arguments
   */
  public List<String> line(List<String> command) {
    List<String> line = new ArrayList<>(entry);
    line.addAll(command);
    return line;
  }

  /**
   * Starts a program that stays, with nothing to read.
   *
   * @param log what it says is added to this file
   */
  public Process launch(Path log, List<String> command) throws IOException {
    return builder(command).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
  }

  /**
   * Runs a program to its end.
   *
   * @return what it said
   * @throws IOException with that, if it does not end with 0
   */
  public String run(List<String> command) throws IOException, InterruptedException {
    Process process = builder(command).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status != 0) {
      throw new IOException(command.getFirst() + " has ended with " + status + ": " + said);
    }
    return said;
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder =
        new ProcessBuilder(line(command))
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    // Of Debian's etcd on machines that it was not built for first.
    builder.environment().put("ETCD_UNSUPPORTED_ARCH", System.getProperty("os.arch"));
    builder.environment().keySet().removeIf(variable -> variable.startsWith("PG"));
    return builder;
  }

  // ---- PostgreSQL

  /** Where the programs of its newest release are. */
  public static Path postgresPrograms() throws IOException {
    try (Stream<Path> releases = Files.list(Path.of(RELEASES))) {
      return releases
          .map(release -> release.resolve("bin"))
          .filter(programs -> Files.isExecutable(programs.resolve("pg_ctl")))
          .max(
              Comparator.comparingInt(
                  programs -> Integer.parseInt(programs.getParent().getFileName().toString())))
          .orElseThrow(() -> new IOException("PostgreSQL's server programs are not installed"));
    }
  }

  /** Whether what PostgreSQL's user must own has to be given to it. */
  public static boolean hasDatabaseUser() {
    return "root".equals(System.getProperty("user.name"));
  }

  /** Gives a file or directory to PostgreSQL's user, if there is a need. */
  public static void giveToDatabaseUser(Path path) throws IOException {
    if (hasDatabaseUser()) {
      Files.setOwner(
          path,
          path.getFileSystem()
              .getUserPrincipalLookupService()
              .lookupPrincipalByName(DATABASE_USER));
    }
  }

  /**
   * A command line of PostgreSQL's user: its servers refuse to run as root. They may pass
   * directories that are closed to others.
   */
  public static List<String> asDatabaseUser(String... command) {
    List<String> line = new ArrayList<>();
    if (hasDatabaseUser()) {
      line.addAll(
          List.of(
              "setpriv",
              "--reuid=" + DATABASE_USER,
              "--regid=" + DATABASE_USER,
              "--init-groups",
              "--inh-caps=+dac_override",
              "--ambient-caps=+dac_override",
              "--"));
    }
    line.addAll(List.of(command));
    return line;
  }

  // ---- processes and ports, wherever they are

  /** A process and all below it. */
  static List<Long> tree(ProcessHandle top) {
    List<Long> all = new ArrayList<>(List.of(top.pid()));
    top.descendants().forEach(handle -> all.add(handle.pid()));
    return all;
  }

  /** Sends a signal to processes, of which some may have ended meanwhile. */
  static void signal(String which, Collection<Long> processes)
      throws IOException, InterruptedException {
    if (processes.isEmpty()) {
      return;
    }
    List<String> command = new ArrayList<>(List.of("kill", "-" + which));
    processes.forEach(process -> command.add(Long.toString(process)));
    int unused =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
  }

  static void awaitEnd(Collection<Long> processes) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (long pid : processes) {
      while (ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("process " + pid + " does not end");
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
  }

  /**
   * Ports on loopback that nobody listens on, for servers that are about to start. They are below
   * those that the system gives to connections, and each test process hands out its own, one after
   * the other: what runs beside it cannot take them before the server does.
   *
   * @param count how many, at most {@value #PORTS_OF_A_PROCESS}
   * @throws IOException if there are not so many
   */
  public static synchronized List<Integer> freePorts(int count) throws IOException {
    List<Integer> free = new ArrayList<>();
    for (int tried = 0; free.size() < count; tried++) {
      if (tried == PORTS_OF_A_PROCESS) {
        throw new IOException("of the ports from " + OWN_PORTS + ", " + free.size() + " are free");
      }
      int port = OWN_PORTS + nextPort++ % PORTS_OF_A_PROCESS;
      try {
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
        free.add(port);
      } catch (BindException taken) {
        continue;
      }
    }
    return free;
  }
}
