package hikyaku.benchmarks;

import static hikyaku.benchmarks.Comparison.Better.HIGHER;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench queue}: mail that goes out through this server, and through Postfix. */
@Command(
    name = "queue",
    description = {
      "Mail that goes out through this server and through Postfix, to one server that takes all: what"
          + " each accepts a second, and what has arrived a second when the last has come.",
      "Both sync a message to the disk before they say 250. They are measured in turns, round by"
          + " round; the first round does not count. Postfix has no limit on processes, connections or the flow"
          + " in, and needs to be installed, and root."
    })
final class QueueBench implements Callable<Integer> {
  private static final String PEER = "Postfix";

  /** Of the messages, how many go to a dead destination where there is one. */
  private static final int DEAD_SHARE = 10;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "How often each is measured (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "How long mail is sent in a round (default: ${DEFAULT-VALUE}).")
  double seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "6",
      description = "The same in the round that does not count (default: ${DEFAULT-VALUE}).")
  double warmUp;

  @Option(
      names = "--clients",
      defaultValue = "32",
      description = "Who send, each one message after the other (default: ${DEFAULT-VALUE}).")
  int clients;

  @Option(
      names = "--size",
      defaultValue = "4096",
      description = "Octets of a message (default: ${DEFAULT-VALUE}).")
  int size;

  private final Comparison comparison = new Comparison(PEER);

  /**
   * One of the two.
   *
   * @param login what a client says to be let in; empty for nothing
   * @param cpuNanos processor time used so far, where one process does it all
   */
  private record Side(boolean ours, int port, String login, LongSupplier cpuNanos) {}

  /** Milliseconds of the node's processor time for each message that it took and sent on. */
  private final Map<String, List<Double>> processor = new LinkedHashMap<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<String> missing = Postfix.missing();
    if (!missing.isEmpty()) {
      System.err.println("hikyaku: install " + String.join(" ", missing) + " first");
      return 1;
    }
    Path directory = Files.createTempDirectory("hikyaku-bench-queue");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    int port = Node.freePorts(1)[0];
    try (MailSink sink = new MailSink(Mailings.DESTINATIONS);
        Node node = Node.start(1, "", Mailings.settings(sink))) {
      node.makeAccounts();
      try (Postfix postfix =
          Postfix.start(directory.resolve("postfix"), port, postfixSettings(directory, sink))) {
        postfix.awaitGreeting();
        Target target = node.target();
        measure(
            List.of(
                new Side(true, node.submission(), Mailings.login(target), node::cpuNanos),
                new Side(false, port, "", () -> 0)),
            sink);
      }
    } finally {
      Node.delete(directory);
    }
    comparison.print(System.out);
    processor.forEach(QueueBench::printProcessor);
    return 0;
  }

  private static void printProcessor(String what, List<Double> figures) {
    double[] sorted = figures.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    System.out.printf(
        Locale.ROOT,
        "%-58s %.2f (%.2f-%.2f)%n",
        what + ": ms of a processor each",
        Comparison.median(figures),
        sorted[0],
        sorted[sorted.length - 1]);
  }

  private static String postfixSettings(Path directory, MailSink sink) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Mailings.DESTINATIONS; i++) {
      text.append(Mailings.domain(i))
          .append(" smtp:[127.0.0.1]:")
          .append(sink.ports().get(i))
          .append('\n');
    }
    text.append(Mailings.DEAD).append(" smtp:[127.0.0.1]:").append(sink.deadPort()).append('\n');
    Path transports = directory.resolve("transports");
    Files.writeString(transports, text);
    return "mydestination =\nin_flow_delay = 0\ntransport_maps = texthash:" + transports + "\n";
  }

  /** Mail that is sent, and where to. */
  private record Mailing(String what, Mailings.Destinations destinations) {}

  private void measure(List<Side> sides, MailSink sink) throws IOException, InterruptedException {
    rounds(sides, sink, List.of(new Mailing("1 destination", _ -> Mailings.domain(0))));
    // Last, for what it leaves behind in both queues; and in turns, for what a dead one costs.
    rounds(
        sides,
        sink,
        List.of(
            new Mailing("100 destinations", Mailings::domain),
            new Mailing(
                "100 destinations, and a tenth to a dead one",
                number -> number % DEAD_SHARE == 0 ? Mailings.DEAD : Mailings.domain(number))));
  }

  private void rounds(List<Side> sides, MailSink sink, List<Mailing> mailings)
      throws IOException, InterruptedException {
    for (int i = 0; i <= rounds; i++) {
      boolean counts = i > 0;
      for (Side side : i % 2 == 0 ? sides : sides.reversed()) {
        for (Mailing mailing : i % 2 == 0 ? mailings : mailings.reversed()) {
          round(side, sink, mailing, counts);
        }
      }
    }
  }

  private void round(Side side, MailSink sink, Mailing mailing, boolean counts)
      throws IOException, InterruptedException {
    long cpu = side.cpuNanos().getAsLong();
    Mailings.Sent sent =
        new Mailings(side.port(), side.login(), clients, size)
            .send(sink, mailing.destinations(), counts ? seconds : warmUp);
    if (counts) {
      if (side.ours()) {
        processor
            .computeIfAbsent(mailing.what(), _ -> new ArrayList<>())
            .add((side.cpuNanos().getAsLong() - cpu) / 1e6 / sent.all());
      }
      add(side, mailing.what() + ": accepted/s", sent.all() / sent.accepting());
      add(side, mailing.what() + ": arrived/s", sent.living() / sent.arriving());
      if (sent.living() < sent.all()) {
        add(side, mailing.what() + ": arrived, or to the dead one/s", sent.all() / sent.arriving());
      }
    }
  }

  private void add(Side side, String what, double figure) {
    comparison.add(what, HIGHER, side.ours(), figure);
  }
}
