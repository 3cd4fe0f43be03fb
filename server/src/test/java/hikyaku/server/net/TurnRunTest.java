package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions without a thread miss nothing, and nobody waits for a client that takes nothing. */
@Timeout(120)
final class TurnRunTest {
  private final Relay relay = new Relay();
  private NetServer server;
  private int bugsExpected;

  /** Says to clients what it is told to, and repeats their lines. */
  private static final class Relay implements TurnProtocol {
    final LinkedBlockingQueue<Relayed> begun = new LinkedBlockingQueue<>();

    /** Whether sessions begin without a turn, and wait to be told of a greeting. */
    volatile boolean atOnce;

    @Override
    public String name() {
      return "relay";
    }

    @Override
    public Turns begin(TurnConnection connection) {
      Relayed made = new Relayed(connection, atOnce);
      begun.add(made);
      return made;
    }

    @Override
    public String refusal(Refusal reason) {
      return "* " + reason + "\r\n";
    }

    @Override
    public boolean authenticates() {
      return false;
    }
  }

  private static final class Relayed implements TurnProtocol.Turns {
    final TurnProtocol.TurnConnection client;
    final Queue<byte[]> news = new ConcurrentLinkedQueue<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final boolean atOnce;
    private boolean greeted;
    volatile int turns;
    volatile boolean closed;

    Relayed(TurnProtocol.TurnConnection client, boolean atOnce) {
      this.client = client;
      this.atOnce = atOnce;
      greeted = atOnce;
    }

    /** From any thread. */
    void tell(byte[] octets) {
      news.add(octets);
      if (client.take()) {
        boolean turn = true;
        try {
          turn = !hear(false);
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        } finally {
          client.giveBack(turn);
        }
      }
    }

    /** The last word, from any thread. */
    void tellLast(String text) throws IOException {
      assertThat(client.take()).isTrue();
      client.out().write(text + "\r\n");
      client.part();
    }

