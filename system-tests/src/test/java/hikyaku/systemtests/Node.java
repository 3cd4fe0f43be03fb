package hikyaku.systemtests;

import hikyaku.fixtures.CheapPasswords;
import hikyaku.fixtures.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A node: a data directory, ports of its own, and the program when it runs. */
final class Node implements AutoCloseable {
  static final String PASSWORD = "correct-horse-1";

  private static final Path ROOT = root();
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration DOWNLOAD = Duration.ofMinutes(5);
  private static final int LOG_SHOWN = 20_000;
  private static final Queue<Node> ALL = new ConcurrentLinkedQueue<>();

  /** What a node listens on; the name in lower case is that of the setting. */
  enum Port {
    SMTP,
    SUBMISSION,
    SUBMISSIONS,
    LMTP,
    POP3,
    POP3S,
    IMAP,
    IMAPS,
    MANAGESIEVE,
    ADMIN
  }

  /** An account of the node, whose password is {@link #PASSWORD}. */
  record Account(String address) {
    String password() {
      return PASSWORD;
    }
  }

  private final Path directory;
  private final Path config;

  private final Machine machine;
  private final Map<String, String> environment;
  private final Map<Port, Integer> ports = new EnumMap<>(Port.class);
  private final AtomicInteger accounts = new AtomicInteger();
  private final StringBuffer log = new StringBuffer();
  private Process process;
  private Thread follower;

  private Node(Path directory, Machine machine, Map<String, String> environment) {
    this.directory = directory;
    this.config = directory.resolve("hikyaku.toml");
    this.machine = machine;
    this.environment = environment;
  }

