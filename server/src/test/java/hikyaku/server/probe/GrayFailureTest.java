package hikyaku.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.front.FrontMetrics;
import hikyaku.server.front.FrontProtocol;
import hikyaku.server.front.Health.Standing;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes that are linked, answer the front at once and yet serve badly: clients notice no more than
 * a pause, new ones are served by others, and nothing is done twice.
 */
final class GrayFailureTest {
  /** Far beyond what a well node takes for a step, on a machine that is busy with other tests. */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final int NODES = 5;
  private static final String ACCOUNT = "0123456789abcdef-1@probe.invalid";

  @TempDir Path directory;
  private final List<Client> clients = new ArrayList<>();
  private final List<String> kept = new ArrayList<>();
  private ProbedNodes site;
  private NetServer front;

  @BeforeEach
  void start() throws Exception {
    site = new ProbedNodes(TIMEOUT, directory);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    FrontProtocol protocol =
        new FrontProtocol(
            FrontProtocol.Service.IMAP, site.nodes, site.settings, new FrontMetrics(meters));
    front =
        site.with(
            new NetServer(
                List.of(
                    new ListenerSpec(
                        "imap",
                        protocol,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        TlsMode.NONE)),
                NetLimits.DEFAULT,
                new Traces(),
                new SessionIds(site.clock),
                meters,
                site.clock));
    front.start();
  }

  @AfterEach
  void stop() throws Exception {
    for (Client client : clients) {
      client.close();
    }
    site.close();
  }

  /** A client that has logged in by the front. */
  private final class Client implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;
    private final int number = clients.size() + 1;
    private int messages;

    Client() throws IOException {
      socket =
          new Socket(InetAddress.getLoopbackAddress(), front.addresses().get("imap").getPort());
      socket.setSoTimeout((int) ProbedNodes.PATIENCE.toMillis());
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      clients.add(this);
      assertThat(in.readLine()).startsWith("* OK");
      ok("LOGIN " + ACCOUNT + " any");
      ok("SELECT INBOX");
    }

    void send(String line) throws IOException {
      socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** The command's untagged answers. */
    List<String> ok(String command) throws IOException {
      send("a " + command);
      return end();
    }

    List<String> end() throws IOException {
      List<String> said = new ArrayList<>();
      String line = next();
      while (!line.startsWith("a ")) {
        said.add(line);
        line = next();
      }
      assertThat(line).as("answer to client " + number).startsWith("a OK");
      return said;
    }

    private String next() throws IOException {
      String line = in.readLine();
      assertThat(line).as("client " + number + " goes on").isNotNull();
      if (line.matches("\\* [0-9]+ EXISTS")) {
        messages = Integer.parseInt(line.split(" ", 3)[1]);
      }
      return line;
    }

    /** Returns when the message was acknowledged. */
    void append(String subject) throws IOException {
      String text = "Subject: " + subject + "\r\n\r\nHello\r\n";
      send("a APPEND INBOX {" + text.length() + "+}\r\n" + text);
      end();
      synchronized (kept) {
        kept.add(subject);
      }
    }

    void idle() throws IOException {
      send("a IDLE");
      assertThat(next()).startsWith("+");
    }

    /** Waits in IDLE until it was told of so many messages. */
    void hear(int count) throws IOException {
      while (messages < count) {
        next();
      }
    }

    List<String> subjects() throws IOException {
      return ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]").stream()
          .filter(line -> line.startsWith("Subject: "))
          .map(line -> line.substring("Subject: ".length()))
          .toList();
    }

    /** Returns when the node has ended the session as well. */
    void logout() throws IOException {
      ok("LOGOUT");
      while (in.readLine() != null) {}
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** One more client on each of these nodes, however many it takes. */
  private List<Client> connectToEach(List<ProbedNodes.Node> nodes) throws IOException {
    List<Client> more = new ArrayList<>();
    List<ProbedNodes.Node> without = new ArrayList<>(nodes);
    while (!without.isEmpty()) {
      List<Integer> before = without.stream().map(ProbedNodes.Node::sessions).toList();
      Client client = new Client();
      boolean wanted = false;
      for (int i = before.size() - 1; i >= 0; i--) {
        if (without.get(i).sessions() > before.get(i)) {
          without.remove(i);
          wanted = true;
        }
      }
      if (wanted) {
        more.add(client);
      } else {
        client.logout();
      }
    }
    return more;
  }

  /** All at once; returns when all were acknowledged. */
  private static void append(List<Client> clients, String what) throws Exception {
    try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> under = new ArrayList<>();
      for (Client client : clients) {
        under.add(
            all.submit(() -> {
              client.append(what + client.number);
              return null;
            }));
      }
      for (Future<?> each : under) {
        each.get();
      }
    }
  }

  @Test
  void clientsGoOnElsewhereWhileANodeServesBadlyAndComeBackWhenItIsWell() throws Exception {
    List<ProbedNodes.Node> nodes = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      nodes.add(site.new Node("n" + i, ProbedNodes.ALL));
    }
    for (ProbedNodes.Node node : nodes) {
      site.await(node.name, seen -> seen.latency().containsKey("removal") && seen.factor() == 1);
    }
    List<Client> workers = connectToEach(nodes);
    List<Client> waiting = connectToEach(nodes);
    for (Client client : waiting) {
      client.idle();
    }

    ProbedNodes.Node hanging = nodes.get(0);
    ProbedNodes.Node cutOff = nodes.get(1);
    ProbedNodes.Node slow = nodes.get(2);
    int atSlow = slow.sessions();
    hanging.hang(true);
    cutOff.cutOff(true);
    slow.late = Duration.ofSeconds(2);
    append(workers, "during");
    for (Client client : waiting) {
      client.hear(kept.size());
    }
    for (ProbedNodes.Node failing : List.of(hanging, cutOff)) {
      site.await(failing.name, seen -> seen.standing() == Standing.FAILING && seen.factor() == 0);
      awaitEmpty(failing);
    }
    site.await(slow.name, seen -> seen.factor() < 0.5);
    assertThat(slow.sessions())
        .as("late as it is, it does its work")
        .isGreaterThanOrEqualTo(atSlow);

    append(connectToEach(nodes.subList(2, NODES)), "new");
    assertThat(hanging.sessions() + cutOff.sessions()).isZero();

    hanging.hang(false);
    cutOff.cutOff(false);
    slow.late = Duration.ZERO;
    for (ProbedNodes.Node node : nodes) {
      site.await(node.name, seen -> seen.factor() == 1);
    }
    append(connectToEach(nodes), "after");
    assertThat(new Client().subjects()).containsExactlyInAnyOrderElementsOf(kept);
  }

  private static void awaitEmpty(ProbedNodes.Node node) throws InterruptedException {
    long deadline = System.nanoTime() + ProbedNodes.PATIENCE.toNanos();
    while (node.sessions() > 0) {
      assertThat(System.nanoTime()).as("sessions stay at " + node.name).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }
}
