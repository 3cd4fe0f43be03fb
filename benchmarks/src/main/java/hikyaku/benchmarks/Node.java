package hikyaku.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A node of its own for one measurement: a fresh data directory, free ports, a separate process.
 */
final class Node implements AutoCloseable {
  private static final String PASSWORD = "bench-password-1";
  private static final int SESSIONS_ALLOWED = 100_000;

  private static final Pattern ENTERED =
      Pattern.compile("hikyaku_search_entered_total(?:\\{[^}]*})? ([0-9.E+]+)");

  /** Looks at an index that finds nothing new, until it is taken to be at rest. */
  private static final int QUIET_LOOKS = 15;

  private final Path directory;
  private Process process;
  private Target target;
  private final int admin;
  private final int link;
  private final int submission;
  private double secondsToStart;

  private Node(
      Path directory, Process process, Target target, int admin, int link, int submission) {
    this.submission = submission;
    this.admin = admin;
    this.link = link;
    this.directory = directory;
    this.process = process;
    this.target = target;
  }

  static Node start(int accounts) throws IOException, InterruptedException {
    return start(accounts, "");
  }

  /**
   * @param javaOptions more of them for the node, separated by blanks
   */
  static Node start(int accounts, String javaOptions) throws IOException, InterruptedException {
    Node node = start(accounts, javaOptions, "");
    node.makeAccounts();
    return node;
  }