  /**
   * A node that does not run yet, on another machine, with a fresh data directory.
   *
   * @param settings its whole configuration
   * @param environment more of it for the program, there
   */
  static Node on(Machine machine, Path directory, String settings, Map<String, String> environment)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    installClients(directory);
    Node node = new Node(directory, machine, Map.copyOf(environment));
    Files.writeString(node.config, settings);
    return node;
  }

  /**
   * Where servers of others are unpacked, each in a directory that is called as its package; they
   * are if they were not.
   *
   * @param directory for what is said meanwhile
   */
  static Path unpackedServers(Path directory) throws IOException, InterruptedException {
    Path servers = ROOT.resolve("target/servers");
    Ran.in(
            DOWNLOAD,
            directory,
            Map.of(),
            "",
            ROOT.resolve("system-tests/unpack-servers").toString(),
            servers.toString())
        .ok();
    return servers;
  }

  /**
   * An environment in which a program's clock goes ahead; durations stay what they are.
   *
   * @param directory for what is said meanwhile
   * @param by how much, such as {@code +26h}
   */
  static Map<String, String> clockAhead(Path directory, String by)
      throws IOException, InterruptedException {
    Path libraries = unpackedServers(directory).resolve("libfaketime/usr/lib");
    try (Stream<Path> files = Files.walk(libraries)) {
      Path library =
          files.filter(each -> each.endsWith("libfaketimeMT.so.1")).findFirst().orElseThrow();
      // With its fix for old C libraries each wait of a thread takes many times as long.
      return Map.of(
          "LD_PRELOAD",
          library.toString(),
          "FAKETIME",
          by,
          "FAKETIME_DONT_FAKE_MONOTONIC",
          "1",
          "FAKETIME_FORCE_MONOTONIC_FIX",
          "0");
    }
  }

  private static Path root() {
    Path here = Path.of(System.getProperty("hikyaku.root", "..")).toAbsolutePath().normalize();
    if (!Files.isExecutable(here.resolve("hikyaku"))) {
      throw new AssertionError("no program to test in " + here);
    }
    return here;
  }

  /** A node that does not run yet, with a fresh data directory in this one. */
  static Node in(Path directory) throws IOException, InterruptedException {
    return in(directory, "");
  }

  /**
   * @param settings more lines of configuration
   */
  static Node in(Path directory, String settings) throws IOException, InterruptedException {
    return in(directory, settings, "");
  }

  /**
   * @param settings more lines of configuration
   * @param ofListeners more lines for each listener but that for the administration
   */
  static Node in(Path directory, String settings, String ofListeners)
      throws IOException, InterruptedException {
    installClients(directory);
    Node node = new Node(directory, Machine.HERE, Map.of());
    Iterator<Integer> free = Machine.freePorts(Port.values().length).iterator();
    for (Port port : Port.values()) {
      node.ports.put(port, free.next());
    }
    StringBuilder text = new StringBuilder("hostname = \"mail.demo.test\"\n");
    node.ports.forEach((port, number) ->
        text.append("[listen.")
            .append(port.name().toLowerCase(Locale.ROOT))
            .append("]\nport = ")
            .append(number)
            .append("\naddresses = [\"127.0.0.1\"]\n")
            .append(port == Port.ADMIN ? "" : ofListeners));
    Files.writeString(node.config, text.append(CheapPasswords.SETTINGS).append(settings));
    return node;
  }

  /**
   * Installs the clients that tests use, if any is missing.
   *
   * @param directory for what is said meanwhile
   */
  static void installClients(Path directory) throws IOException, InterruptedException {
    Ran.in(directory, ROOT.resolve("system-tests/install-clients").toString()).ok();
  }

  int port(Port port) {
    return ports.get(port);
  }

  /** Where to connect, for command lines. */
  String at(Port port) {
    return "127.0.0.1:" + port(port);
  }

  Path data() {
    return directory.resolve("data");
  }

  private List<String> commandLine(String... arguments) {
    List<String> line = new ArrayList<>();
    line.add(ROOT.resolve("hikyaku").toString());
    line.addAll(List.of(arguments));
    line.addAll(List.of("--data", data().toString(), "--config", config.toString()));
    return machine.line(line);
  }

  /** Runs one of the program's commands for this node. */
  Ran command(String input, String... arguments) throws IOException, InterruptedException {
    return Ran.in(directory, environment, input, commandLine(arguments).toArray(String[]::new));
  }

  /** Starts the program and waits until it says that it is ready. */
  Node start() throws IOException, InterruptedException {
    launch(" is ready ");
    return this;
  }

  /** Starts the program, and kills it when it has opened its data and begins to listen. */
  void killWhileStarting() throws IOException, InterruptedException {
    launch(" listening ");
    kill();
  }

  /** Starts the program and waits until it says something. */
  private void launch(String word) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(commandLine("up"))
            .directory(directory.toFile())
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
    if (!ALL.contains(this)) {
      ALL.add(this);
    }
    Process started = process;
    Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
    CompletableFuture<Void> said = new CompletableFuture<>();
    follower = Thread.ofVirtual().start(() -> follow(started, word, said));
    try {
      said.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      started.destroyForcibly();
      throw new AssertionError("the node did not become ready; it said:\n" + logTail(), e);
    }
  }

  /** Keeps what the program says, and looks for the word. */
  private void follow(Process started, String word, CompletableFuture<Void> ready) {
    try (BufferedReader said = started.inputReader(StandardCharsets.UTF_8)) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        log.append(line).append('\n');
        if (line.contains(word)) {
          ready.complete(null);
        }
      }
      ready.completeExceptionally(new IOException("it ended"));
    } catch (IOException e) {
      ready.completeExceptionally(e);
    }
  }

  /** What the program has said, since the node's first start. */
  String log() {
    return log.toString();
  }

  /** Waits until the program has said something: what it says is read beside what a test does. */
  void awaitLog(String words) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (log.indexOf(words) < 0) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("the node did not say \"" + words + "\" but:\n" + logTail());
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /** The end of it. */
  String logTail() {
    return log.substring(Math.max(0, log.length() - LOG_SHOWN));
  }

  /** All nodes that this process has started. */
  static List<Node> all() {
    return List.copyOf(ALL);
  }

  /** Makes an account that nobody else uses. */
  Account account() throws IOException, InterruptedException {
    Account account = new Account("u" + accounts.incrementAndGet() + "@test.example");
    if (account.address().startsWith("u1@")) {
      command("", "domain", "add", "test.example").ok();
    }
    command(PASSWORD + "\n", "account", "add", account.address(), "--password-stdin").ok();
    return account;
  }

  /** Asks the program to stop. */
  void terminate() {
    // Process.destroy would close the stream from which the log is read.
    process.toHandle().destroy();
  }

  /**
   * Halts the program where it is, as a machine does that is out of breath; returns when it stands.
   */
  void freeze() throws IOException, InterruptedException {
    signal("-STOP");
    while (!stands()) {
      Thread.onSpinWait();
    }
  }

  /** Whether all threads are halted: each stops by itself, some time after the signal. */
  private boolean stands() throws IOException {
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(process.pid()), "task"))) {
      for (Path task : tasks) {
        String stat = Files.readString(task.resolve("stat"));
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      }
      return true;
    } catch (NoSuchFileException e) {
      if (!process.isAlive()) {
        throw e;
      }
      // A thread that ended meanwhile.
      return false;
    }
  }

  /** Lets it go on. */
  void thaw() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String which) throws IOException, InterruptedException {
    Ran.in(directory, "kill", which, Long.toString(process.pid())).ok();
  }

  /** Makes accounts that nobody else uses, all at once. */
  List<Account> accounts(int count) throws IOException, InterruptedException {
    List<Account> made = new ArrayList<>(List.of(account()));
    StringBuilder lines = new StringBuilder();
    while (made.size() < count) {
      Account account = new Account("u" + accounts.incrementAndGet() + "@test.example");
      lines.append(account.address()).append('\t').append(PASSWORD).append('\n');
      made.add(account);
    }
    command(lines.toString(), "account", "add", "--from", "-").ok();
    return made;
  }

  /** Ends the program without its doing. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Waits for the program's end, and until all that it has said is in the log. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the node does not stop; it said:\n" + logTail());
    }
    follower.join();
    return process.exitValue();
  }

  boolean runs() {
    return process != null && process.isAlive();
  }

  @Override
  public void close() throws InterruptedException {
    if (runs()) {
      terminate();
      exitCode();
    }
  }
}
