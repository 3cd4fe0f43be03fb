package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.fixtures.CheapPasswords;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A whole cluster by {@code ./hikyaku up --nodes}, on ports of its own; ends with the test. */
final class LocalCluster implements AutoCloseable {
  static final Path PROGRAM =
      Path.of(System.getProperty("hikyaku.root", ".."), "hikyaku").toAbsolutePath().normalize();
  static final int PATIENCE_SECONDS = 180;

  /** The first and last standard ports that a process of the cluster listens on. */
  private static final int[] STANDARD = {24, 25, 80, 90, 110, 143, 465, 587, 993, 995, 4190};

  private static final int STEP = 1000;

  /** The most nodes that a test starts. */
  private static final int NODES = 3;

  private final Path directory;
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  private final StringBuffer all = new StringBuffer();
  private final int offset = freeOffset();
  private Process keeper;
  private Thread follower;

  @Override
  public void close() throws InterruptedException {
    if (keeper != null && keeper.isAlive()) {
      keeper.toHandle().destroy();
      if (!keeper.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        keeper.descendants().forEach(ProcessHandle::destroyForcibly);
        keeper.destroyForcibly();
      }
    }
  }

  LocalCluster(Path directory) {
    this.directory = directory;
  }

  /** The data directory of all of it. */
  Path data() {
    return directory.resolve("cluster");
  }

  /**
   * For ports of a front and three nodes, below those that {@link
   * hikyaku.fixtures.Machine#freePorts} hands out. Clusters of two offsets have no port in common
   * unless these differ by full thousands, which those of two processes beside each other do not.
   */
  private static int freeOffset() {
    long process = ProcessHandle.current().pid();
    for (int tries = 0; tries < 100; tries++) {
      int thousands = 10 + ThreadLocalRandom.current().nextInt(6);
      int candidate = thousands * STEP + (int) (process % 10) * 100;
      if (isFree(candidate)) {
        return candidate;
      }
    }
    throw new AssertionError("there are no free ports");
  }

  private static boolean isFree(int offset) {
    for (int process = 0; process <= NODES; process++) {
      for (int standard : STANDARD) {
        try (ServerSocket probe = new ServerSocket()) {
          probe.bind(
              new InetSocketAddress(
                  InetAddress.getLoopbackAddress(), offset + process * STEP + standard));
        } catch (IOException taken) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Starts it on a new directory, with settings by which sessions stay where they are, though the
   * machine stands still for a while: no link is given up, and no node is taken for a bad one.
   */
  void startSteady(int nodes) throws Exception {
    Path settings = directory.resolve("steady.toml");
    Files.writeString(
        settings,
        """
        [link]
        silence = "60s"
        patience = "60s"
        greeting = "60s"
        [health]
        enabled = false
        """);
    start(nodes, settings);
  }

  /** Starts it on a new directory. */
  void start(int nodes) throws Exception {
    start(nodes, "");
  }

  /** The same with settings that all have alike. */
  void start(int nodes, Path settings) throws Exception {
    start(nodes, Files.readString(settings));
  }

  private void start(int nodes, String settings) throws Exception {
    Path file = directory.resolve("settings-of-all.toml");
    Files.writeString(file, settings + CheapPasswords.SETTINGS);
    up(
        "--nodes",
        Integer.toString(nodes),
        "--ports",
        Integer.toString(offset),
        "--config",
        file.toString());
  }

  void up(String... more) throws Exception {
    List<String> line =
        new ArrayList<>(List.of(PROGRAM.toString(), "up", "--data", data().toString()));
    line.addAll(List.of(more));
    keeper =
        new ProcessBuilder(line).directory(directory.toFile()).redirectErrorStream(true).start();
    Process started = keeper;
    follower =
        Thread.ofVirtual()
            .start(() -> {
              try (BufferedReader lines = started.inputReader(StandardCharsets.UTF_8)) {
                for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                  all.append(text).append('\n');
                  said.add(text);
                }
              } catch (IOException e) {
                all.append(e).append('\n');
              }
            });
    await("The cluster is ready");
  }

  /** Waits until the keeper says a line with this in it, which is given back. */
  String await(String words) throws Exception {
    while (true) {
      String line = said.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (line == null) {
        throw new AssertionError("not said: " + words + "; but:\n" + all + logs());
      }
      if (line.contains(words)) {
        return line;
      }
    }
  }

  String logs() throws IOException {
    StringBuilder text = new StringBuilder();
    try (var files = Files.newDirectoryStream(data(), "*.log")) {
      for (Path file : files) {
        text.append("--- ").append(file).append('\n').append(Files.readString(file));
      }
    }
    return text.toString();
  }

  Ran command(String... words) throws Exception {
    return tell("", words);
  }

  /** Runs one of the program's commands with something on its standard input. */
  Ran tell(String input, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(PROGRAM.toString()));
    line.addAll(List.of(words));
    line.addAll(List.of("--data", data().toString()));
    return Ran.in(
        Duration.ofSeconds(PATIENCE_SECONDS),
        directory,
        Map.of(),
        input,
        line.toArray(String[]::new));
  }

  /** A command on the directory of one node, as if it were alone on its machine. */
  Ran commandOf(String node, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(PROGRAM.toString()));
    line.addAll(List.of(words));
    line.addAll(List.of("--config", data().resolve(node + ".toml").toString()));
    return Ran.in(directory, Map.of(), "", line.toArray(String[]::new));
  }

  Path program() {
    return PROGRAM;
  }

  String ok(String... words) throws Exception {
    return command(words).ok().output();
  }

  ProcessHandle process(String name) throws IOException {
    Matcher process =
        Pattern.compile("\"process\":([0-9]+)")
            .matcher(Files.readString(data().resolve(name).resolve("admin.json")));
    assertThat(process.find()).isTrue();
    return ProcessHandle.of(Long.parseLong(process.group(1))).orElseThrow();
  }

  ProcessHandle postgres() throws IOException {
    Path file = data().resolve("postgres/data/postmaster.pid");
    return ProcessHandle.of(Long.parseLong(Files.readAllLines(file).getFirst().strip()))
        .orElseThrow();
  }

  String password() {
    return password("alice@demo.test");
  }

  /** The password of a demo account. */
  String password(String account) {
    Matcher password = Pattern.compile(Pattern.quote(account) + " +([a-z0-9-]+)").matcher(all);
    assertThat(password.find()).isTrue();
    return password.group(1);
  }

  int port(int process, int standard) {
    return offset + process * STEP + standard;
  }

  /** Asks until the table of nodes says so of a node. */
  void awaitState(String name, String state) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    String table = ok("nodes");
    while (!Pattern.compile("(?m)^" + name + " +" + state + " ").matcher(table).find()) {
      assertThat(System.nanoTime()).as(table).isLessThan(deadline);
      Ran.pause();
      table = ok("nodes");
    }
  }

  /** All that the keeper has said. */
  String said() {
    return all.toString();
  }

  /** The process that looks after the others. */
  Process keeper() {
    return keeper;
  }

  /** Waits until the keeper's output has been read to its end. */
  void awaitSilence() throws InterruptedException {
    follower.join();
  }
}