  /**
   * A node without its accounts, which {@link #makeAccounts} makes, or another node of its cluster.
   *
   * @param settings more lines of its configuration
   */
  static Node start(int accounts, String javaOptions, String settings)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("hikyaku-bench");
    int[] ports = freePorts(11);
    Files.writeString(directory.resolve("hikyaku.toml"), configuration(ports) + settings);
    long began = System.nanoTime();
    Process process = run(directory, javaOptions);
    List<String> users = new ArrayList<>();
    for (int i = 0; i < accounts; i++) {
      users.add("u" + i + "@bench.test");
    }
    Target target =
        new Target(
            "127.0.0.1",
            ports[0],
            ports[3],
            ports[6],
            ports[7],
            ports[4],
            users,
            PASSWORD,
            process.pid());
    Node node = new Node(directory, process, target, ports[8], ports[9], ports[1]);
    try {
      node.awaitReady();
      node.secondsToStart = (System.nanoTime() - began) / 1e9;
      return node;
    } catch (IOException | InterruptedException | RuntimeException e) {
      node.close();
      throw e;
    }
  }

  private static Process run(Path directory, String javaOptions) throws IOException {
    String config = directory.resolve("hikyaku.toml").toString();
    return new ProcessBuilder(
            program(javaOptions, "up", "--data", data(directory), "--config", config))
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("node.log").toFile())
        .start();
  }

  /**
   * Kills the node as a power cut would, and starts it anew on what it left.
   *
   * @return seconds from the start of the process to its greeting of an IMAP client
   */
  double killAndStart(String javaOptions) throws IOException, InterruptedException {
    process.destroyForcibly().waitFor();
    long began = System.nanoTime();
    process = run(directory, javaOptions);
    target = target.at(target.imap(), target.imaps(), process.pid());
    awaitReady();
    return (System.nanoTime() - began) / 1e9;
  }

  void makeAccounts() throws IOException, InterruptedException {
    try {
      run("", "domain", "add", "bench.test");
      StringBuilder lines = new StringBuilder();
      for (String user : target.users()) {
        lines.append(user).append('\t').append(PASSWORD).append('\n');
      }
      run(lines.toString(), "account", "add", "--from", "-");
    } catch (IOException | InterruptedException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The file with its key, for others of its cluster. */
  Path key() {
    return data(directory, "secret.key");
  }

  private static String configuration(int[] ports) {
    String[] names = {
      "smtp",
      "submission",
      "submissions",
      "lmtp",
      "pop3",
      "pop3s",
      "imap",
      "imaps",
      "admin",
      "link",
      "managesieve"
    };
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      String listener = "listen." + names[i];
      text.append(listener).append(".port = ").append(ports[i]).append('\n');
      text.append(listener).append(".addresses = [\"127.0.0.1\"]\n");
    }
    text.append("listen.link.enabled = true\nnode.address = \"127.0.0.1\"\n");
    text.append(limits());
    return text.toString();
  }

  private static String limits() {
    StringBuilder text = new StringBuilder();
    // What is measured is the work, not the limits that protect a node from strangers.
    for (String limit : List.of("connections", "connections-per-protocol", "unauthenticated")) {
      text.append("connections.").append(limit).append(" = ").append(SESSIONS_ALLOWED).append('\n');
    }
    for (String limit : List.of("imap", "pop3", "submission", "total")) {
      text.append("login.sessions.").append(limit).append(" = ").append(SESSIONS_ALLOWED);
      text.append('\n');
    }
    for (String limit : List.of("arrivals", "arrivals-burst", "logins", "logins-burst")) {
      text.append("flow.").append(limit).append(" = 1000000\n");
    }
    text.append("smtp.limits.transactions = 100000000\n");
    return text.toString();
  }

  /**
   * Starts a front before this node.
   *
   * @param javaOptions more of them, separated by blanks
   */
  FrontProcess front(String javaOptions) throws IOException, InterruptedException {
    Path place = Files.createTempDirectory("hikyaku-bench-front");
    int[] ports = freePorts(3);
    Path config = place.resolve("front.toml");
    StringBuilder text = new StringBuilder();
    for (String name : List.of("smtp", "submission", "submissions", "pop3", "pop3s")) {
      text.append("listen.").append(name).append(".enabled = false\n");
    }
    text.append("listen.imap.port = ").append(ports[0]).append('\n');
    text.append("listen.imaps.port = ").append(ports[1]).append('\n');
    text.append("listen.admin.port = ").append(ports[2]).append('\n');
    text.append("front.nodes = [\"127.0.0.1:").append(link).append("\"]\n");
    text.append(limits());
    Files.writeString(config, text);
    Path key = data(place, "secret.key");
    Files.createDirectories(key.getParent());
    Files.copy(
        data(directory, "secret.key"), key, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
    Process started =
        new ProcessBuilder(
                program(javaOptions, "front", "--data", data(place), "--config", config.toString()))
            .redirectErrorStream(true)
            .redirectOutput(place.resolve("front.log").toFile())
            .start();
    FrontProcess front =
        new FrontProcess(place, started, target.at(ports[0], ports[1], started.pid()));
    awaitGreeting(started, ports[0], place.resolve("front.log"));
    return front;
  }

  private static Path data(Path directory, String file) {
    return directory.resolve("data").resolve(file);
  }

  /** A front that runs in a process of its own. */
  static final class FrontProcess implements AutoCloseable {
    private final Path directory;
    private final Process process;
    private final Target target;

    FrontProcess(Path directory, Process process, Target target) {
      this.directory = directory;
      this.process = process;
      this.target = target;
    }

    Target target() {
      return target;
    }

    @Override
    public void close() throws IOException {
      end(process);
      delete(directory);
    }
  }

  private static String data(Path directory) {
    return directory.resolve("data").toString();
  }

  static List<String> program(String javaOptions, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseCompactObjectHeaders");
    String set = System.getenv("HIKYAKU_JAVA_OPTIONS");
    for (String option : (javaOptions + " " + (set == null ? "" : set)).trim().split("\\s+")) {
      if (!option.isEmpty()) {
        command.add(option);
      }
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("hikyaku.app.Main");
    command.addAll(List.of(arguments));
    return command;
  }

  static int[] freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    int[] ports = new int[count];
    for (int i = 0; i < count; i++) {
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      ports[i] = socket.getLocalPort();
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    return ports;
  }

  private void awaitReady() throws IOException, InterruptedException {
    awaitGreeting(process, target.imap(), directory.resolve("node.log"));
  }

  private static void awaitGreeting(Process of, int port, Path log)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < end) {
      if (!of.isAlive()) {
        throw new IOException("it did not start: " + Files.readString(log));
      }
      try (Client client = Client.plain("127.0.0.1", port)) {
        if (client.line().startsWith("* OK")) {
          return;
        }
      } catch (java.net.ConnectException e) {
        // Not more often: a port that nobody listens on yet may connect to itself.
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    throw new IOException("it was not ready in a minute: " + Files.readString(log));
  }

  /** Runs a command on the node, which has to do what it is told. */
  void command(String... arguments) throws IOException, InterruptedException {
    run("", arguments);
  }

  private void run(String input, String... arguments) throws IOException, InterruptedException {
    List<String> command = program("", arguments);
    command.add("--data");
    command.add(data(directory));
    Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = tool.outputWriter(StandardCharsets.UTF_8)) {
      out.write(input);
    }
    StringBuilder said = new StringBuilder();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(tool.getInputStream(), StandardCharsets.UTF_8))) {
      reader.lines().forEach(line -> said.append(line).append('\n'));
    }
    if (tool.waitFor() != 0) {
      throw new IOException(String.join(" ", arguments) + ": " + said);
    }
  }

  Target target() {
    return target;
  }

  /** From the start of its process to its greeting of an IMAP client. */
  double secondsToStart() {
    return secondsToStart;
  }

  /** Where users send their mail, without TLS. */
  int submission() {
    return submission;
  }

  /** Octets of a part of its data directory. */
  long octets(String part) throws IOException {
    return MailboxBench.octets(data(directory, part));
  }

  /** Octets of disk that its data takes, in whole blocks. */
  long diskOctets() throws IOException, InterruptedException {
    return diskOctets(directory.resolve("data"));
  }

  /** Octets of disk that a directory takes, in whole blocks. */
  static long diskOctets(Path directory) throws IOException, InterruptedException {
    Process du = new ProcessBuilder("du", "-s", "-B1", directory.toString()).start();
    String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    if (du.waitFor() != 0) {
      throw new IOException("du: " + said);
    }
    return Long.parseLong(said.substring(0, said.indexOf('\t')));
  }

  /**
   * Waits until its index of texts has entered so many messages since its start, and no other one
   * for some seconds.
   *
   * @return when the last one was seen to be entered; {@link System#nanoTime}
   */
  long awaitIndex(long atLeast) throws IOException, InterruptedException {
    double last = -1;
    long seen = 0;
    int still = 0;
    while (still < QUIET_LOOKS || last < atLeast) {
      Matcher entered = ENTERED.matcher(metrics());
      if (!entered.find()) {
        throw new IOException("the node tells nothing of its index");
      }
      double now = Double.parseDouble(entered.group(1));
      if (now != last) {
        seen = System.nanoTime();
      }
      still = now == last ? still + 1 : 0;
      last = now;
      TimeUnit.MILLISECONDS.sleep(200);
    }
    return seen;
  }

  /** What it tells Prometheus. */
  String metrics() throws IOException {
    try (var metrics = URI.create("http://127.0.0.1:" + admin + "/metrics").toURL().openStream()) {
      return new String(metrics.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Processor time that the node has used, in nanoseconds. */
  long cpuNanos() {
    return cpuNanos(process.toHandle());
  }

  static long cpuNanos(ProcessHandle process) {
    return process.info().totalCpuDuration().map(java.time.Duration::toNanos).orElse(0L);
  }

  /** Octets that the node has had written to disks. */
  long writtenOctets() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/io"))) {
      if (line.startsWith("write_bytes:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("no write_bytes for process " + process.pid());
  }

  @Override
  public void close() throws IOException {
    end(process);
    delete(directory);
  }

  static void end(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        new File(file.toString()).delete();
      }
    }
  }
}
