package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicLongArray;

/** Mail that is submitted to a server, for the destinations of a {@link MailSink}. */
final class Mailings {
  static final int DESTINATIONS = 100;

  /** A destination that takes no mail. */
  static final String DEAD = "dead.test";

  private static final byte[] END = ".\r\n".getBytes(StandardCharsets.US_ASCII);

  private final int port;
  private final String login;
  private final int clients;
  private final int size;

  /**
   * @param login what a client says to be let in; empty for nothing
   * @param clients who send, each one message after the other
   * @param size octets of a message
   */
  Mailings(int port, String login, int clients, int size) {
    this.port = port;
    this.login = login;
    this.clients = clients;
    this.size = size;
  }

  /** What a user of a node says to be let in. */
  static String login(Target target) {
    String login = "\0" + target.user(0) + "\0" + target.password();
    return "AUTH PLAIN "
        + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.US_ASCII))
        + "\r\n";
  }

  /** Where a message goes, by its number. */
  @FunctionalInterface
  interface Destinations {
    String of(int number);
  }

  static String domain(int number) {
    return "d" + number % DESTINATIONS + ".test";
  }

  /** The configuration of a node that sends to a sink of as many destinations. */
  static String settings(MailSink sink) {
    StringBuilder text = new StringBuilder("queue.routes = {");
    for (int i = 0; i < DESTINATIONS; i++) {
      text.append('"').append(domain(i)).append("\" = \"smtp+plain://127.0.0.1:");
      text.append(sink.ports().get(i)).append("\", ");
    }
    text.append('"').append(DEAD).append("\" = \"smtp+plain://127.0.0.1:");
    return text.append(sink.deadPort()).append("\"}\nsending.watch = false\n").toString();
  }

  /**
   * How mail was taken, and came to where it was for.
   *
   * @param all messages taken
   * @param living those of them that were not for the dead destination
   * @param accepting seconds until the last was taken
   * @param arriving seconds until the last of the living had come
   */
  record Sent(long all, long living, double accepting, double arriving) {}

  /** Sends for some seconds, and waits until all has come that can. */
  Sent send(MailSink sink, Destinations destinations, double seconds)
      throws IOException, InterruptedException {
    long before = sink.messages();
    AtomicLongArray living = new AtomicLongArray(clients);
    long began = System.nanoTime();
    Load.Figures figures =
        new Load(clients, 0, seconds).run(number -> sender(destinations, number, living));
    double accepting = (System.nanoTime() - began) / 1e9;
    long expected = 0;
    for (int i = 0; i < clients; i++) {
      expected += living.get(i);
    }
    sink.await(before + expected);
    return new Sent(figures.all(), expected, accepting, (System.nanoTime() - began) / 1e9);
  }

  /** Each step submits one message and waits until it was taken. */
  private Load.Worker sender(Destinations destinations, int number, AtomicLongArray living)
      throws IOException {
    Client client = Client.plain("127.0.0.1", port);
    client.expect("220");
    client.send("EHLO client.bench.test\r\n");
    client.expect("250");
    if (!login.isEmpty()) {
      client.send(login);
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
          living.incrementAndGet(number);
        }
      }

      @Override
      public void close() throws IOException {
        client.close();
      }
    };
  }
}
