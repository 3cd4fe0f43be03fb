package hikyaku.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench}: measures this server on this machine. */
@Command(
    name = "hikyaku bench",
    description =
        "Measure this server. Each measurement starts a node of its own with a fresh data directory;"
            + " load and node share the machine, so compare figures of one machine only.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CommandLine.HelpCommand.class,
      Bench.Smtp.class,
      Bench.Lmtp.class,
      Bench.Imap.class,
      Bench.Pop3.class,
      Bench.Idle.class,
      MailboxBench.class,
      FrontBench.class,
      PeersBench.class,
      MoveBench.class,
      QueueBench.class,
      BacklogBench.class,
      NodesBench.class
    })
public final class Bench {
  private Bench() {}

  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Bench());
    addHelp(commandLine);
    commandLine.getSubcommands().values().forEach(Bench::addHelp);
    return commandLine;
  }

  private static void addHelp(CommandLine commandLine) {
    if (commandLine.getCommandSpec().findOption("--help") == null) {
      commandLine
          .getCommandSpec()
          .addOption(
              CommandLine.Model.OptionSpec.builder("-h", "--help")
                  .usageHelp(true)
                  .description("Show this help.")
                  .build());
    }
  }

  /** What all measurements have in common. */
  abstract static class Measurement implements Callable<Integer> {
    @Option(
        names = "--connections",
        split = ",",
        defaultValue = "1,32",
        description = "Clients at a time, one run each (default: ${DEFAULT-VALUE}).")
    List<Integer> connections = List.of();

    @Option(
        names = "--seconds",
        defaultValue = "5",
        description = "How long each run is measured (default: ${DEFAULT-VALUE}).")
    double seconds;

    @Option(
        names = "--warm-up",
        defaultValue = "3",
        description = "How long each run goes before (default: ${DEFAULT-VALUE}).")
    double warmUp;

    @Option(
        names = "--size",
        defaultValue = "10240",
        description = "Octets of a message (default: ${DEFAULT-VALUE}).")
    int size;

    @Option(
        names = "--accounts",
        defaultValue = "10",
        description = "Accounts that share the load (default: ${DEFAULT-VALUE}).")
    int accounts;

    final PrintStream out = System.out;

    Load.Figures measure(Node node, int clients, String what, Load.WorkerFactory factory)
        throws IOException, InterruptedException {
      long nodeBefore = node.cpuNanos();
      long loadBefore = Node.cpuNanos(ProcessHandle.current());
      Load.Figures figures = new Load(clients, warmUp, seconds).run(factory);
      figures.print(out, what + ", " + clients + " at a time");
      out.printf(
          Locale.ROOT,
          "%-44s %10.0f us of the node's processor each, %.0f us of the load's%n",
          "",
          (node.cpuNanos() - nodeBefore) / 1e3 / figures.all(),
          (Node.cpuNanos(ProcessHandle.current()) - loadBefore) / 1e3 / figures.all());
      return figures;
    }

    /** The same for messages of one size, and tells what the node writes to keep them. */
    void measureDeliveries(Node node, int clients, String what, Load.WorkerFactory factory)
        throws IOException, InterruptedException {
      long before = node.writtenOctets();
      Load.Figures figures = measure(node, clients, what, factory);
      out.printf(
          Locale.ROOT,
          "%-44s %10.2f octets written for each octet of mail%n",
          "",
          (node.writtenOctets() - before) / (double) size / figures.all());
    }
  }

  @Command(name = "smtp", description = "Durable deliveries a second by SMTP.")
  static final class Smtp extends Measurement {
    @Option(
        names = "--recipients",
        defaultValue = "1",
        description = "Recipients of a message (default: ${DEFAULT-VALUE}).")
    int recipients;

    @Override
    public Integer call() throws IOException, InterruptedException {
      try (Node node = Node.start(Math.max(accounts, recipients))) {
        for (int clients : connections) {
          String what = "SMTP, %d octets, %d recipients".formatted(size, recipients);
          measureDeliveries(
              node, clients, what, Loads.deliver(node.target(), false, size, recipients));
        }
      }
      return 0;
    }
  }

  @Command(name = "lmtp", description = "Durable deliveries a second by LMTP.")
  static final class Lmtp extends Measurement {
    @Override
    public Integer call() throws IOException, InterruptedException {
      try (Node node = Node.start(accounts)) {
        for (int clients : connections) {
          String what = "LMTP, %d octets".formatted(size);
          measureDeliveries(node, clients, what, Loads.deliver(node.target(), true, size, 1));
        }
      }
      return 0;
    }
  }

  @Command(
      name = "imap",
      description =
          "Commands a second of a mixed IMAP load: flags, envelopes, bodies, searches, appends.")
  static final class Imap extends Measurement {
    @Override
    public Integer call() throws IOException, InterruptedException {
      try (Node node = Node.start(accounts)) {
        Loads.fill(node.target(), 200, size);
        for (int clients : connections) {
          measure(node, clients, "IMAP, mixed commands", Loads.imap(node.target()));
        }
      }
      return 0;
    }
  }

  @Command(
      name = "pop3",
      description = "POP3 sessions a second: log in, list, fetch ten messages, leave.")
  static final class Pop3 extends Measurement {
    @Override
    public Integer call() throws IOException, InterruptedException {
      try (Node node = Node.start(accounts)) {
        Loads.fill(node.target(), 20, size);
        for (int clients : connections) {
          measure(node, clients, "POP3 sessions of ten messages", Loads.pop3(node.target()));
        }
      }
      return 0;
    }
  }

  @Command(name = "idle", description = "The node's memory for each TLS session that sits in IDLE.")
  static final class Idle implements Callable<Integer> {
    @Option(
        names = "--sessions",
        defaultValue = "2000",
        description = "How many (default: ${DEFAULT-VALUE}).")
    int sessions;

    @Option(
        names = "--accounts",
        defaultValue = "100",
        description = "Accounts that they belong to (default: ${DEFAULT-VALUE}).")
    int accounts;

    @Override
    public Integer call() throws IOException, InterruptedException {
      try (Node node = Node.start(accounts, Memory.CLOSE_HEAP)) {
        Loads.fill(node.target(), 20, 4096);
        // The first ones pay for classes, compiled code and the accounts' folds.
        List<Client> first = Loads.idle(node.target(), Math.min(sessions, accounts));
        Memory before = Memory.of(node.target().pid());
        List<Client> open = Loads.idle(node.target(), sessions);
        Memory after = Memory.of(node.target().pid());
        System.out.printf(
            "%d TLS sessions in IDLE: %s%n", sessions, after.eachSince(before, sessions));
        for (Client client : open) {
          client.close();
        }
        for (Client client : first) {
          client.close();
        }
      }
      return 0;
    }
  }
}
