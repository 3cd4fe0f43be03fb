package hikyaku.systemtests.chaos;

import hikyaku.fixtures.CheapPasswords;
import hikyaku.fixtures.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Nodes, a front, a database and clients, each on a machine of its own. */
final class Site implements AutoCloseable {
  static final List<String> SHARED_ACCOUNTS = List.of("alice@chaos.test", "bob@chaos.test");
  static final String FOLDER_ACCOUNT = "carol@chaos.test";
  static final String PASSWORD = "correct-horse-1";
  static final String FRONT = "front";
  static final String CLIENTS = "clients";
  private static final Path PROGRAM =
      Path.of(System.getProperty("hikyaku.root", ".."), "hikyaku").toAbsolutePath().normalize();
  private static final Duration READY = Duration.ofMinutes(5);

  private final Path directory;
  private final List<String> nodes = new ArrayList<>();
  private final Network network;
  private final Database database;
  private final Map<String, Process> processes = new ConcurrentHashMap<>();

  /**
   * @param patroni whether the database is a cluster that Patroni keeps
   */
  Site(Path directory, int count, boolean patroni) throws IOException, InterruptedException {
    this.directory = directory;
    List<String> hosts = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      nodes.add("n" + i);
    }
    hosts.addAll(nodes);
    hosts.addAll(List.of(FRONT, CLIENTS));
    hosts.addAll(patroni ? Patroni.machines() : List.of(OneServer.HOST));
    network = new Network(hosts);
    try {
      Path place = directory.resolve("postgres");
      database = patroni ? new Patroni(network, place) : new OneServer(network, place);
    } catch (IOException | RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  List<String> nodes() {
    return nodes;
  }

  Network network() {
    return network;
  }

  Database database() {
    return database;
  }

  /** The database, where it is one server. */
  OneServer server() {
    return (OneServer) database;
  }

  /** The database, where Patroni keeps it. */
  Patroni patroni() {
    return (Patroni) database;
  }

  /** Starts all but the clients, and makes the accounts. */
  void start() throws IOException, InterruptedException {
    database.make();
    for (String node : nodes) {
      configure(node);
    }
    configureFront();
    // The first alone: it makes the key and the tables.
    launch(nodes.getFirst());
    awaitReady(nodes.getFirst());
    for (String other : nodes.subList(1, nodes.size())) {
      launch(other);
    }
    launch(FRONT);
    for (String other : nodes.subList(1, nodes.size())) {
      awaitReady(other);
    }
    awaitReady(FRONT);
    command(nodes.getFirst(), "", "domain", "add", "chaos.test");
    for (String address : SHARED_ACCOUNTS) {
      command(nodes.getFirst(), PASSWORD + "\n", "account", "add", address, "--password-stdin");
    }
    command(
        nodes.getFirst(), PASSWORD + "\n", "account", "add", FOLDER_ACCOUNT, "--password-stdin");
  }

  /**
   * What stops everything must be over before patience is; on a busy machine a database takes its
   * time to start again.
   */
  private void configure(String node) throws IOException {
    String text =
        """
        data = "%1$s"
        hostname = "%2$s.chaos.test"
        [node]
        name = "%2$s"
        address = "%3$s"
        %4$s
        [store]
        engine = "postgres"
        [store.postgres]
        %5$s
        patience = "60s"
        [listen.link]
        enabled = true
        addresses = ["*"]
        """
            .formatted(
                directory.resolve(node),
                node,
                network.address(node),
                node.equals(nodes.getFirst())
                    ? ""
                    : "key-file = \"" + directory.resolve("n1/secret.key") + "\"",
                database.settings());
    Files.writeString(config(node), text + COMMON + OF_NODES);
  }

  /** Crowded as it is, nobody is turned away. */
  private static final String COMMON =
      """
      [listen]
      standard-ports = true
      [connections]
      connections-per-address = 10000
      """;

  private static final String OF_NODES =
      """
      [login]
      plain-text-anywhere = true
      [origin]
      trusted = ["10.77.0.0/24"]
      [login.throttle]
      concurrent-free = 10000
      trusted = ["10.77.0.0/24"]
      [login.sessions]
      imap = 10000
      pop3 = 10000
      total = 10000
      """
          + CheapPasswords.SETTINGS;

  private void configureFront() throws IOException {
    String text =
        """
        data = "%s"
        hostname = "front.chaos.test"
        [node]
        name = "front"
        key-file = "%s"
        [front]
        nodes = [%s]
        patience = "60s"
        """
            .formatted(
                directory.resolve(FRONT),
                directory.resolve("n1/secret.key"),
                String.join(
                    ", ",
                    nodes.stream().map(node -> '"' + network.address(node) + ":90\"").toList()));
    Files.writeString(config(FRONT), text + COMMON);
  }

  private Path config(String name) {
    return directory.resolve(name + ".toml");
  }

  Path log(String name) {
    return directory.resolve(name + ".log");
  }

  /** Starts a node or the front. */
  void launch(String name) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            network.in(
                name,
                PROGRAM.toString(),
                name.equals(FRONT) ? "front" : "up",
                "--config",
                config(name).toString()));
    // What is started ends with this process.
    builder
        .environment()
        .merge(
            "HIKYAKU_JAVA_OPTIONS",
            "-Dhikyaku.keeper=" + ProcessHandle.current().pid(),
            (options, more) -> options + " " + more);
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log(name).toFile()));
    Process process = builder.start();
    process.getOutputStream().close();
    processes.put(name, process);
  }

  boolean isAlive(String name) {
    return processes.get(name).isAlive();
  }

  /** Whether a node or the front serves. */
  private boolean isReady(String name) throws IOException {
    Path endpoint = directory.resolve(name).resolve("admin.json");
    if (!Files.exists(endpoint)) {
      return false;
    }
    Matcher process = Pattern.compile("\"process\":([0-9]+)").matcher(Files.readString(endpoint));
    return process.find() && Long.parseLong(process.group(1)) == processes.get(name).pid();
  }

  /**
   * Waits until a node or the front serves.
   *
   * @throws IOException if it ends, or takes too long
   */
  void awaitReady(String name) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY.toNanos();
    while (!isReady(name)) {
      if (!isAlive(name)) {
        throw new IOException(name + " ended with " + processes.get(name).exitValue());
      }
      if (System.nanoTime() > deadline) {
        throw new IOException(name + " does not get ready; " + log(name) + " may say why");
      }
      Thread.sleep(100);
    }
  }

  void kill(String name) throws InterruptedException {
    processes.get(name).destroyForcibly().waitFor();
  }

  void signal(String name, String signal) throws IOException, InterruptedException {
    Network.ok(List.of("kill", "-" + signal, Long.toString(processes.get(name).pid())), "");
  }

  /** Runs one of the program's commands on the machine of a node. */
  String command(String node, String input, String... words)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of(PROGRAM.toString()));
    line.addAll(List.of(words));
    line.addAll(List.of("--config", config(node).toString()));
    return Network.ok(network.in(node, line.toArray(String[]::new)), input);
  }

  /** Starts the clients. */
  Process clients(long beganMillis, long seed, int count) throws IOException {
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Clients.class.getName(),
                directory.resolve("clients").toString(),
                Long.toString(beganMillis),
                Long.toString(seed),
                Integer.toString(count),
                PASSWORD,
                network.address(FRONT)));
    nodes.forEach(node -> line.add(network.address(node)));
    return new ProcessBuilder(network.in(CLIENTS, line.toArray(String[]::new)))
        .redirectError(ProcessBuilder.Redirect.appendTo(log(CLIENTS).toFile()))
        .start();
  }

  /** What all that runs here has said, by name. */
  Map<String, String> logs() throws IOException {
    Map<String, String> logs = new LinkedHashMap<>();
    for (String name : processes.keySet()) {
      logs.put(name, Files.readString(log(name)));
    }
    return logs;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    network.close();
  }
}
