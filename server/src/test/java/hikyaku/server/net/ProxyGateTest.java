package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@Timeout(60)
class ProxyGateTest {
  private static final long SEED = 20260101;

  /** 192.0.2.1:4660 to 198.51.100.2:993, with a TLV that makes it longer than one read. */
  private static final byte[] V2 =
      HexFormat.of()
          .parseHex(
              "0d0a0d0a000d0a515549540a"
                  + "2111006f"
                  + "c0000201c6336402123403e1"
                  + "040060"
                  + "00".repeat(96));

  private final LineProtocol protocol = new LineProtocol("line");
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private NetServer server = started(TestServer.LIMITS);

  private static byte[] v1(String client) {
    return ("PROXY TCP4 " + client + " 198.51.100.2 4660 993\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static NetLimits limits(int all, int perAddress, Duration proxyHeader) {
    NetLimits some = TestServer.LIMITS;
    return new NetLimits(
        all,
        some.connectionsPerProtocol(),
        perAddress,
        false,
        some.unauthenticated(),
        some.refusals(),
        proxyHeader,
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

  private NetServer started(NetLimits limits) {
    try {
      NetServer made =
          new NetServer(
              List.of(
                  spec("plain", TlsMode.NONE, "127.0.0.0/8"),
                  spec("tls", TlsMode.IMPLICIT, "192.0.2.0/24", "127.0.0.1"),
                  spec("foreign", TlsMode.NONE, "192.0.2.0/24", "126.0.0.0/8", "::1"),
                  spec("none", TlsMode.NONE)),
              limits,
              new Traces(),
              new SessionIds(InstantSource.system()),
              meters,
              InstantSource.system());
      made.useTls(TlsContext.of(List.of(TestServer.DEFAULT)));
      made.start();
      return made;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private ListenerSpec spec(String name, TlsMode mode, String... proxies) {
    return new ListenerSpec(
        name,
        protocol,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        mode,
        Arrays.stream(proxies).map(AddressPrefix::parse).toList());
  }

  private void restart(NetLimits limits) {
    server.close();
    server = started(limits);
  }

  @AfterEach
  void stop() {
    server.close();
    assertThat(server.bugs()).isZero();
    assertThat(server.connectionCount()).isZero();
  }

  private TestClient connect(String listener) throws IOException {
    return TestClient.connect(server.addresses().get(listener).getPort());
  }

  private double counted(ProxyGate.Outcome outcome) {
    return meters
        .counter(
            "hikyaku.proxy.headers",
            "protocol",
            "line",
            "result",
            outcome.name().toLowerCase(Locale.ROOT))
        .count();
  }

  private void assertBegun(String remote, String local) throws InterruptedException {
    Connection connection = protocol.begun.take();
    assertThat(connection.remote()).hasToString("/" + remote);
    assertThat(connection.local()).hasToString("/" + local);
    assertThat(server.connections())
        .extracting(ConnectionInfo::remote)
        .contains(connection.remote());
  }

  @Test
  void theClientIsWhomTheProxyNames() throws Exception {
    for (byte[] header : List.of(v1("192.0.2.1"), V2)) {
      try (TestClient client = connect("plain")) {
        client.out.write(header);
        client.expect("* HELLO");
        assertBegun("192.0.2.1:4660", "198.51.100.2:993");
        client.talk("NOOP", "OK");
      }
    }
    assertThat(counted(ProxyGate.Outcome.PROXIED)).isEqualTo(2);
  }

  @Test
  void noOctetBehindTheHeaderIsLostHoweverItComes() throws Exception {
    for (byte[] header : List.of(v1("192.0.2.1"), V2)) {
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      both.write(header);
      both.write("ECHO ab\r\n".repeat(17).getBytes(StandardCharsets.US_ASCII));
      byte[] all = both.toByteArray();
      for (int step : new int[] {1, 7, 63, 64, 65, header.length - 1, header.length, all.length}) {
        try (TestClient client = connect("plain")) {
          client.socket.setTcpNoDelay(true);
          for (int at = 0; at < all.length; at += step) {
            client.out.write(all, at, Math.min(step, all.length - at));
          }
          client.expect("* HELLO");
          for (int i = 0; i < 17; i++) {
            client.expect("ab");
          }
        }
      }
    }
  }

  @Test
  void theHeaderGoesBeforeTls() throws Exception {
    for (byte[] header : List.of(v1("192.0.2.1"), V2)) {
      Socket plain =
          new Socket(InetAddress.getLoopbackAddress(), server.addresses().get("tls").getPort());
      plain.getOutputStream().write(header);
      try (TestClient client = TlsClient.ready().over(plain).client()) {
        client.expect("* HELLO");
        assertBegun("192.0.2.1:4660", "198.51.100.2:993");
        client.talk("NOOP", "OK");
      }
    }
  }

  @Test
  void theHandshakeMayComeInOnePieceWithTheHeader() throws Exception {
    SSLEngine engine = TlsClient.context().createSSLEngine("localhost", 993);
    engine.setUseClientMode(true);
    ByteBuffer hello = ByteBuffer.allocate(Buffers.SIZE);
    engine.wrap(ByteBuffer.allocate(0), hello);
    for (byte[] header : List.of(v1("192.0.2.1"), V2)) {
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      both.write(header);
      both.write(hello.array(), 0, hello.position());
      try (TestClient client = connect("tls")) {
        client.out.write(both.toByteArray());
        int handshake = 22;
        assertThat(client.in.read()).isEqualTo(handshake);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"50524f585920554e4b4e4f574e0d0a", "0d0a0d0a000d0a515549540a20000000"})
  void aProxyMayCallOnItsOwnBehalf(String header) throws Exception {
    try (TestClient client = connect("plain")) {
      client.out.write(HexFormat.of().parseHex(header));
      client.expect("* HELLO");
      assertBegun(
          "127.0.0.1:" + client.socket.getLocalPort(), "127.0.0.1:" + client.socket.getPort());
      assertThat(counted(ProxyGate.Outcome.UNPROXIED)).isEqualTo(1);
    }
  }

  /** Nothing comes, and then the end; a reset is one, too. */
  private static void expectClosed(TestClient client) throws IOException {
    try {
      assertThat(client.in.read()).isEqualTo(-1);
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  @Test
  void aProxyThatDoesNotSayWhomItBringsIsClosedWithoutAWord() throws Exception {
    List<String> lines =
        List.of(
            "NOOP\r\n",
            "PROXY TCP4 1.2.3.4\r\n",
            "PROXY UNKNOWN " + "x".repeat(200),
            "\r\n\r\n\0\r\nQUIT\n\u0021\u0011\u00ff\u00ff",
            "\u0016\u0003\u0001");
    for (String listener : List.of("plain", "tls")) {
      for (String line : lines) {
        try (TestClient client = connect(listener)) {
          client.send(line);
          expectClosed(client);
        }
      }
      try (TestClient client = connect(listener)) {
        client.out.write(V2, 0, V2.length - 1);
        client.socket.shutdownOutput();
        expectClosed(client);
      }
      try (TestClient client = connect(listener)) {
        client.socket.shutdownOutput();
        expectClosed(client);
      }
    }
    assertThat(counted(ProxyGate.Outcome.MALFORMED)).isEqualTo(2 * lines.size() + 2);
    assertThat(counted(ProxyGate.Outcome.GONE)).isEqualTo(2);
    assertThat(protocol.begun).isEmpty();
  }

  @Test
  void aHeaderThatDripsIsGivenUp() throws Exception {
    restart(limits(9, 9, Duration.ofMillis(300)));
    try (TestClient silent = connect("tls");
        TestClient drips = connect("plain")) {
      drips.socket.setSoTimeout(10);
      drips.send("PROXY UNKNOWN ");
      boolean ended = false;
      // However long the server takes: more octets would be no header.
      int drops = 60;
      while (!ended) {
        try {
          if (drops-- > 0) {
            drips.send("x");
          }
          ended = drips.in.read() < 0;
        } catch (java.net.SocketTimeoutException e) {
          ended = false;
        } catch (SocketException e) {
          ended = true;
        }
      }
      expectClosed(silent);
    }
    assertThat(counted(ProxyGate.Outcome.LATE)).isEqualTo(2);
  }

  @Test
  void whoIsNoProxyIsNotBelieved() throws Exception {
    for (String listener : List.of("foreign", "none")) {
      try (TestClient client = connect(listener)) {
        client.expect("* HELLO");
        client.out.write(v1("192.0.2.1"));
        client.expect("BAD");
        assertBegun(
            "127.0.0.1:" + client.socket.getLocalPort(), "127.0.0.1:" + client.socket.getPort());
      }
    }
  }

  @Test
  void limitsAreThoseOfTheClient() throws Exception {
    restart(limits(9, 1, Duration.ofSeconds(20)));
    try (TestClient one = connect("plain");
        TestClient again = connect("plain");
        TestClient other = connect("plain")) {
      one.out.write(v1("192.0.2.1"));
      one.expect("* HELLO");
      again.out.write(v1("192.0.2.1"));
      again.expect("* BYE ADDRESS");
      other.out.write(v1("192.0.2.2"));
      other.expect("* HELLO");
    }
  }

  @Test
  void aSilentProxyKeepsNobodyWaitingButTakesAPlace() throws Exception {
    restart(limits(3, 9, Duration.ofSeconds(20)));
    try (TestClient silent = connect("plain");
        TestClient one = connect("plain")) {
      one.out.write(v1("192.0.2.1"));
      one.expect("* HELLO");
      try (TestClient alsoSilent = connect("plain");
          TestClient tooMany = connect("plain")) {
        expectClosed(tooMany);
        silent.out.write(V2);
        silent.expect("* HELLO");
        // A stop ends those that wait, too.
        Thread stopping = Thread.ofVirtual().start(server::close);
        expectClosed(alsoSilent);
        one.expect("* BYE stopping");
        silent.expect("* BYE stopping");
        one.close();
        silent.close();
        stopping.join();
      }
    }
  }

  /** Its first session begins where it is handed on, and not before the test lets it. */
  private static final class Slow implements TurnProtocol {
    final CountDownLatch begins = new CountDownLatch(1);
    final CountDownLatch goesOn = new CountDownLatch(1);

    @Override
    public String name() {
      return "line";
    }

    @Override
    public String refusal(Refusal reason) {
      return "* BYE " + reason + "\r\n";
    }

    @Override
    public Turns begin(TurnConnection connection) {
      if (begins.getCount() > 0) {
        begins.countDown();
        try {
          goesOn.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return new Turns() {
        @Override
        public boolean beginAtOnce() {
          return false;
        }

        @Override
        public boolean turn() throws IOException {
          connection.out().write("* HELLO\r\n");
          return false;
        }

        @Override
        public int room() {
          return 0;
        }

        @Override
        public void input(byte[] octets, int offset, int length) {}

        @Override
        public void close() {}
      };
    }
  }

  @Test
  void whoIsHandedOnTakesOnePlace() throws Exception {
    Slow slow = new Slow();
    ListenerSpec any = spec("plain", TlsMode.NONE, "127.0.0.0/8");
    server.close();
    server =
        new NetServer(
            List.of(new ListenerSpec(any.name(), slow, any.address(), any.tls(), any.proxies())),
            limits(2, 9, Duration.ofSeconds(20)),
            new Traces(),
            new SessionIds(InstantSource.system()),
            meters,
            InstantSource.system());
    server.start();
    try (TestClient one = connect("plain");
        TestClient other = secondOf(one, slow)) {
      other.expect("* HELLO");
      slow.goesOn.countDown();
      one.expect("* HELLO");
    } finally {
      slow.goesOn.countDown();
    }
  }

  /** Comes when the first is being handed on. */
  private TestClient secondOf(TestClient one, Slow slow) throws Exception {
    one.out.write(v1("192.0.2.1"));
    slow.begins.await();
    TestClient other = connect("plain");
    other.out.write(v1("192.0.2.2"));
    return other;
  }

  @Test
  void theLogIsNotFilled() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(ProxyGate.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    Level before = logger.getLevel();
    logger.setLevel(Level.WARN);
    int count = 50;
    long begin = System.nanoTime();
    try {
      for (int i = 0; i < count; i++) {
        try (TestClient client = connect("plain")) {
          client.send("NOOP\r\n");
          expectClosed(client);
        }
      }
      server.close();
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(before);
    }
    long windows = 1 + Duration.ofNanos(System.nanoTime() - begin).toSeconds() / 5;
    assertThat(lines.list).hasSizeBetween(1, (int) windows);
    assertThat(String.valueOf(lines.list.getFirst().getKeyValuePairs()))
        .contains("listener=\"plain\"", "proxy=\"/127.0.0.1:", "no PROXY header")
        .doesNotContain("NOOP");
    assertThat(counted(ProxyGate.Outcome.MALFORMED)).isEqualTo(count);
  }

  @Test
  void whateverComesEndsInOrder() throws Exception {
    Random random = new Random(SEED);
    for (int i = 0; i < 300; i++) {
      byte[] header = random.nextBoolean() ? V2.clone() : v1("192.0.2.1");
      header = Arrays.copyOf(header, header.length - random.nextInt(header.length / 2));
      for (int changes = random.nextInt(4); changes > 0; changes--) {
        header[random.nextInt(header.length)] = (byte) random.nextInt(256);
      }
      try (TestClient client = connect("plain")) {
        client.out.write(header);
        client.socket.shutdownOutput();
        while (client.in.read() >= 0) {
          // Only that it ends is of interest.
        }
      } catch (java.net.SocketTimeoutException e) {
        throw new AssertionError("the server hangs, seed " + SEED + ", case " + i, e);
      } catch (SocketException e) {
        // A reset is an end as well.
        assertThat(e).hasMessageMatching(".*(reset|[Bb]roken pipe|not connected).*");
      }
    }
    assertThat(counted(ProxyGate.Outcome.MALFORMED)).isGreaterThan(100);
  }
}
