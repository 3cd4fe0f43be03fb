package hikyaku.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench mailbox}: what a large mailbox costs. */
@Command(
    name = "mailbox",
    description = {
      "One mailbox of many messages: how long its commands take once it is in memory, and how much of"
          + " that it takes for each message. The node's processor time of a command is told beside it.",
      "With the index of texts: how fast it is made, and how large it is."
    })
final class MailboxBench implements Callable<Integer> {
  @Option(
      names = "--messages",
      defaultValue = "100000",
      description = "How many (default: ${DEFAULT-VALUE}).")
  int messages;

  @Option(
      names = "--size",
      defaultValue = "10240",
      description = "Octets of a message (default: ${DEFAULT-VALUE}).")
  int size;

  @Option(
      names = "--runs",
      defaultValue = "5",
      description = "How often each command is measured (default: ${DEFAULT-VALUE}).")
  int runs;

  @Option(names = "--no-index", description = "Without the index of texts.")
  boolean noIndex;

  @Option(
      names = "--heap",
      defaultValue = "2g",
      description = "The node's largest heap (default: ${DEFAULT-VALUE}).")
  String heap = "2g";

  private static final Pattern ENTERED = Pattern.compile("hikyaku_search_messages ([0-9.E]+)");

  private final PrintStream out = System.out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    String settings =
        noIndex ? "search.enabled = false\n" : "search.share = 1.0\nsearch.spare = 0\n";
    try (Node node = Node.start(1, "-Xmx" + heap + " " + Memory.CLOSE_HEAP, settings)) {
      node.makeAccounts();
      Target target = node.target();
      try (Client client = Client.plain(target.host(), target.imap())) {
        client.line();
        client.imap("LOGIN " + target.user(0) + " " + target.password());
        client.imap("CREATE other");
        Memory before = Memory.of(target.pid());
        long began = System.nanoTime();
        Loads.append(client, "INBOX", messages, size);
        print("filled, messages a second", messages / seconds(began));
        if (!noIndex) {
          awaitIndexed(node);
          print("and indexed, messages a second", messages / seconds(began));
          print("index, octets of each of mail", node.octets("search") / (double) size / messages);
        }
        print("store, octets of each of mail", node.octets("store") / (double) size / messages);
        measure(node, client);
        out.println(Memory.of(target.pid()).eachSince(before, messages));
      }
    }
    return 0;
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private void print(String what, double figure) {
    out.printf(Locale.ROOT, "%-52s %12.2f%n", what, figure);
  }

  private void awaitIndexed(Node node) throws IOException, InterruptedException {
    while (true) {
      Matcher entered = ENTERED.matcher(node.metrics());
      if (entered.find() && Double.parseDouble(entered.group(1)) >= messages) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  private void measure(Node node, Client client) throws IOException {
    String[] commands = {
      "SELECT INBOX",
      "STATUS INBOX (MESSAGES UNSEEN DELETED SIZE HIGHESTMODSEQ)",
      "FETCH 1:* FLAGS",
      "UID FETCH 1:* (UID)",
      "SEARCH UNSEEN",
      "SEARCH UNKEYWORD none LARGER 10 SINCE 1-Jan-2020",
      "SEARCH SUBJECT \"message 777\"",
      "SEARCH FROM sender",
      "SEARCH HEADER X-None \"\"",
      "SEARCH TEXT nowhere-at-all",
      "SEARCH TEXT \"message 777\"",
      "SEARCH BODY courier0",
      "SORT (ARRIVAL) UTF-8 ALL",
      "SORT (DATE) UTF-8 ALL",
      "SORT (SUBJECT) UTF-8 ALL",
      "THREAD REFERENCES UTF-8 ALL",
      "THREAD ORDEREDSUBJECT UTF-8 ALL",
    };
    client.imap("SELECT INBOX");
    out.printf(
        Locale.ROOT, "%-52s %12s %12s %12s%n", "milliseconds", "median", "longest", "processor");
    for (String command : commands) {
      double[] millis = new double[runs];
      client.imap(command);
      long used = node.cpuNanos();
      for (int run = 0; run < runs; run++) {
        if (command.startsWith("SELECT")) {
          client.imap("SELECT other");
        }
        long began = System.nanoTime();
        client.imap(command);
        millis[run] = seconds(began) * 1e3;
      }
      Arrays.sort(millis);
      double cpu = (node.cpuNanos() - used) / 1e6 / runs;
      out.printf(
          Locale.ROOT,
          "%-52s %12.1f %12.1f %12.1f%n",
          command,
          millis[runs / 2],
          millis[runs - 1],
          cpu);
    }
  }

  /** Octets of the files in a directory and below. */
  static long octets(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.mapToLong(file -> file.toFile().isFile() ? file.toFile().length() : 0).sum();
    }
  }
}
