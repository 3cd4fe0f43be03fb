package hikyaku.app;

import hikyaku.app.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A node for each test, on free ports and a directory of its own, that verifies after the test. */
final class RunningNodeExtension implements BeforeEachCallback, AfterEachCallback {
  /** Hashes that cost little. */
  private static final String CHEAP_PASSWORDS =
      """
      [passwords.argon2]
      memory-kib = 64
      passes = 1
      [passwords.hashing]
      scram-iterations = 4096
      """;

  private Path directory;
  private Configuration configuration;
  private Node node;

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    directory = Files.createTempDirectory("hikyaku-node");
    Path file = directory.resolve("hikyaku.toml");
    Files.writeString(file, CHEAP_PASSWORDS);
    configuration =
        NodeProcess.configuration(file, directory.resolve("data")).withHostname("mail.test");
    start();
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException, Failure {
    stop();
    try (Door door = open()) {
      var answer = door.call(Door.Call.of("POST", "verify"));
      if (!answer.get("problems").isEmpty()) {
        throw new AssertionError("the data directory is not sound: " + answer);
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  void start() throws Failure {
    start(Clock.systemUTC());
  }

  void start(Clock clock) throws Failure {
    node = new Node(configuration, DataDirectory.take(configuration.data()).orElseThrow(), clock);
  }

  void stop() {
    node.close();
  }

  /** The way of a command: to the node if it runs, else into the directory. */
  Door open() throws Failure {
    return Door.open(configuration);
  }

  Node node() {
    return node;
  }

  Configuration configuration() {
    return configuration;
  }

  Path directory() {
    return directory;
  }

  int port(String listener) {
    return node.status().listeners().stream()
        .filter(view -> view.name().equals(listener))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }
}
