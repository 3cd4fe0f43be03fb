package hikyaku.benchmarks;

import static hikyaku.benchmarks.Comparison.Better.HIGHER;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
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
  private static final int DESTINATIONS = 100;
  private static final byte[] END = ".\r\n".getBytes(StandardCharsets.US_ASCII);

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
   */
  private record Side(boolean ours, int port, String login) {}

  /** Where a message goes, by its number. */
  @FunctionalInterface
  private interface Destinations {
    String of(int number);
  }

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
    try (MailSink sink = new MailSink(DESTINATIONS);
        Node node = Node.start(1, "", settings(sink))) {
      node.makeAccounts();
      try (Postfix postfix =
          Postfix.start(directory.resolve("postfix"), port, postfixSettings(directory, sink))) {
        postfix.awaitGreeting();
        Target target = node.target();
        String login = "\0" + target.user(0) + "\0" + target.password();
        String encoded =
            Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.US_ASCII));
        measure(
            List.of(
                new Side(true, node.submission(), "AUTH PLAIN " + encoded + "\r\n"),
                new Side(false, port, "")),
            sink);
      }
    } finally {
      Node.delete(directory);
    }
    comparison.print(System.out);
    return 0;
  }

  private static String domain(int number) {
    return "d" + number + ".test";
  }

  private static final String DEAD = "dead.test";

  private static String settings(MailSink sink) {
    StringBuilder text = new StringBuilder("queue.routes = {");
    for (int i = 0; i < DESTINATIONS; i++) {
      text.append('"').append(domain(i)).append("\" = \"smtp+plain://127.0.0.1:");
      text.append(sink.ports().get(i)).append("\", ");
    }
    text.append('"').append(DEAD).append("\" = \"smtp+plain://127.0.0.1:");
    return text.append(sink.deadPort()).append("\"}\nsending.watch = false\n").toString();
  }

  private static String postfixSettings(Path directory, MailSink sink) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < DESTINATIONS; i++) {
      text.append(domain(i)).append(" smtp:[127.0.0.1]:").append(sink.ports().get(i)).append('\n');
    }
    text.append(DEAD).append(" smtp:[127.0.0.1]:").append(sink.deadPort()).append('\n');
    Path transports = directory.resolve("transports");
    Files.writeString(transports, text);
    return "mydestination =\nin_flow_delay = 0\ntransport_maps = texthash:" + transports + "\n";
  }

  /** Mail that is sent, and where to. */
  private record Mailing(String what, Destinations destinations) {}

  private void measure(List<Side> sides, MailSink sink) throws IOException, InterruptedException {
    rounds(sides, sink, List.of(new Mailing("1 destination", _ -> domain(0))));
    // Last, for what it leaves behind in both queues; and in turns, for what a dead one costs.
    rounds(
        sides,
        sink,
        List.of(
            new Mailing("100 destinations", number -> domain(number % DESTINATIONS)),
            new Mailing(
                "100 destinations, and a tenth to a dead one",
                number -> number % DEAD_SHARE == 0 ? DEAD : domain(number % DESTINATIONS))));
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
    long before = sink.messages();
    long[] living = new long[clients];
    long began = System.nanoTime();
    Load.Figures figures =
        new Load(clients, 0, counts ? seconds : warmUp)
            .run(number -> sender(side, mailing.destinations(), number, living));
    double accepting = (System.nanoTime() - began) / 1e9;
    long expected = java.util.stream.LongStream.of(living).sum();
    sink.await(before + expected);
    double delivering = (System.nanoTime() - began) / 1e9;
    if (counts) {
      comparison.add(
          mailing.what() + ": accepted/s", HIGHER, side.ours(), figures.all() / accepting);
      comparison.add(mailing.what() + ": arrived/s", HIGHER, side.ours(), expected / delivering);
      if (expected < figures.all()) {
        comparison.add(
            mailing.what() + ": arrived, or to the dead one/s",
            HIGHER,
            side.ours(),
            figures.all() / delivering);
      }
    }
  }

  /** Each step submits one message and waits until it was taken. */
  private Load.Worker sender(Side side, Destinations destinations, int number, long[] living)
      throws IOException {
    Client client = Client.plain("127.0.0.1", side.port());
    client.expect("220");
    client.send("EHLO client.bench.test\r\n");
    client.expect("250");
    if (!side.login().isEmpty()) {
      client.send(side.login());
      client.expect("235");
    }
    return new Load.Worker() {
      private int turn = number;

      @Override
      public void step() throws IOException {
        String domain = destinations.of(turn);
        turn += clients;
        client.send("MAIL FROM:<u0@bench.test>\r\nRCPT TO:<to@" + domain + ">\r\nDATA\r\n");
        client.expect("250");
        client.expect("250");
        client.expect("354");
        client.send(Mail.message(size));
        client.send(END);
        client.expect("250");
        if (!domain.equals(DEAD)) {
          living[number]++;
        }
      }

      @Override
      public void close() throws IOException {
        client.close();
      }
    };
  }
}
