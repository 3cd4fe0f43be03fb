package hikyaku.server.link;

import static hikyaku.server.testing.LinkRig.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.link.proto.Report;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Flow;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Refusal;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.testing.LinkRig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node's link port faces whoever reaches it. */
@Timeout(120)
final class LinkServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final LinkSettings SETTINGS =
      new LinkSettings(
          Duration.ofMillis(100), PATIENCE, PATIENCE, PATIENCE, 4, false, 1000, PATIENCE);

  /** Of a node that gives strangers little time. */
  private static final LinkSettings HASTY =
      new LinkSettings(
          Duration.ofMillis(100),
          PATIENCE,
          PATIENCE,
          Duration.ofMillis(500),
          4,
          false,
          1000,
          PATIENCE);

  private NetServer server;
  private LinkServer links;

  @BeforeEach
  void start() throws IOException {
    server = LinkRig.server();
    startLinks(SETTINGS);
  }

  private void startLinks(LinkSettings settings) throws IOException {
    links = LinkRig.links("n1", keys(1), settings, server);
    links.start();
  }

  @AfterEach
  void stop() {
    links.close();
    server.close();
  }

  private void startAnew(LinkSettings settings) throws IOException {
    links.close();
    startLinks(settings);
  }

  /** Those that were here before may not all be gone yet, and the time may be short. */
  private void awaitWelcome() throws InterruptedException {
    boolean welcome = false;
    while (!welcome) {
      try (NodeLink link = connect(keys(1), NOBODY)) {
        welcome = link.isOpen();
      } catch (IOException turnedAway) {
        Thread.sleep(10);
      }
    }
  }

  private static final NodeLink.Watcher NOBODY =
      new NodeLink.Watcher() {
        @Override
        public void reported(NodeLink link, Report report) {}

        @Override
        public void lost(NodeLink link, String why) {}
      };

  private NodeLink connect(LinkKeys keys, NodeLink.Watcher watcher) throws IOException {
    return NodeLink.connect(
        links.address(),
        "front",
        keys,
        SETTINGS,
        InstantSource.system(),
        new SecureRandom(),
        watcher);
  }

  @Test
  void knowsItsOwn() throws Exception {
    CountDownLatch reported = new CountDownLatch(1);
    NodeLink.Watcher watcher =
        new NodeLink.Watcher() {
          @Override
          public void reported(NodeLink link, Report report) {
            reported.countDown();
          }

          @Override
          public void lost(NodeLink link, String why) {}
        };
    try (NodeLink link = connect(keys(1), watcher)) {
      reported.await();
      assertThat(link.node()).isEqualTo("n1");
      assertThat(link.report().orElseThrow().getNode()).isEqualTo("n1");
    }
  }

  @Test
  void aFrontWithAnotherKeyFindsOut() {
    assertThatThrownBy(() -> connect(keys(2), NOBODY))
        .hasMessageContaining("does not have the cluster's key");
  }

  @Test
  void whateverComesIsRefusedAndTheNextOneServed() throws Exception {
    Random random = new Random(42);
    for (int i = 0; i < 300; i++) {
      byte[] octets = new byte[random.nextInt(200)];
      random.nextBytes(octets);
      if (random.nextBoolean() && octets.length > 8) {
        // As far as the length it looks like a greeting.
        octets[0] = Frame.HELLO;
        octets[1] = 0;
        octets[2] = 0;
        octets[3] = (byte) Math.min(octets.length - 8, 127);
        Arrays.fill(octets, 4, 8, (byte) 0);
      }
      try (Socket socket =
          new Socket(InetAddress.getLoopbackAddress(), links.address().getPort())) {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.getOutputStream().write(octets);
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
      } catch (IOException reset) {
        assertThat(reset.getMessage()).containsAnyOf("reset", "Broken pipe", "abort");
      }
    }
    awaitWelcome();
  }

  @Test
  void strangersAreFewAndHaveLittleTime() throws Exception {
    startAnew(HASTY);
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        silent.add(new Socket(InetAddress.getLoopbackAddress(), links.address().getPort()));
      }
      for (Socket socket : silent) {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
      }
      awaitWelcome();
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  void strangersThatDripHaveNoMoreTime() throws Exception {
    startAnew(HASTY);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), links.address().getPort())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(50);
      byte[] hello = new byte[Frame.HEADER + 100];
      Arrays.fill(hello, Frame.HEADER + 34, hello.length, (byte) 'f');
      hello[0] = Frame.HELLO;
      hello[3] = 100;
      hello[Frame.HEADER + 1] = 1;
      int sent = 0;
      boolean closed = false;
      while (!closed && sent < hello.length) {
        try {
          socket.getOutputStream().write(hello[sent++]);
          closed = socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
          // Nothing yet: the next octet goes.
        } catch (SocketException e) {
          closed = true;
        }
      }
      assertThat(sent).isLessThan(hello.length);
    }
  }

  @Test
  void aSessionWhoseLinkIsLostWhileItComesEnds() throws Exception {
    Waiting waiting = new Waiting();
    CompletableFuture<LinkServer> leaving = new CompletableFuture<>();
    Flow flow =
        newcomer -> {
          leaving.join().close(Duration.ZERO);
          return new Flow.Answer.Admitted(Flow.Passage.FREE, 0);
        };
    try (NetServer slow =
            new NetServer(
                List.of(),
                NetLimits.DEFAULT,
                new Traces(),
                new SessionIds(InstantSource.system()),
                flow,
                new SimpleMeterRegistry(),
                InstantSource.system());
        LinkServer to =
            new LinkServer(
                "n2",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                keys(1),
                SETTINGS,
                slow,
                Map.of("imap", waiting),
                () -> Report.newBuilder().setNode("n2").build(),
                InstantSource.system(),
                new SecureRandom())) {
      slow.start();
      to.start();
      leaving.complete(to);
      NodeLink link =
          NodeLink.connect(
              to.address(),
              "front",
              keys(1),
              SETTINGS,
              InstantSource.system(),
              new SecureRandom(),
              NOBODY);
      link.open(session(Optional.empty()), told -> {});
      assertThat(waiting.ends.poll(60, TimeUnit.SECONDS)).isEqualTo("broken off");
    }
  }

  /** Serves by waiting once. */
  private static final class Waiting implements Protocol {
    final LinkedBlockingQueue<String> ends = new LinkedBlockingQueue<>();

    @Override
    public String name() {
      return "imap";
    }

    @Override
    public void serve(Connection connection) throws IOException {
      String end = "broken off";
      try {
        end = connection.await(Duration.ofMinutes(5)).toString();
      } finally {
        ends.add(end);
      }
    }

    @Override
    public void resume(Connection connection, byte[] position) throws IOException {
      serve(connection);
    }

    @Override
    public String refusal(Refusal reason) {
      return "* BYE\r\n";
    }
  }

  private static CarriedSession session(Optional<byte[]> position) {
    InetSocketAddress nowhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
    return new CarriedSession(
        "s1",
        "imap",
        "imap",
        TlsMode.NONE,
        nowhere,
        nowhere,
        Instant.EPOCH,
        Optional.empty(),
        false,
        0,
        0,
        OptionalLong.empty(),
        position);
  }

  @Test
  void aSessionThatMovedHasToLogInToo() throws Exception {
    Waiting waiting = new Waiting();
    NetLimits few = NetLimits.DEFAULT;
    NetLimits limits =
        new NetLimits(
            few.connections(),
            few.connectionsPerProtocol(),
            few.connectionsPerAddress(),
            few.loopbackExempt(),
            few.unauthenticated(),
            few.refusals(),
            few.proxyHeader(),
            few.handshake(),
            Duration.ofMillis(200),
            few.read(),
            few.command(),
            few.slowest(),
            few.write(),
            few.linger(),
            few.grace(),
            few.backlog());
    try (NetServer strict =
            new NetServer(
                List.of(),
                limits,
                new Traces(),
                new SessionIds(InstantSource.system()),
                new SimpleMeterRegistry(),
                InstantSource.system());
        LinkServer to =
            new LinkServer(
                "n1",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                keys(1),
                SETTINGS,
                strict,
                Map.of("imap", waiting),
                () -> Report.newBuilder().setNode("n1").build(),
                InstantSource.system(),
                new SecureRandom())) {
      strict.start();
      to.start();
      NodeLink link =
          NodeLink.connect(
              to.address(),
              "front",
              keys(1),
              SETTINGS,
              InstantSource.system(),
              new SecureRandom(),
              NOBODY);
      byte[] position = keys(1).seal("s1", "imap", new byte[] {1});
      link.open(session(Optional.of(position)), told -> {});
      assertThat(waiting.ends.poll(60, TimeUnit.SECONDS)).isEqualTo("TIMEOUT");
    }
  }
}
