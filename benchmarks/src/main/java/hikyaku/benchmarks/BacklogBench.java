package hikyaku.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench backlog}: what mail that waits costs mail that goes. */
@Command(
    name = "backlog",
    description = {
      "Mail that goes out while much other mail waits for a destination that is dead: how much gets"
          + " through a second before and after, what the waiting takes of memory and disk, and how long it takes"
          + " to look at it and to be rid of it.",
      "In between the node is killed as by a power cut, and what it needs to go on is measured."
    })
final class BacklogBench implements Callable<Integer> {
  @Option(
      names = "--waiting",
      defaultValue = "100000",
      description = "Messages that wait (default: ${DEFAULT-VALUE}).")
  int waiting;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "How often a rate is measured (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "How long mail is sent in a round (default: ${DEFAULT-VALUE}).")
  double seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "20",
      description = "How long it is sent before the first (default: ${DEFAULT-VALUE}).")
  double warmUp;

  @Option(
      names = "--clients",
      defaultValue = "32",
      description = "Who send, each one message after the other (default: ${DEFAULT-VALUE}).")
  int clients;

  @Option(
      names = "--size",
      defaultValue = "2048",
      description = "Octets of a message (default: ${DEFAULT-VALUE}).")
  int size;

  @Option(
      names = "--heap",
      defaultValue = "2g",
      description =
          "The node's largest heap, empty for what the machine's memory gives it"
              + " (default: ${DEFAULT-VALUE}).")
  String heap = "2g";

  /** How often a command is measured. */
  private static final int LOOKS = 5;

  private static final Pattern WAITING = Pattern.compile("hikyaku_queue_messages ([0-9.E]+)");

  private final PrintStream out = System.out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    String options = heap.isEmpty() ? "" : "-Xmx" + heap;
    try (MailSink sink = new MailSink(Mailings.DESTINATIONS);
        Node node = Node.start(1, options, Mailings.settings(sink))) {
      node.makeAccounts();
      Mailings mailings =
          new Mailings(node.submission(), Mailings.login(node.target()), clients, size);
      rate("nothing waits: arrived a second", node, mailings, sink, warmUp);
      Memory before = Memory.ofClosedHeap(node.target().pid());
      long octets = node.octets("store");
      fill(node, mailings, sink);
      print(
          "store, octets for each that waits", (node.octets("store") - octets) / (double) waiting);
      out.println(Memory.ofClosedHeap(node.target().pid()).eachSince(before, waiting));
      rate(waiting + " wait: arrived a second", node, mailings, sink, 0);
      look(node);
      print("killed; seconds to the greeting", node.killAndStart(options));
      long began = System.nanoTime();
      mailings.send(sink, Mailings::domain, 0.001);
      print("and to the first mail that goes out", seconds(began));
      awaitWaiting(node);
      print("and until all that waits is known", seconds(began));
      rate("after that: arrived a second", node, mailings, sink, warmUp);
      began = System.nanoTime();
      node.command("queue", "delete", "--domain", Mailings.DEAD, "--yes");
      print("queue delete of all of it, seconds", seconds(began));
    }
    return 0;
  }

  private void rate(String what, Node node, Mailings mailings, MailSink sink, double before)
      throws IOException, InterruptedException {
    if (before > 0) {
      mailings.send(sink, Mailings::domain, before);
    }
    double[] figures = new double[rounds];
    long cpu = node.cpuNanos();
    long all = 0;
    for (int round = 0; round < rounds; round++) {
      Mailings.Sent sent = mailings.send(sink, Mailings::domain, seconds);
      figures[round] = sent.living() / sent.arriving();
      all += sent.living();
    }
    double millis = (node.cpuNanos() - cpu) / 1e6 / all;
    Arrays.sort(figures);
    out.printf(
        Locale.ROOT,
        "%-44s %10.0f (%.0f-%.0f)   %.2f ms of a processor each%n",
        what,
        figures[rounds / 2],
        figures[0],
        figures[rounds - 1],
        millis);
  }

  /** Sends in pieces, so that the rate of the first can be compared with that of the last. */
  private void fill(Node node, Mailings mailings, MailSink sink)
      throws IOException, InterruptedException {
    double first = 0;
    double last = 0;
    while (waiting(node) < waiting) {
      Mailings.Sent sent = mailings.send(sink, _ -> Mailings.DEAD, seconds);
      last = sent.all() / sent.accepting();
      first = first == 0 ? last : first;
    }
    print("accepted a second, the first that wait", first);
    print("accepted a second, the last", last);
  }

  private void look(Node node) throws IOException, InterruptedException {
    look(node, "queue list", "queue", "list");
    look(node, "queue list of another domain", "queue", "list", "--domain", Mailings.domain(1));
    look(node, "queue retry of another domain", "queue", "retry", "--domain", Mailings.domain(1));
    look(node, "queue list of another sender", "queue", "list", "--sender", "nobody@demo.test");
    look(node, "queue list for one reason", "queue", "list", "--reason", "no such reason");
  }

  /** The command's own start is in its time, and not in what the node takes of a processor. */
  private void look(Node node, String what, String... command)
      throws IOException, InterruptedException {
    long[] cpu = new long[LOOKS];
    double[] times = new double[LOOKS];
    for (int i = 0; i < LOOKS; i++) {
      long before = node.cpuNanos();
      long began = System.nanoTime();
      node.command(command);
      times[i] = seconds(began);
      cpu[i] = node.cpuNanos() - before;
    }
    Arrays.sort(cpu);
    Arrays.sort(times);
    out.printf(
        Locale.ROOT,
        "%-44s %10.2f   %.0f ms of a processor of the node%n",
        what + ", seconds",
        times[LOOKS / 2],
        cpu[LOOKS / 2] / 1e6);
  }

  private void awaitWaiting(Node node) throws IOException, InterruptedException {
    while (waiting(node) < waiting) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static double waiting(Node node) throws IOException {
    Matcher found = WAITING.matcher(node.metrics());
    if (!found.find()) {
      throw new IOException("the node does not say how many messages wait");
    }
    return Double.parseDouble(found.group(1));
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private void print(String what, double figure) {
    out.printf(Locale.ROOT, "%-44s %10.2f%n", what, figure);
  }
}
