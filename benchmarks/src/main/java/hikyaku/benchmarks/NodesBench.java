package hikyaku.benchmarks;

import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench nodes}: several nodes on PostgreSQL beside one on the embedded engine. */
@Command(
    name = "nodes",
    description = {
      "Deliveries and mixed IMAP commands a second with 1, 2 and 3 nodes on one PostgreSQL (which has"
          + " to be installed; its syncs are on), beside one node on the embedded engine.",
      "Nodes, database and load share this machine's cores: rates do not show how a cluster grows on"
          + " machines of its own. Processor time for each operation shows what one costs, and where.",
      "The rounds alternate; figures are medians over them."
    })
final class NodesBench implements Callable<Integer> {
  @Option(
      names = "--seconds",
      defaultValue = "4",
      description = "How long each measurement of a round takes (default: ${DEFAULT-VALUE}).")
  double seconds;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "How often each is measured (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--nodes",
      defaultValue = "3",
      description = "The most nodes on the database (default: ${DEFAULT-VALUE}).")
  int most;

  @Option(
      names = "--connections",
      defaultValue = "32",
      description = "Clients that deliver at a time (default: ${DEFAULT-VALUE}).")
  int senders;

  @Option(
      names = "--clients",
      defaultValue = "30",
      description = "IMAP clients at a time (default: ${DEFAULT-VALUE}).")
  int readers;

  @Option(
      names = "--size",
      defaultValue = "10240",
      description = "Octets of a message that is delivered (default: ${DEFAULT-VALUE}).")
  int size;

  private static final int ACCOUNTS = 50;
  private static final double WARM_UP = 0.5;

  /** What is measured: a number of nodes, and the processes whose work it is. */
  private record Setup(String name, List<Node> nodes, List<LocalPostgres> databases) {}

  /** Figures by the name of what they are of, and then of the setup. */
  private final Map<String, Map<String, List<Double>>> all = new LinkedHashMap<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("hikyaku-bench-nodes");
    List<Node> started = new ArrayList<>();
    try (LocalPostgres database =
        LocalPostgres.start(directory.resolve("postgres"), LocalPostgres.Options.DEFAULT)) {
      Node embedded = Node.start(ACCOUNTS);
      started.add(embedded);
      List<Node> nodes = new ArrayList<>();
      for (int i = 1; i <= most; i++) {
        Node node = Node.start(ACCOUNTS, "", settings(database, "n" + i, nodes));
        started.add(node);
        nodes.add(node);
      }
      nodes.getFirst().makeAccounts();
      Loads.fill(embedded.target(), 120, 4096);
      Loads.fill(nodes.getFirst().target(), 120, 4096);
      List<Setup> setups = new ArrayList<>();
      setups.add(new Setup("embedded", List.of(embedded), List.of()));
      for (int i = 1; i <= most; i++) {
        setups.add(
            new Setup(
                i + (i == 1 ? " node" : " nodes"),
                List.copyOf(nodes.subList(0, i)),
                List.of(database)));
      }
      measure(setups);
    } finally {
      for (Node node : started) {
        node.close();
      }
      Node.delete(directory);
    }
    return 0;
  }

  private static String settings(LocalPostgres database, String name, List<Node> before) {
    StringBuilder text = new StringBuilder();
    text.append("node.name = \"").append(name).append("\"\n");
    if (!before.isEmpty()) {
      text.append("node.key-file = \"").append(before.getFirst().key()).append("\"\n");
    }
    text.append("store.engine = \"postgres\"\n");
    text.append("store.postgres.url = \"").append(database.url()).append("\"\n");
    text.append("store.postgres.user = \"").append(LocalPostgres.USER).append("\"\n");
    text.append("store.postgres.password-file = \"").append(database.passwordFile()).append("\"\n");
    return text.toString();
  }

  private void measure(List<Setup> setups) throws IOException, InterruptedException {
    // The first round warms everything up and does not count.
    for (int round = 0; round <= rounds; round++) {
      for (Setup setup : setups) {
        boolean counts = round > 0;
        run(setup, "deliveries", senders, spread(setup, true), counts);
        run(setup, "IMAP commands", readers, spread(setup, false), counts);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "medians of %d rounds; %d octets by %d connections, %d IMAP clients; all on %d cores%n%-44s",
        rounds,
        size,
        senders,
        readers,
        Runtime.getRuntime().availableProcessors(),
        "");
    setups.forEach(setup -> System.out.printf("%12s", setup.name()));
    System.out.println();
    all.forEach((what, bySetup) -> {
      System.out.printf("%-44s", what);
      for (Setup setup : setups) {
        List<Double> figures = bySetup.get(setup.name());
        System.out.print(
            figures == null
                ? " ".repeat(12)
                : String.format(Locale.ROOT, "%12.1f", Comparison.median(figures)));
      }
      System.out.println();
    });
  }

  /** Clients take the nodes in turn. */
  private Load.WorkerFactory spread(Setup setup, boolean deliveries) {
    List<Load.WorkerFactory> factories =
        setup.nodes().stream()
            .map(node ->
                deliveries
                    ? Loads.deliver(node.target(), false, size, 1)
                    : Loads.imap(node.target()))
            .toList();
    return number -> factories.get(number % factories.size()).make(number);
  }

  private void run(
      Setup setup, String what, int clients, Load.WorkerFactory factory, boolean counts)
      throws IOException, InterruptedException {
    long nodesBefore = nodes(setup);
    long databaseBefore = databases(setup);
    long loadBefore = self();
    Load.Figures figures = new Load(clients, WARM_UP, seconds).run(factory);
    double operations = figures.perSecond() * (WARM_UP + seconds);
    if (!counts) {
      return;
    }
    note(what + "/s", setup, figures.perSecond());
    note(what + ", median milliseconds", setup, figures.millis(0.5));
    note(what + ", p99 milliseconds", setup, figures.millis(0.99));
    note(what + ", node microseconds each", setup, (nodes(setup) - nodesBefore) / operations / 1e3);
    if (!setup.databases().isEmpty()) {
      note(
          what + ", database microseconds each",
          setup,
          (databases(setup) - databaseBefore) / operations / 1e3);
    }
    note(what + ", load microseconds each", setup, (self() - loadBefore) / operations / 1e3);
  }

  private void note(String what, Setup setup, double figure) {
    all.computeIfAbsent(what, _ -> new LinkedHashMap<>())
        .computeIfAbsent(setup.name(), _ -> new ArrayList<>())
        .add(figure);
  }

  private static long nodes(Setup setup) {
    return setup.nodes().stream().mapToLong(Node::cpuNanos).sum();
  }

  /** The servers' processes; those of the pools stay for as long as is measured. */
  private static long databases(Setup setup) throws IOException {
    long nanos = 0;
    for (LocalPostgres database : setup.databases()) {
      ProcessHandle server = database.process();
      nanos +=
          Stream.concat(Stream.of(server), server.descendants()).mapToLong(NodesBench::cpu).sum();
    }
    return nanos;
  }

  private static long self() {
    return cpu(ProcessHandle.current());
  }

  private static long cpu(ProcessHandle process) {
    return process.info().totalCpuDuration().map(java.time.Duration::toNanos).orElse(0L);
  }
}
