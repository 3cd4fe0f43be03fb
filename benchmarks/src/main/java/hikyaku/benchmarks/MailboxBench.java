package hikyaku.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench mailbox}: what a large mailbox costs. */
@Command(
    name = "mailbox",
    description = {
      "One mailbox of many messages: how long its commands take once it is in memory, and how much of"
          + " that it takes for each message. The node's processor time of a command is told beside it.",
      "With the index of texts: how fast it is made, and how large it is.",
      "With --folders: the same of an account of many folders. With --kill: what it costs to come back"
          + " after the node was killed."
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

  @Option(
      names = "--only",
      split = ",",
      description = "Only commands that contain one of these texts, as SORT,THREAD (default: all).")
  List<String> only = List.of();

  @Option(names = "--no-index", description = "Without the index of texts.")
  boolean noIndex;

  @Option(
      names = "--heap",
      defaultValue = "2g",
      description =
          "The node's largest heap, empty for what the machine's memory gives it"
              + " (default: ${DEFAULT-VALUE}).")
  String heap = "2g";

  @Option(
      names = "--folders",
      defaultValue = "0",
      description = "Folders of the account, each with one message (default: ${DEFAULT-VALUE}).")
  int folders;

  @Option(
      names = "--clients",
      defaultValue = "1",
      description =
          "Clients that sort and thread the mailbox at a time at the end (default: ${DEFAULT-VALUE}).")
  int clients;

  @Option(
      names = "--kill",
      description = "Kill the node at the end, and measure its start and the first commands.")
  boolean kill;

  private static final String[] OF_FOLDERS = {
    "LIST \"\" *",
    "LIST \"\" many/%",
    "LSUB \"\" *",
    "LIST \"\" * RETURN (STATUS (MESSAGES UNSEEN))",
    "LIST \"\" * RETURN (STATUS (MESSAGES UNSEEN UIDNEXT HIGHESTMODSEQ SIZE))",
  };

  private static final String[] OF_MESSAGES = {
    "SELECT INBOX",
    "STATUS INBOX (MESSAGES UNSEEN DELETED SIZE HIGHESTMODSEQ)",
    "FETCH 1:* FLAGS",
    "UID FETCH 1:* (UID)",
    "SEARCH UNSEEN",
    "SEARCH UNKEYWORD none LARGER 10 SINCE 1-Jan-2020",
    "SEARCH SUBJECT \"letter 777\"",
    "SEARCH FROM author77",
    "SEARCH HEADER X-None \"\"",
    "SEARCH TEXT nowhere-at-all",
    "SEARCH TEXT \"letter 777\"",
    "SEARCH BODY courier0",
    "SORT (ARRIVAL) UTF-8 ALL",
    "SORT (DATE) UTF-8 ALL",
    "SORT (SUBJECT) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL",
    "SORT (FROM REVERSE DATE) UTF-8 UNSEEN",
    "THREAD ORDEREDSUBJECT UTF-8 ALL",
  };

  private final PrintStream out = System.out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    String settings =
        noIndex ? "search.enabled = false\n" : "search.share = 1.0\nsearch.spare = 0\n";
    try (Node node = Node.start(1, options(), settings)) {
      node.makeAccounts();
      try (Client client = client(node)) {
        client.imap("CREATE other");
        Memory before = Memory.ofClosedHeap(node.target().pid());
        long began = System.nanoTime();
        Loads.append(client, "INBOX", messages, number -> Mail.letter(number, size));
        print("filled, messages a second", messages / seconds(began));
        if (!noIndex) {
          double indexed = (node.awaitIndex(messages) - began) / 1e9;
          print("and indexed, messages a second", messages / indexed);
          print("index, octets of each of mail", node.octets("search") / (double) size / messages);
        }
        print("store, octets of each of mail", node.octets("store") / (double) size / messages);
        measure(node, client, OF_MESSAGES);
        out.println(Memory.ofClosedHeap(node.target().pid()).eachSince(before, messages));
      }
      if (folders > 0) {
        makeFolders(node);
      }
      if (clients > 1) {
        crowd(node);
      }
      if (kill) {
        print("killed, seconds from start to greeting", node.killAndStart(options()));
        first(node, "SELECT INBOX", "FETCH 1:* FLAGS", "SORT (DATE) UTF-8 ALL");
        if (folders > 0) {
          print("killed, seconds from start to greeting", node.killAndStart(options()));
          first(node, OF_FOLDERS);
        }
      }
    }
    return 0;
  }

  private String options() {
    return heap.isEmpty() ? "" : "-Xmx" + heap;
  }

  private static Client client(Node node) throws IOException {
    Target target = node.target();
    Client client = Client.plain(target.host(), target.imap());
    client.line();
    client.imap("LOGIN " + target.user(0) + " " + target.password());
    return client;
  }

  private void makeFolders(Node node) throws IOException, InterruptedException {
    try (Client client = client(node)) {
      Memory before = Memory.ofClosedHeap(node.target().pid());
      long began = System.nanoTime();
      for (int folder = 0; folder < folders; folder++) {
        String name = "many/" + folder % 100 + "/" + folder;
        client.imap("CREATE " + name);
        Loads.append(client, name, 1, size);
      }
      print("folders made and one message in each, a second", folders / seconds(began));
      measure(node, client, OF_FOLDERS);
      out.println(Memory.ofClosedHeap(node.target().pid()).eachSince(before, folders));
    }
  }

  /** Each command once, in a node that has nothing in memory. */
  private void first(Node node, String... commands) throws IOException {
    try (Client client = client(node)) {
      for (String command : commands) {
        long began = System.nanoTime();
        client.imap(command);
        print("then first, milliseconds: " + command, seconds(began) * 1e3);
      }
    }
  }

  /**
   * All of them at a time, each on a session of its own: what one takes may not cost the others.
   */
  private void crowd(Node node) throws IOException, InterruptedException {
    List<Callable<Void>> all = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String command = i % 2 == 0 ? "THREAD REFERENCES UTF-8 ALL" : "SORT (SUBJECT FROM) UTF-8 ALL";
      all.add(() -> {
        try (Client client = client(node)) {
          client.imap("SELECT INBOX");
          client.imap(command);
        }
        return null;
      });
    }
    long began = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> one : threads.invokeAll(all)) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("of " + clients + " clients one failed", e.getCause());
    }
    print(clients + " clients that thread or sort, seconds", seconds(began));
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private void print(String what, double figure) {
    out.printf(Locale.ROOT, "%-68s %12.2f%n", what, figure);
  }

  private void measure(Node node, Client client, String... commands) throws IOException {
    client.imap("SELECT INBOX");
    out.printf(
        Locale.ROOT, "%-68s %12s %12s %12s%n", "milliseconds", "median", "longest", "processor");
    for (String command : commands) {
      if (!only.isEmpty() && only.stream().noneMatch(command::contains)) {
        continue;
      }
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
          "%-68s %12.1f %12.1f %12.1f%n",
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
