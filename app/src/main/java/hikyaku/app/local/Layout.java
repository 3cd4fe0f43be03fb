package hikyaku.app.local;

import hikyaku.app.Failure;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.app.config.Values;
import hikyaku.server.ops.Json;
import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * Where everything of a cluster on one machine is.
 *
 * <pre>
 * cluster.json   how many nodes, on which ports
 * lock           held by the process that looks after it
 * secret.key     the key that all share
 * postgres/      the private PostgreSQL
 * n1/ n2/ …      the nodes' data directories; front/ that of the front
 * n1.toml …      their configurations; written anew at each start
 * n1.log …       what they say
 * requests/      files named as nodes, which are to be started
 * </pre>
 *
 * @param directory absolute
 * @param nodes how many
 * @param offset what is added to standard ports for the front; the first node has {@value #STEP}
 *     more, and so on
 */
public record Layout(Path directory, int nodes, int offset) {
  /** Between the ports of one process and the next. */
  static final int STEP = 1000;

  /** The name of the front among the processes. */
  static final String FRONT = "front";

  /** The name of the database among the processes. */
  static final String POSTGRES = "postgres";

  /** What is added to standard ports by itself. */
  public static final int OFFSET = 2000;

  /** The highest port that a listener has without an offset. */
  private static final int HIGHEST_STANDARD = 4190;

  /** More JVMs than that are no trial on one machine. */
  private static final int MOST_NODES = 20;

  /** A listener of a node, with its standard port. */
  enum Port {
    SMTP(25),
    SUBMISSION(587),
    SUBMISSIONS(465),
    LMTP(24),
    POP3(110),
    POP3S(995),
    IMAP(143),
    IMAPS(993),
    MANAGESIEVE(4190),
    LINK(90),
    ADMIN(80);

    private final int standard;

    Port(int standard) {
      this.standard = standard;
    }
  }

  /** What is kept of it. */
  private record Kept(int nodes, int offset) {}

  /** Whether a cluster has been made in the directory. */
  public static boolean isIn(Path directory) {
    return Files.exists(file(directory));
  }

  private static Path file(Path directory) {
    return directory.resolve("cluster.json");
  }

  /** The cluster in the directory. */
  public static Layout of(Path directory) throws Failure {
    try {
      Kept kept = Json.MAPPER.readValue(Files.readAllBytes(file(directory)), Kept.class);
      return checked(new Layout(directory.toAbsolutePath().normalize(), kept.nodes, kept.offset));
    } catch (IOException | JacksonException e) {
      throw new Failure("The file " + file(directory) + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The cluster in the directory, made or changed as is wanted. */
  static Layout of(Path directory, Optional<Integer> nodes, Optional<Integer> offset)
      throws Failure {
    Layout before =
        isIn(directory)
            ? of(directory)
            : new Layout(directory.toAbsolutePath().normalize(), 0, OFFSET);
    return checked(
        new Layout(before.directory, nodes.orElse(before.nodes), offset.orElse(before.offset)));
  }

  private static Layout checked(Layout layout) throws Failure {
    if (layout.nodes < 1 || layout.nodes > MOST_NODES) {
      throw new Failure("A cluster on one machine has 1 to " + MOST_NODES + " nodes.");
    }
    if (layout.offset < 0 || layout.offset + layout.nodes * STEP + HIGHEST_STANDARD > 65535) {
      throw new Failure("With this offset there are not enough ports for all nodes.");
    }
    return layout;
  }

  /** Writes down what it is. */
  void keep() throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createDirectories(requests());
    Path fresh = directory.resolve("cluster.json.new");
    Files.write(fresh, Json.MAPPER.writeValueAsBytes(new Kept(nodes, offset)));
    Files.move(fresh, file(directory), StandardCopyOption.ATOMIC_MOVE);
  }

  /** The nodes. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    for (int number = 1; number <= nodes; number++) {
      names.add("n" + number);
    }
    return names;
  }

  /** All that can be killed and brought back: the nodes, the front, the database. */
  List<String> processes() {
    List<String> processes = new ArrayList<>(names());
    processes.add(FRONT);
    processes.add(POSTGRES);
    return processes;
  }

  /** The data directory of a node or the front. */
  public Path data(String name) {
    return directory.resolve(name);
  }

  /** The configuration of a node or the front. */
  public Path config(String name) {
    return directory.resolve(name + ".toml");
  }

  Path log(String name) {
    return directory.resolve(name + ".log");
  }

  Path postgres() {
    return directory.resolve(POSTGRES);
  }

  Path key() {
    return directory.resolve("secret.key");
  }

  Path lock() {
    return directory.resolve("lock");
  }

  Path requests() {
    return directory.resolve("requests");
  }

  /** A port of a node or the front. */
  int port(String name, Port listener) {
    int number = name.equals(FRONT) ? 0 : Integer.parseInt(name.substring(1));
    return listener.standard + offset + STEP * number;
  }

  /**
   * Writes the configuration of a node.
   *
   * @param shared a file with what all processes have alike
   */
  void configureNode(String name, LocalPostgres postgres, Optional<Path> shared)
      throws IOException {
    StringBuilder text = begin(name);
    table(text, "node");
    line(text, "name", name);
    line(text, "address", "127.0.0.1");
    line(text, "key-file", key());
    table(text, "store");
    line(text, "engine", "postgres");
    table(text, "store.postgres");
    line(text, "url", postgres.url());
    line(text, "user", LocalPostgres.USER);
    line(text, "password-file", postgres.passwordFile());
    for (Port listener : Port.values()) {
      listen(text, name, listener);
      line(text, "enabled", true);
      line(text, "addresses", List.of("127.0.0.1"));
    }
    write(name, text, shared);
  }

  /**
   * Writes the configuration of the front.
   *
   * @param shared a file with what all processes have alike
   */
  void configureFront(Optional<Path> shared) throws IOException {
    StringBuilder text = begin(FRONT);
    table(text, "node");
    line(text, "key-file", key());
    table(text, "front");
    line(text, "name", FRONT);
    line(
        text, "nodes", names().stream().map(name -> "127.0.0.1:" + port(name, Port.LINK)).toList());
    for (Port listener : Port.values()) {
      listen(text, FRONT, listener);
    }
    write(FRONT, text, shared);
  }

  private void write(String name, StringBuilder text, Optional<Path> shared) throws IOException {
    String whole =
        shared.isPresent()
            ? ConfigurationFile.laidOver(shared.get(), text.toString())
            : text.toString();
    Files.writeString(config(name), "# Written anew at each start of the cluster.\n" + whole);
  }

  private StringBuilder begin(String name) {
    StringBuilder text = new StringBuilder();
    line(text, "data", data(name));
    return text;
  }

  private void listen(StringBuilder text, String name, Port listener) {
    table(text, "listen." + listener.name().toLowerCase(Locale.ROOT));
    line(text, "port", port(name, listener));
  }

  private static void table(StringBuilder text, String name) {
    text.append("\n[").append(name).append("]\n");
  }

  private static void line(StringBuilder text, String key, Object value) {
    text.append(key).append(" = ").append(Values.toToml(value)).append('\n');
  }
}