    void tell(String text) {
      tell((text + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private boolean hear(boolean mayWait) throws IOException {
      byte[] octets;
      while ((octets = news.peek()) != null) {
        boolean tls = new String(octets, StandardCharsets.ISO_8859_1).equals("STARTTLS\r\n");
        if (tls && !mayWait) {
          return false;
        }
        news.poll();
        client.out().write(octets, 0, octets.length);
        if (tls) {
          client.startTls();
        }
      }
      return true;
    }

    @Override
    public boolean beginAtOnce() {
      return atOnce;
    }

    @Override
    public boolean turn() throws IOException {
      turns++;
      if (!greeted) {
        greeted = true;
        client.out().write("* HELLO\r\n");
      }
      while (true) {
        hear(true);
        switch (client.awaitOrSignal(Duration.ZERO)) {
          case INPUT -> client.in().readAvailable(this::input);
          case TIMEOUT -> {
            return true;
          }
          case SIGNAL -> client.out().write("signal\r\n");
          case END, MOVED -> {
            return false;
          }
          case STOPPING -> {
            client.out().write("bye\r\n");
            return false;
          }
        }
      }
    }

    @Override
    public int room() {
      return 1_000;
    }

    @Override
    public void input(byte[] octets, int offset, int length) throws IOException {
      for (int i = offset; i < offset + length; i++) {
        line.write(octets[i]);
        if (octets[i] == '\n') {
          String text = line.toString(StandardCharsets.ISO_8859_1);
          line.reset();
          if (text.startsWith("BUG")) {
            throw new IllegalStateException("a bug");
          }
          client.out().write(text);
        }
      }
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @BeforeEach
  void start() throws IOException {
    start(TestServer.LIMITS);
  }

  private void start(NetLimits limits) throws IOException {
    server =
        new NetServer(
            List.of(
                spec("plain", TlsMode.NONE),
                spec("starttls", TlsMode.STARTTLS),
                spec("tls", TlsMode.IMPLICIT)),
            limits,
            new Traces(),
            new SessionIds(InstantSource.system()),
            new SimpleMeterRegistry(),
            InstantSource.system());
    server.useTls(TlsContext.of(List.of(TestServer.DEFAULT)));
    server.start();
  }

  private ListenerSpec spec(String name, TlsMode mode) {
    return new ListenerSpec(
        name, relay, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), mode);
  }

  @AfterEach
  void stop() {
    server.close();
    assertThat(server.connectionCount()).isZero();
    assertThat(server.bugs()).isEqualTo(bugsExpected);
  }

  private int port(String listener) {
    return server.addresses().get(listener).getPort();
  }

  private TestClient connect(String listener) throws IOException {
    TestClient client =
        listener.equals("tls")
            ? TlsClient.connect(port(listener)).client()
            : TestClient.connect(port(listener));
    client.expect("* HELLO");
    return client;
  }

  private Relayed session() throws InterruptedException {
    return relay.begun.take();
  }

  private void awaitIdle() throws InterruptedException {
    while (!server.connections().stream().allMatch(ConnectionInfo::waiting)) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "tls"})
  void missesNothing(String listener) throws Exception {
    int tellers = 3;
    int each = 3_000;
    try (TestClient client = connect(listener)) {
      client.in = new java.io.BufferedInputStream(client.in);
      Relayed session = session();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < tellers; t++) {
        String who = "t" + t + " ";
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  for (int i = 0; i < each; i++) {
                    session.tell(who + i);
                    if (i % 7 == 0) {
                      // The session is often left in between, and often taken at the same moment.
                      Thread.yield();
                    }
                  }
                }));
      }
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < each; i++) {
                    client.send("c0 " + i + "\r\n");
                  }
                } catch (IOException e) {
                  // The reading end finds out.
                }
              }));
      int[] next = new int[tellers + 1];
      for (int i = 0; i < (tellers + 1) * each; i++) {
        String[] words = client.line().split(" ");
        int who = words[0].equals("c0") ? tellers : words[0].charAt(1) - '0';
        assertThat(Integer.parseInt(words[1])).isEqualTo(next[who]++);
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "tls"})
  void nobodyWaitsForAClientThatTakesNothing(String listener) throws Exception {
    try (TestClient slow = connect(listener)) {
      Relayed session = session();
      byte[] part = new byte[100_000];
      java.util.Arrays.fill(part, (byte) '.');
      part[part.length - 2] = '\r';
      part[part.length - 1] = '\n';
      for (int i = 0; i < 200; i++) {
        // The test's own thread tells, so it would hang here.
        session.tell("" + i);
        session.tell(part);
      }
      try (TestClient other = connect(listener)) {
        other.talk("hello", "hello");
        session().tell("news");
        other.expect("news");
      }
      slow.in = new java.io.BufferedInputStream(slow.in, 100_000);
      for (int i = 0; i < 200; i++) {
        slow.expect("" + i);
        assertThat(slow.line()).hasSize(part.length - 2);
      }
      slow.talk("still there", "still there");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "tls"})
  void saysGoodbyeWhereItWaits(String listener) throws Exception {
    try (TestClient client = connect(listener);
        TestClient another = connect(listener)) {
      another.talk("hello", "hello");
      awaitIdle();
      StopReport report = server.stop(Duration.ofSeconds(20));
      assertThat(report).isEqualTo(new StopReport(2, 0, 0));
      client.expect("bye");
      client.expectEnd();
      another.expect("bye");
    }
  }

  @Test
  void aStopIsNotMissedByWhoHasTheSession() throws Exception {
    try (TestClient client = connect("plain")) {
      Relayed session = session();
      awaitIdle();
      assertThat(session.client.take()).isTrue();
      Thread stopping = Thread.ofVirtual().start(() -> server.stop(Duration.ofSeconds(20)));
      while (!session.client.isStopping()) {
        Thread.onSpinWait();
      }
      session.client.giveBack(false);
      client.expect("bye");
      stopping.join();
      assertThat(session.closed).isTrue();
    }
  }

  @Test
  void aSignalIsSeenWhileInputComes() throws Exception {
    try (TestClient client = connect("plain")) {
      Relayed session = session();
      for (int i = 0; i < 300; i++) {
        client.send("line\r\n");
        session.client.signal();
        List<String> both = List.of(client.line(), client.line());
        assertThat(both).containsExactlyInAnyOrder("line", "signal");
      }
    }
  }

  @Test
  void oneThatIsClosedWhileItWaitsEnds() throws Exception {
    try (TestClient client = connect("plain")) {
      Relayed session = session();
      awaitIdle();
      session.client.close(CloseReason.OPERATOR);
      client.expectEnd();
      while (!session.closed) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "tls"})
  void aBugCostsOneSession(String listener) throws Exception {
    bugsExpected = 1;
    try (TestClient client = connect(listener);
        TestClient other = connect(listener)) {
      awaitIdle();
      client.send("BUG\r\n");
      client.expect("* INTERNAL_ERROR");
      client.expectEnd();
      other.talk("hello", "hello");
    }
  }

  @Test
  void theClientsEndIsSeen() throws Exception {
    try (TestClient client = connect("plain")) {
      Relayed session = session();
      awaitIdle();
      client.socket.shutdownOutput();
      client.expectEnd();
      assertThat(session.closed).isTrue();
    }
  }

  @Test
  void startsTlsAgainAndAgain() throws Exception {
    for (int i = 0; i < 30; i++) {
      try (TestClient client = connect("starttls")) {
        Relayed session = session();
        client.talk("hello", "hello");
        awaitIdle();
        Thread telling = Thread.ofVirtual().start(() -> session.tell("STARTTLS"));
        client.expect("STARTTLS");
        // The client's first record is there as soon as it can be.
        TestClient secured = TlsClient.ready().over(client.socket).client();
        telling.join();
        secured.talk("under TLS", "under TLS");
        session.tell("news");
        secured.expect("news");
      }
    }
  }

  private void awaitClosed(Relayed session) throws InterruptedException {
    while (!session.closed || server.connectionCount() > 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** Starts anew with these limits. */
  private void restart(Duration read, Duration linger) throws IOException {
    server.close();
    NetLimits limits = TestServer.LIMITS;
    start(
        new NetLimits(
            limits.connections(),
            limits.connectionsPerProtocol(),
            limits.connectionsPerAddress(),
            limits.loopbackExempt(),
            limits.unauthenticated(),
            limits.refusals(),
            limits.proxyHeader(),
            limits.handshake(),
            limits.login(),
            read,
            limits.command(),
            limits.slowest(),
            limits.write(),
            linger,
            limits.grace(),
            limits.backlog()));
  }

  @Test
  void beginsAndEndsWithoutATurn() throws Exception {
    restart(TestServer.LIMITS.read(), Duration.ofMinutes(5));
    relay.atOnce = true;
    try (TestClient client = TestClient.connect(port("plain"))) {
      Relayed session = session();
      client.send("early\r\n");
      awaitIdle();
      assertThat(session.turns).isZero();
      session.tell("* HELLO");
      client.expect("* HELLO");
      client.expect("early");
      client.talk("hello", "hello");
      awaitIdle();
      session.tellLast("bye");
      client.expect("bye");
      client.expectEnd();
      client.send("what nobody hears\r\n");
      assertThat(session.closed).isFalse();
      client.close();
      awaitClosed(session);
    }
  }

  /** Nothing else of the client is looked at before it is greeted, but a stop is. */
  @Test
  void stopsBeforeTheGreeting() throws Exception {
    relay.atOnce = true;
    try (TestClient client = TestClient.connect(port("plain"))) {
      // Before that there is nobody who could be idle.
      assertThat(session()).isNotNull();
      awaitIdle();
      assertThat(server.stop(Duration.ofSeconds(20))).isEqualTo(new StopReport(1, 0, 0));
      client.expect("bye");
    }
  }

  @Test
  void isClosedBeforeTheGreeting() throws Exception {
    relay.atOnce = true;
    try (TestClient client = TestClient.connect(port("plain"))) {
      Relayed session = session();
      awaitIdle();
      session.client.close(CloseReason.OPERATOR);
      client.expectEnd();
      awaitClosed(session);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "tls"})
  void theLastWordArrivesWhole(String listener) throws Exception {
    try (TestClient client = connect(listener)) {
      Relayed session = session();
      byte[] much = new byte[8_000_000];
      java.util.Arrays.fill(much, (byte) '.');
      much[much.length - 2] = '\r';
      much[much.length - 1] = '\n';
      awaitIdle();
      assertThat(session.client.take()).isTrue();
      session.client.out().write(much, 0, much.length);
      session.client.out().write("bye\r\n");
      session.client.part();
      client.in = new java.io.BufferedInputStream(client.in, 100_000);
      assertThat(client.line().length()).isEqualTo(much.length - 2);
      client.expect("bye");
      client.expectEnd();
      client.close();
      awaitClosed(session);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "tls"})
  void aStopDoesNotWaitForAClientThatWasToldAll(String listener) throws Exception {
    restart(TestServer.LIMITS.read(), Duration.ofMinutes(5));
    try (TestClient client = connect(listener)) {
      Relayed session = session();
      awaitIdle();
      session.tellLast("bye");
      client.expect("bye");
      client.expectEnd();
      assertThat(server.stop(Duration.ofSeconds(20))).isEqualTo(new StopReport(1, 0, 0));
      assertThat(session.closed).isTrue();
    }
  }

  @Test
  void aClientThatDoesNotLeaveIsLeft() throws Exception {
    try (TestClient client = connect("plain")) {
      Relayed session = session();
      awaitIdle();
      session.tellLast("bye");
      client.expect("bye");
      client.expectEnd();
      awaitClosed(session);
    }
  }

  /** Sends octet by octet, as a slow network may. */
  private static final class Dripping extends Socket {
    Dripping(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
      setTcpNoDelay(true);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      OutputStream to = super.getOutputStream();
      return new OutputStream() {
        @Override
        public void write(int octet) throws IOException {
          to.write(octet);
        }

        @Override
        public void write(byte[] octets, int offset, int length) throws IOException {
          for (int i = offset; i < offset + length; i++) {
            write(octets[i]);
          }
        }
      };
    }
  }

  /** Sends whole records, which are never slow, until nothing more gets through. */
  private static final class CutOff extends Socket {
    volatile int left = Integer.MAX_VALUE;

    CutOff(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
      setTcpNoDelay(true);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      OutputStream to = super.getOutputStream();
      return new OutputStream() {
        @Override
        public void write(int octet) throws IOException {
          write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] octets, int offset, int length) throws IOException {
          int count = Math.min(length, left);
          to.write(octets, offset, count);
          left -= count;
        }
      };
    }
  }

  @Test
  void aRecordMayComeInPieces() throws Exception {
    try (SSLSocket socket = TlsClient.ready().over(new Dripping(port("tls"))).socket();
        TestClient client = new TestClient(socket)) {
      client.expect("* HELLO");
      for (int i = 0; i < 50; i++) {
        client.talk("piece " + i, "piece " + i);
      }
    }
  }

  @Test
  void aRecordWhoseRestDoesNotComeEndsTheSession() throws Exception {
    restart(Duration.ofMillis(200), TestServer.LIMITS.linger());
    CutOff cable = new CutOff(port("tls"));
    try (TestClient client = TlsClient.ready().over(cable).client()) {
      client.expect("* HELLO");
      client.talk("whole", "whole");
      Relayed session = session();
      cable.left = 10;
      client.send("cut off\r\n");
      while (!session.closed) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
  }
}
