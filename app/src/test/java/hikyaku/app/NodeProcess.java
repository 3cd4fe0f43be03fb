package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.app.config.Log;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A node in a process of its own, which can be killed as it stands. It listens on free ports, and
 * its clock goes on from where a test wants it to begin.
 */
final class NodeProcess implements AutoCloseable {
  private static final String READY = "It is ready.";
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Pattern LISTENING =
      Pattern.compile("listening listener=(\\S+) address=\\S*:([0-9]+) ");

  private final Configuration configuration;
  private final Process process;
  private final Thread reader;
  private final List<String> said = new CopyOnWriteArrayList<>();

  private NodeProcess(Configuration configuration, Process process) {
    this.configuration = configuration;
    this.process = process;
    reader = Thread.ofVirtual().start(this::read);
  }

  /**
   * The configuration of such a node.
   *
   * @param data its directory
   */
  static Configuration configuration(Path file, Path data) throws Exception {
    Configuration read = ConfigurationFile.read(file);
    return read.withData(data).withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  /** Starts one, and returns when it serves. */
  static NodeProcess start(Path file, Path data, Instant now) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-D" + Stop.KEEPER + "=" + ProcessHandle.current().pid(),
                "-cp",
                System.getProperty("java.class.path"),
                NodeProcess.class.getName(),
                file.toString(),
                data.toString(),
                now.toString())
            .redirectErrorStream(true)
            .start();
    NodeProcess node = new NodeProcess(configuration(file, data), process);
    node.await(READY, 1);
    return node;
  }

  /** The process itself. */
  public static void main(String[] arguments) throws Exception {
    Configuration configuration = configuration(Path.of(arguments[0]), Path.of(arguments[1]));
    Clock clock =
        Clock.offset(
            Clock.systemUTC(), Duration.between(Instant.now(), Instant.parse(arguments[2])));
    Logging.use(new Log(Log.Level.INFO, Log.Format.TEXT, Optional.empty(), 0, Duration.ZERO));
    Stop stop = Stop.onSignals();
    try (Node _ =
        new Node(configuration, DataDirectory.take(configuration.data()).orElseThrow(), clock)) {
      System.out.println(READY);
      stop.await();
    }
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
      }
    } catch (IOException e) {
      said.add(e.toString());
    }
  }

  /** How many lines with these words it has said. */
  long count(String words) {
    return said.stream().filter(line -> line.contains(words)).count();
  }

  /** Waits until it has said these words so many times. */
  void await(String words, long times) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (count(words) < times) {
      if (System.nanoTime() > end || !process.isAlive()) {
        throw new AssertionError(
            "it did not say \""
                + words
                + "\" "
                + times
                + " times, but:\n"
                + String.join("\n", said));
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  int port(String listener) {
    for (String line : said) {
      Matcher matcher = LISTENING.matcher(line);
      if (matcher.find() && matcher.group(1).equals(listener)) {
        return Integer.parseInt(matcher.group(2));
      }
    }
    throw new AssertionError("it does not listen for " + listener);
  }

  /** The way of a command to it. */
  Door door() throws Failure {
    return Door.open(configuration);
  }

  /** Ends it without its doing (SIGKILL). */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
    reader.join();
  }

  /** Ends it in order; what it has said is whole then. */
  @Override
  public void close() throws InterruptedException {
    process.toHandle().destroy();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      kill();
      throw new AssertionError("it does not stop, and said:\n" + String.join("\n", said));
    }
    reader.join();
  }
}
