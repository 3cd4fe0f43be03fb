package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LimitsTest {
  private static NetLimits limits(
      int all, int perProtocol, int perAddress, boolean exempt, int unauthenticated) {
    NetLimits some = TestServer.LIMITS;
    return new NetLimits(
        all,
        perProtocol,
        perAddress,
        exempt,
        unauthenticated,
        some.refusals(),
        some.proxyHeader(),
        some.handshake(),
        some.login(),
        some.read(),
        some.command(),
        some.slowest(),
        some.write(),
        some.linger(),
        some.grace(),
        some.backlog());
  }

  private static NetLimits impatient(Duration read, Duration write) {
    NetLimits some = TestServer.LIMITS;
    return new NetLimits(
        100,
        100,
        100,
        true,
        100,
        8,
        some.proxyHeader(),
        some.handshake(),
        some.login(),
        read,
        some.command(),
        some.slowest(),
        write,
        some.linger(),
        some.grace(),
        50);
  }

  private static void refusedFor(Refusal reason, TestServer server) throws Exception {
    try (TestClient one = server.connect();
        TestClient two = server.connect()) {
      try (TestClient refused = TestClient.connect(server.port("plain"))) {
        refused.expect("* BYE " + reason);
        refused.expectEnd();
      }
      try (TestClient refused = TlsClient.connect(server.port("tls")).client()) {
        refused.expect("* BYE " + reason);
        refused.expectEnd();
      }
      assertThat(
              server
                  .meters
                  .counter(
                      "hikyaku.connections.refused",
                      "protocol",
                      "line",
                      "reason",
                      reason.name().toLowerCase(java.util.Locale.ROOT))
                  .count())
          .isEqualTo(2);
      one.talk("NOOP", "OK");
      two.talk("NOOP", "OK");
    }
  }

  @Test
  void eachLimitRefusesWithItsOwnReply() throws Exception {
    try (TestServer server = new TestServer(limits(2, 9, 9, false, 9))) {
      refusedFor(Refusal.TOTAL, server);
    }
    try (TestServer server = new TestServer(limits(9, 2, 9, false, 9))) {
      refusedFor(Refusal.PROTOCOL, server);
    }
    try (TestServer server = new TestServer(limits(9, 9, 2, false, 9))) {
      refusedFor(Refusal.ADDRESS, server);
    }
    try (TestServer server = new TestServer(limits(9, 9, 9, false, 2))) {
      server.protocol.authenticates = true;
      refusedFor(Refusal.UNAUTHENTICATED, server);
    }
  }

  @Test
  void whoHasLoggedInMakesRoomForOthersAndWhoLeavesDoesToo() throws Exception {
    try (TestServer server = new TestServer(limits(9, 9, 9, true, 1))) {
      server.protocol.authenticates = true;
      TestClient one = server.connect();
      one.talk("LOGIN anna secret", "OK");
      TestClient two = server.connect();
      assertThat(server.server.connections())
          .extracting(info -> info.account().orElse("-"))
          .containsExactly("anna", "-");
      two.talk("QUIT", "BYE");
      two.close();
      one.talk("QUIT", "BYE");
      one.close();
    }
  }

  @Test
  void loopbackMayBeExempt() throws Exception {
    try (TestServer server = new TestServer(limits(9, 9, 1, true, 9));
        TestClient one = server.connect();
        TestClient two = server.connect()) {
      one.talk("NOOP", "OK");
      two.talk("NOOP", "OK");
    }
  }

  @Test
  void placesAreCountedPerNetworkAndProtocol() throws Exception {
    Admission admission = new Admission(limits(100, 100, 1, false, 100), 100);
    LineProtocol imap = new LineProtocol("imap");
    LineProtocol smtp = new LineProtocol("smtp");
    assertThat(admitted(admission, imap, "192.0.2.1")).isTrue();
    assertThat(admitted(admission, imap, "192.0.2.1")).isFalse();
    assertThat(admitted(admission, imap, "192.0.2.2")).isTrue();
    assertThat(admitted(admission, smtp, "192.0.2.1")).isTrue();
    assertThat(admitted(admission, imap, "2001:db8:0:1::1")).isTrue();
    assertThat(admitted(admission, imap, "2001:db8:0:1:ffff::2")).isFalse();
    assertThat(admitted(admission, imap, "2001:db8:0:2::1")).isTrue();
  }

  @Test
  void descriptorsAreLeftForOthers() {
    assertThat(Descriptors.connections(15_000, 1_048_576)).isEqualTo(15_000);
    assertThat(Descriptors.connections(15_000, 20_000)).isEqualTo(15_000);
    assertThat(Descriptors.connections(15_000, 1024)).isEqualTo(768);
    assertThat(Descriptors.connections(15_000, 16_000)).isEqualTo(13_952);
    assertThat(Descriptors.connections(15_000, 200)).isEqualTo(72);
    assertThat(Descriptors.connections(15_000, 80)).isEqualTo(1);
  }

  @Test
  void aPlaceGivenBackTwiceIsGivenBackOnce() throws Exception {
    Admission admission = new Admission(limits(2, 2, 2, false, 2), 2);
    LineProtocol protocol = new LineProtocol("imap");
    protocol.authenticates = true;
    InetAddress address = InetAddress.getByName("192.0.2.1");
    var first = (Admission.Answer.Admitted) admission.admit(protocol, address);
    var second = (Admission.Answer.Admitted) admission.admit(protocol, address);
    first.ticket().authenticated();
    first.ticket().authenticated();
    first.ticket().release();
    first.ticket().release();
    assertThat(admission.total()).isEqualTo(1);
    assertThat(admitted(admission, protocol, "192.0.2.1")).isTrue();
    assertThat(admitted(admission, protocol, "192.0.2.1")).isFalse();
    second.ticket().release();
    assertThat(admission.total()).isEqualTo(1);
  }

  private static boolean admitted(Admission admission, Protocol protocol, String address)
      throws IOException {
    return admission.admit(protocol, InetAddress.getByName(address))
        instanceof Admission.Answer.Admitted;
  }

  @Test
  void aClientThatTakesNoOutputEndsAlone() throws Exception {
    for (boolean tls : new boolean[] {false, true}) {
      try (TestServer server =
              new TestServer(impatient(Duration.ofSeconds(20), Duration.ofSeconds(1)));
          TestClient deaf = tls ? server.connectTls() : server.connect();
          TestClient bystander = server.connect()) {
        deaf.send("BIG 100000000\r\n");
        assertThat(server.protocol.failures.take()).isInstanceOf(NetException.WriteTimeout.class);
        bystander.talk("NOOP", "OK");
      }
    }
  }

  @Test
  void aClientThatStopsInsideACommandIsGivenUp() throws Exception {
    for (boolean tls : new boolean[] {false, true}) {
      try (TestServer server = new TestServer()) {
        server.protocol.read = Duration.ofMillis(100);
        try (TestClient client = tls ? server.connectTls() : server.connect()) {
          client.talk("LIT 10", "+ send");
          client.send("12345");
          client.expectEnd();
          assertThat(server.protocol.failures.take()).isInstanceOf(NetException.ReadTimeout.class);
        }
      }
    }
  }

  private static NetLimits hurried(Duration login, Duration command) {
    NetLimits some = TestServer.LIMITS;
    return new NetLimits(
        100,
        100,
        100,
        true,
        100,
        8,
        some.proxyHeader(),
        some.handshake(),
        login,
        some.read(),
        command,
        some.slowest(),
        some.write(),
        some.linger(),
        some.grace(),
        50);
  }

  /** Whether the server has closed; gives it a moment to do so. */
  private static boolean ended(TestClient client) throws IOException {
    client.socket.setSoTimeout(10);
    try {
      return client.in.read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      return true;
    }
  }

  @Test
  void aCommandThatDripsIsGivenUp() throws Exception {
    for (boolean tls : new boolean[] {false, true}) {
      for (String begin : List.of("ECHO ", "LIT 1000000\r\n")) {
        try (TestServer server =
                new TestServer(hurried(Duration.ofMinutes(1), Duration.ofMillis(300)));
            TestClient client = tls ? server.connectTls() : server.connect()) {
          client.send(begin);
          boolean ended = false;
          while (!ended) {
            try {
              client.send("x");
              while (!tls && client.in.available() > 0 && client.in.read() >= 0) {
                // The go-ahead for the literal.
              }
              ended = ended(client);
            } catch (SocketException e) {
              ended = true;
            }
          }
          assertThat(server.protocol.failures.take()).isInstanceOf(NetException.ReadTimeout.class);
        }
      }
    }
  }

  @Test
  void whoeverDoesNotLogInIsGivenUpHoweverMuchIsSaid() throws Exception {
    try (TestServer server =
        new TestServer(hurried(Duration.ofMillis(300), Duration.ofMinutes(1)))) {
      server.protocol.authenticates = true;
      try (TestClient user = inTime(server, "LOGIN anna secret\r\n");
          TestClient slow = inTime(server, "NOOP\r\nNOO")) {
        assertThat(server.protocol.failures.take()).isInstanceOf(NetException.ReadTimeout.class);
        TestClient stranger = server.connect();
        String line = "OK";
        while (line.equals("OK")) {
          stranger.send("NOOP\r\n");
          line = stranger.line();
        }
        assertThat(line).isEqualTo("* BYE idle");
        stranger.close();
        user.talk("NOOP", "OK");
      }
    }
  }

  /** One that has said this and was heard before its time was over, however slow the machine is. */
  private static TestClient inTime(TestServer server, String text) throws IOException {
    while (true) {
      TestClient client = server.connect();
      client.send(text);
      String line = client.line();
      if ("OK".equals(line)) {
        return client;
      }
      assertThat(line).isIn(null, "* BYE idle");
      client.close();
    }
  }

  @Test
  void octetsEarnTime() {
    long second = 1_000_000_000;
    Pace pace = new Pace(hurried(Duration.ofMinutes(1), Duration.ofSeconds(5)));
    pace.begin();
    assertThat(pace.inside(0, 60 * second)).isEqualTo(5 * second);
    assertThat(pace.inside(0, 3 * second)).isEqualTo(3 * second);
    pace.waited(4 * second, 999);
    assertThat(pace.inside(0, 60 * second)).isEqualTo(second);
    pace.waited(0, 2001);
    assertThat(pace.inside(0, 60 * second)).isEqualTo(4 * second);
    pace.waited(10 * second, -1);
    assertThat(pace.inside(7, 60 * second)).isEqualTo(7);
    pace.waited(0, Integer.MAX_VALUE);
    assertThat(pace.inside(0, 60 * second)).isEqualTo(60 * second);
    pace.begin();
    assertThat(pace.inside(0, 60 * second)).isEqualTo(5 * second);
  }

  @Test
  void aSessionBeyondItsGraceIsClosed() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      client.talk("LIT 10", "+ send");
      StopReport report = server.server.stop(Duration.ofMillis(50));
      assertThat(report).isEqualTo(new StopReport(0, 1, 0));
      assertThat(server.protocol.failures.take())
          .isInstanceOfSatisfying(
              NetException.Closed.class,
              closed -> assertThat(closed.reason()).isEqualTo(CloseReason.STOPPING));
    }
  }

  @Test
  void theOperatorClosesOneConnection() throws Exception {
    try (TestServer server = new TestServer();
        TestClient waiting = server.connect();
        TestClient idling = server.connect();
        TestClient other = server.connect()) {
      idling.talk("IDLE", "+ idling");
      List<String> ids =
          server.server.connections().stream().map(ConnectionInfo::sessionId).toList();
      server.server.connection(ids.get(0)).orElseThrow().close(CloseReason.OPERATOR);
      server.server.connection(ids.get(1)).orElseThrow().close(CloseReason.OPERATOR);
      waiting.expectEnd();
      idling.expectEnd();
      for (int i = 0; i < 2; i++) {
        assertThat(server.protocol.failures.take()).isInstanceOf(NetException.Closed.class);
      }
      other.talk("NOOP", "OK");
      assertThat(server.server.connection("nobody")).isEmpty();
    }
  }

  @Test
  void aStartThatFailsLeavesNothingBoundAndSaysWhy() throws Exception {
    LineProtocol protocol = new LineProtocol("line");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int freePort = free.getLocalPort();
      free.close();
      NetServer server =
          server(spec("first", protocol, freePort), spec("second", protocol, taken.getLocalPort()));
      assertThatThrownBy(server::start)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("second")
          .hasMessageContaining(Integer.toString(taken.getLocalPort()))
          .hasMessageContaining("in use");
      assertThat(server.addresses()).isEmpty();
      new ServerSocket(freePort, 1, InetAddress.getLoopbackAddress()).close();
    }
    NetServer server =
        server(
            new ListenerSpec(
                "imaps",
                protocol,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                TlsMode.IMPLICIT));
    assertThatThrownBy(server::start).hasMessageContaining("imaps").hasMessageContaining("certif");
  }

  private static ListenerSpec spec(String name, Protocol protocol, int port) {
    return new ListenerSpec(
        name,
        protocol,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        TlsMode.NONE);
  }

  private static NetServer server(ListenerSpec... specs) {
    return new NetServer(
        List.of(specs),
        TestServer.LIMITS,
        new Traces(),
        new SessionIds(InstantSource.system()),
        new SimpleMeterRegistry(),
        InstantSource.system());
  }

  /** What the operating system says when descriptors run out, five times in a row. */
  @Test
  void acceptingSurvivesWithoutSpinningWhenDescriptorsRunOut() throws Exception {
    try (ServerSocketChannel real = ServerSocketChannel.open()) {
      real.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      AtomicInteger calls = new AtomicInteger();
      LinkedBlockingQueue<SocketChannel> arrived = new LinkedBlockingQueue<>();
      Listener listener =
          new Listener(
              spec("starved", new LineProtocol("line"), 0),
              (InetSocketAddress) real.getLocalAddress(),
              () -> {
                if (calls.incrementAndGet() <= 5) {
                  throw new IOException("Too many open files");
                }
                return real.accept();
              },
              real::close,
              (_, channel) -> arrived.add(channel));
      long begin = System.nanoTime();
      listener.start();
      try (TestClient client =
          TestClient.connect(((InetSocketAddress) real.getLocalAddress()).getPort())) {
        arrived.take().close();
        // 10 + 20 + 40 + 80 + 160 ms of pauses, each of which nothing cut short.
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
            .isGreaterThanOrEqualTo(Duration.ofMillis(310));
        assertThat(client.in.read()).isEqualTo(-1);
      }
      listener.close();
    }
  }

  @Test
  void aStarvedListenerClosesAtOnceAndTriesAgainWhenADescriptorIsFree() throws Exception {
    // Without the nudges so many failures would take minutes.
    CountDownLatch failures = new CountDownLatch(500);
    Listener listener =
        new Listener(
            spec("starved", new LineProtocol("line"), 0),
            new InetSocketAddress(0),
            () -> {
              failures.countDown();
              throw new IOException("Too many open files");
            },
            () -> {},
            (_, _) -> {
              throw new IllegalStateException("nobody can have come");
            });
    listener.start();
    while (failures.getCount() > 0) {
      listener.nudge();
      Thread.onSpinWait();
    }
    listener.close();
  }

  @Test
  void aListenerThatIsClosedEndsItsThread() throws Exception {
    Listener listener =
        new Listener(
            spec("closed", new LineProtocol("line"), 0),
            new InetSocketAddress(0),
            () -> {
              throw new ClosedChannelException();
            },
            () -> {},
            (_, _) -> {});
    listener.start();
    listener.close();
  }

  @Test
  void noDescriptorIsLost() throws Exception {
    round();
    long before = descriptors();
    for (int i = 0; i < 5; i++) {
      round();
    }
    // What is lost is so for ever; what others in this process have open is not.
    while (descriptors() > before + 2) {
      Thread.sleep(100);
    }
  }

  /** Every kind of end, several times. */
  private static void round() throws Exception {
    try (TestServer server = new TestServer()) {
      for (int i = 0; i < 10; i++) {
        TestClient quits = server.connect();
        quits.talk("QUIT", "BYE");
        quits.close();
        server.connectTls().close();
        TestClient junk = TestClient.connect(server.port("tls"));
        junk.send("junk\r\n");
        junk.close();
        TestClient idles = server.connect();
        idles.talk("IDLE", "+ idling");
        idles.close();
        TestClient packed = server.connect();
        packed.talk("COMPRESS", "OK begin");
        packed.close();
      }
      TestClient idles = server.connect();
      idles.talk("IDLE", "+ idling");
      Connection connection = null;
      while (!server.protocol.begun.isEmpty()) {
        connection = server.protocol.begun.take();
      }
      connection.close(CloseReason.OPERATOR);
      idles.expectEnd();
      idles.close();
    }
  }

  private static long descriptors() throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
