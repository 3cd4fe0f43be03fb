package hikyaku.server.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.link.NodeLink;
import hikyaku.server.link.proto.Report;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.net.Wake;
import hikyaku.server.testing.LinkRig;
import hikyaku.server.testing.TrustEveryone;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sessions go on whatever becomes of their node; the client's octets are always the same. */
final class FrontTest {
  /** What a machine may stand still for, and no session has to move. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final LinkSettings SETTINGS =
      new LinkSettings(
          Duration.ofMillis(100), PATIENCE, PATIENCE, PATIENCE, 8, true, 1000, PATIENCE);

  /** Of a front that soon misses a node which says nothing. */
  private static final LinkSettings ALERT =
      new LinkSettings(
          SETTINGS.heartbeat(),
          Duration.ofMillis(1500),
          SETTINGS.patience(),
          SETTINGS.greeting(),
          SETTINGS.strangers(),
          SETTINGS.tls(),
          SETTINGS.drain(),
          SETTINGS.ticket());

  private static final LinkKeys NODE_KEYS = LinkKeys.ofNode(FrontTest::key);
  private static final LinkKeys FRONT_KEYS = LinkKeys.ofFront(FrontTest::key);

  @TempDir Path directory;

  private final Map<String, Long> writes = new ConcurrentHashMap<>();
  private final List<Node> running = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Node one;
  private Node two;
  private Nodes nodes;
  private NetServer front;

  private static byte[] key(String purpose) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(purpose.getBytes(StandardCharsets.UTF_8));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A node in this process, behind a cable. */
  private final class Node implements AutoCloseable {
    final TallyProtocol protocol;
    final NetServer server;
    final LinkServer links;
    final Cable cable;
    volatile Report.State state = Report.State.UP;
    volatile List<String> pools = List.of();
    volatile List<String> peers = List.of();

    Node(String name) throws IOException {
      this(name, true);
    }

    /**
     * @param serves whether it does what it says of itself
     */
    Node(String name, boolean serves) throws IOException {
      protocol = new TallyProtocol(name, writes);
      server = LinkRig.server();
      links =
          new LinkServer(
              name,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              NODE_KEYS,
              SETTINGS,
              server,
              serves ? Map.of("imap", protocol, "smtp", protocol) : Map.of(),
              () ->
                  Report.newBuilder()
                      .setNode(name)
                      .setState(state)
                      .addServices("imap")
                      .addServices("smtp")
                      .setWeight(100)
                      .addAllPools(pools)
                      .addAllPeers(peers)
                      .build(),
              InstantSource.system(),
              new SecureRandom());
      links.start();
      cable = new Cable(links.address());
      running.add(this);
    }

    /** When it returns all have been told to leave once; who comes back is told again. */
    void drain() throws InterruptedException {
      state = Report.State.DRAINING;
      links.announce();
      links.letGo();
      Thread.ofVirtual()
          .start(() -> {
            try {
              links.drain(() -> true);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }

    @Override
    public void close() throws IOException {
      protocol.release.countDown();
      cable.close();
      links.close();
      server.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    one = new Node("one");
    two = new Node("two");
    startFront(SETTINGS, PATIENCE);
  }

  /**
   * A front in place of that which is there.
   *
   * @param patience how long a session waits for a node
   */
  private void startAnew(LinkSettings links, Duration patience) throws Exception {
    front.close();
    nodes.close();
    startFront(links, patience);
  }

  private void startFront(LinkSettings links, Duration patience) throws Exception {
    FrontSettings settings =
        new FrontSettings(
            FrontSettings.Balance.LEAST_SESSIONS,
            Duration.ZERO,
            patience,
            Duration.ofMillis(200),
            1024L * 1024 * 1024,
            Map.of("tls", "students"),
            directory);
    InstantSource clock = InstantSource.system();
    nodes = new Nodes("front", FRONT_KEYS, links, settings, clock, new SecureRandom());
    FrontProtocol protocol =
        new FrontProtocol(FrontProtocol.Service.IMAP, nodes, settings, new FrontMetrics(meters));
    FrontProtocol transactions =
        new FrontProtocol(FrontProtocol.Service.SMTP, nodes, settings, new FrontMetrics(meters));
    front =
        new NetServer(
            List.of(
                spec("plain", protocol, TlsMode.STARTTLS),
                spec("tls", protocol, TlsMode.IMPLICIT),
                spec("smtp", transactions, TlsMode.NONE)),
            NetLimits.DEFAULT,
            new Traces(),
            new SessionIds(clock),
            meters,
            clock);
    front.useTls(TlsContext.of(List.of(SelfSigned.create(List.of("localhost"), Instant.now()))));
    front.start();
  }

  private static ListenerSpec spec(String name, FrontProtocol protocol, TlsMode mode) {
    return new ListenerSpec(
        name, protocol, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), mode);
  }

  @AfterEach
  void stop() throws Exception {
    for (Node node : running) {
      node.protocol.release.countDown();
    }
    front.close();
    nodes.close();
    for (Node node : running) {
      node.close();
    }
    assertThat(front.bugs()).isZero();
    for (Node node : running) {
      assertThat(node.server.bugs()).isZero();
    }
  }

  /** Makes the node known; returns when it takes sessions. */
  private void link(Node node) throws InterruptedException {
    nodes.add(node.cable.address());
    while (nodes.links().stream()
        .noneMatch(link -> link.node().equals(node.protocol.node) && link.report().isPresent())) {
      nodes.awaitChange(Duration.ofMillis(50));
    }
  }

  /** A client that fails if what comes is not what must come. */
  private final class Client implements AutoCloseable {
    Socket socket;
    InputStream in;
    OutputStream out;

    Client(String listener) throws Exception {
      socket =
          new Socket(InetAddress.getLoopbackAddress(), front.addresses().get(listener).getPort());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.setTcpNoDelay(true);
      use(socket);
      if (listener.equals("tls")) {
        tls();
      }
    }

    private void use(Socket now) throws IOException {
      in = new BufferedInputStream(now.getInputStream());
      out = now.getOutputStream();
    }

    void tls() throws Exception {
      SSLContext context = TrustEveryone.context("TLS");
      SSLSocket secured =
          (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", 1, true);
      secured.startHandshake();
      socket = secured;
      use(secured);
    }

    void compress() {
      out = new DeflaterOutputStream(out, new Deflater(6, true), 512, true);
      in = new InflaterInputStream(in, new Inflater(true));
    }

    void send(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }

    String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int octet;
      while ((octet = in.read()) >= 0) {
        line.write(octet);
        if (octet == '\n') {
          String text = line.toString(StandardCharsets.ISO_8859_1);
          assertThat(text).endsWith("\r\n");
          return text.strip();
        }
      }
      return "END " + line;
    }

    void expect(String line) throws IOException {
      assertThat(line()).isEqualTo(line);
    }

    void ask(String command, String answer) throws IOException {
      send(command + "\r\n");
      expect(answer);
    }

    void expectSaid(int lines, long pin) throws IOException {
      for (int i = 0; i < lines; i++) {
        expect("line " + i + " pinned to " + pin + " of a long answer");
      }
      expect("said");
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void whoSpeaksBeforeItIsGreetedIsHeard() throws Exception {
    one.protocol.listensFirst = true;
    link(one);
    try (Client client = new Client("smtp")) {
      client.send("WHERE\r\n");
      client.expect("* EARLY");
      client.expect("one");
    }
  }

  private Client greeted(String listener) throws Exception {
    Client client = new Client(listener);
    client.expect("* HELLO");
    return client;
  }

  private static void arrived(TallyProtocol protocol, String how) throws InterruptedException {
    assertThat(protocol.begun.poll(60, TimeUnit.SECONDS)).isEqualTo(how);
  }

  @Test
  void carriesASessionAndItsName() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 3", "total 3");
      client.ask("NAME alice", "named");
      client.send("ADD 4\r\nADD 5\r\nWHERE\r\n");
      client.expect("total 7");
      client.expect("total 12");
      client.expect("one");
      assertThat(front.connections().getFirst().account()).contains("alice");
      Connection there = one.protocol.connections.take();
      assertThat(there.remote().getPort()).isEqualTo(client.socket.getLocalPort());
      assertThat(there.sessionId()).isEqualTo(front.connections().getFirst().sessionId());
      client.ask("QUIT", "bye");
      assertThat(client.line()).isEqualTo("END ");
    }
  }

  private double counted(String name, String... tags) {
    var found = meters.find(name).tags(tags);
    return found.counter() == null ? found.timer().count() : found.counter().count();
  }

  @Test
  void goesHomeWhenItIsKnownWhoItIs() throws Exception {
    two.pools = List.of("staff");
    link(one);
    link(two);
    try (Client client = greeted("plain")) {
      client.ask("ADD 3", "total 3");
      client.ask("WHERE", "one");
      client.ask("NAME alice - staff", "named");
      arrived(two.protocol, "resumed");
      client.ask("WHERE", "two");
      client.ask("ADD 4", "total 7");
      assertThat(front.connections().getFirst().state()).isEqualTo("on two");
      // From there it is pinned to a node, and then to none.
      client.ask("NAME alice one staff", "named");
      arrived(one.protocol, "served");
      arrived(one.protocol, "resumed");
      client.ask("WHERE", "one");
      client.ask("NAME alice - -", "named");
      client.ask("WHERE", "one");
      client.ask("ADD 4", "total 11");
    }
    assertThat(counted("hikyaku.front.moves", "why", "home")).isEqualTo(2);
    assertThat(counted("hikyaku.front.astray")).isZero();
  }

  @Test
  void staysWhereNoOtherNodeCanCarryItOn() throws Exception {
    two.pools = List.of("staff");
    link(one);
    link(two);
    try (Client client = greeted("plain")) {
      client.ask("NAME alice " + Home.WHERE_IT_IS.node() + " -", "named");
      client.ask("WHERE", "one");
      client.ask("ADD 4", "total 4");
      assertThat(front.connections().getFirst().account()).contains("alice");
      // It is not for ever: what the node says last holds.
      client.ask("NAME alice - staff", "named");
      arrived(two.protocol, "resumed");
      client.ask("WHERE", "two");
    }
    assertThat(counted("hikyaku.front.moves", "why", "home")).isEqualTo(1);
    assertThat(counted("hikyaku.front.astray")).isZero();
  }

  @Test
  void goesHomeWithCommandsUnderWay() throws Exception {
    two.pools = List.of("staff");
    link(one);
    link(two);
    try (Client client = greeted("plain")) {
      client.send("NAME alice - staff\r\n");
      for (int i = 0; i < 200; i++) {
        client.send("ADD 1\r\n");
      }
      client.expect("named");
      for (int i = 1; i <= 200; i++) {
        client.expect("total " + i);
      }
      client.ask("WHERE", "two");
    }
    assertThat(writes).hasSize(200);
  }

  @Test
  void isServedElsewhereWhileNobodyIsUpWhereItBelongs() throws Exception {
    two.pools = List.of("staff");
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("NAME alice - staff", "named");
      client.ask("WHERE", "one");
      Node three = new Node("three");
      link(three);
      one.drain();
      arrived(three.protocol, "resumed");
      client.ask("WHERE", "three");
      assertThat(front.connections().getFirst().state()).isEqualTo("on three, no pool staff is up");
      assertThat(counted("hikyaku.front.astray")).isEqualTo(1);
      // Once they are back, whoever is moved goes home.
      link(two);
      three.cable.cut();
      arrived(two.protocol, "resumed");
      client.ask("WHERE", "two");
      two.cable.cut();
      client.ask("WHERE", "one");
    }
  }

  @Test
  void isSentHomeOnceIfTheyDoNotTakeItThere() throws Exception {
    Node sham = new Node("three", false);
    sham.pools = List.of("staff");
    link(one);
    link(sham);
    try (Client client = greeted("plain")) {
      client.ask("NAME alice - staff", "named");
      arrived(one.protocol, "served");
      arrived(one.protocol, "resumed");
      client.ask("NAME alice - staff", "named");
      client.ask("WHERE", "one");
      assertThat(one.protocol.begun).isEmpty();
    }
  }

  @Test
  void takesListenersToTheirPools() throws Exception {
    two.pools = List.of("students", "staff");
    Node three = new Node("three");
    three.pools = List.of("other");
    link(two);
    link(one);
    link(three);
    for (int i = 0; i < 5; i++) {
      try (Client secured = greeted("tls");
          Client plain = greeted("plain")) {
        secured.ask("WHERE", "two");
        plain.ask("WHERE", "one");
        secured.ask("NAME alice - other", "named");
        arrived(three.protocol, "resumed");
        secured.ask("WHERE", "three");
      }
    }
    assertThat(counted("hikyaku.front.astray")).isZero();
    two.cable.cut();
    try (Client secured = greeted("tls")) {
      secured.ask("WHERE", "one");
    }
    assertThat(counted("hikyaku.front.astray")).isEqualTo(1);
  }

  private String where() throws Exception {
    try (Client client = greeted("plain")) {
      client.send("WHERE\r\n");
      return client.line();
    }
  }

  @Test
  void aBadNodeGetsNoNewSessionsWhileThereIsABetterOne() throws Exception {
    link(one);
    link(two);
    nodes.weighBy(node -> node.equals("one") ? 0 : 1);
    for (int i = 0; i < 5; i++) {
      assertThat(where()).isEqualTo("two");
    }
    try (Client here = greeted("plain")) {
      here.ask("WHERE", "two");
      nodes.weighBy(node -> 0);
      // Both are bad, so both are taken: the one with fewer sessions.
      try (Client there = greeted("plain")) {
        there.ask("WHERE", "one");
      }
      here.ask("ADD 3", "total 3");
      here.ask("WHERE", "two");
    }
  }

  @Test
  void goesOnElsewhereWhenTheNodeDies() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 3", "total 3");
      link(two);
      one.cable.cut();
      arrived(two.protocol, "resumed");
      client.ask("ADD 4", "total 7");
      client.ask("WHERE", "two");
    }
  }

  /** Those that wait for nothing stand in line, and who asks for something goes before. */
  @Test
  void whoAsksDoesNotStandInLine() throws Exception {
    int inLine = 7;
    link(one);
    List<Client> clients = new ArrayList<>();
    try {
      for (int i = 0; i < Resettling.AT_ONCE + inLine; i++) {
        clients.add(greeted("plain"));
      }
      link(two);
      two.protocol.stopAt = "resume";
      one.cable.cut();
      for (int i = 0; i < Resettling.AT_ONCE; i++) {
        arrived(two.protocol, "resumed");
      }
      assertThat(two.protocol.begun).isEmpty();
      for (Client client : clients) {
        client.send("ADD 3\r\n");
      }
      for (int i = 0; i < inLine; i++) {
        arrived(two.protocol, "resumed");
      }
      two.protocol.release.countDown();
      for (Client client : clients) {
        client.expect("total 3");
        client.ask("WHERE", "two");
      }
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }

  @Test
  void goesOnElsewhereWhenTheNodeHangs() throws Exception {
    startAnew(ALERT, PATIENCE);
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 3", "total 3");
      link(two);
      one.cable.freeze();
      client.ask("WHERE", "two");
      client.ask("ADD 4", "total 7");
      one.cable.thaw();
    }
  }

  @Test
  void goesOnElsewhereWhenTheNodeHangsAndTheLinkIsFull() throws Exception {
    startAnew(ALERT, PATIENCE);
    link(one);
    byte[] octets = new byte[2_000_000];
    new Random(11).nextBytes(octets);
    CRC32 sum = new CRC32();
    sum.update(octets);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Client client = greeted("plain");
      client.ask("TAKE " + octets.length, "+ go ahead");
      clients.add(client);
    }
    link(two);
    one.cable.freeze();
    List<Thread> senders = new ArrayList<>();
    for (Client client : clients) {
      senders.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  client.out.write(octets);
                  client.out.flush();
                } catch (IOException e) {
                  // The client's own end finds out.
                }
              }));
    }
    for (Client client : clients) {
      client.expect("took " + octets.length + " " + sum.getValue());
      client.close();
    }
    for (Thread sender : senders) {
      sender.join();
    }
    one.cable.thaw();
  }

  @Test
  void writesOnceWhenTheNodeDiesBeforeTheAnswer() throws Exception {
    link(one);
    one.protocol.stopAt = "after write";
    try (Client client = greeted("plain")) {
      client.send("ADD 3\r\nADD 4\r\nWHERE\r\n");
      one.protocol.reached.await();
      link(two);
      one.cable.cut();
      client.expect("total 3");
      client.expect("total 7");
      client.expect("two");
      assertThat(writes.values()).containsExactlyInAnyOrder(3L, 4L);
    }
  }

  @Test
  void deliversTheRestOfALongAnswer() throws Exception {
    link(one);
    one.protocol.stopAt = "in the answer";
    try (Client client = greeted("plain")) {
      client.ask("ADD 5", "total 5");
      client.send("SAY 50000\r\nWHERE\r\n");
      one.protocol.reached.await();
      client.expect("line 0 pinned to 1005 of a long answer");
      link(two);
      one.cable.cut();
      for (int i = 1; i < 50_000; i++) {
        client.expect("line " + i + " pinned to 1005 of a long answer");
      }
      client.expect("said");
      client.expect("two");
    }
  }

  @Test
  void whatIsSaidAsideIsNoPartOfTheAnswer() throws Exception {
    link(one);
    one.protocol.stopAt = "in the answer";
    try (Client client = greeted("plain")) {
      client.send("SLOW\r\n");
      client.expect("half of it");
      client.expect("* still at it");
      one.protocol.reached.await();
      link(two);
      one.cable.cut();
      client.expect("* still at it");
      client.expect("all of it");
    }
  }

  @Test
  void endsASessionWhoseAnswerCannotBeRepeated() throws Exception {
    link(one);
    one.protocol.stopAt = "in the answer";
    try (Client client = greeted("plain")) {
      client.send("RANDOM\r\n");
      one.protocol.reached.await();
      client.line();
      link(two);
      one.cable.cut();
      String line;
      do {
        line = client.line();
        assertThat(line).doesNotContain("two");
      } while (!line.startsWith("END"));
      assertThat(meters.counter("hikyaku.front.failures", "why", "diverged").count()).isOne();
    } catch (java.net.SocketException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
  }

  @Test
  void givesLongInputAgain() throws Exception {
    link(one);
    one.protocol.stopAt = "in the input";
    byte[] octets = new byte[3_000_000];
    new Random(7).nextBytes(octets);
    CRC32 sum = new CRC32();
    sum.update(octets);
    try (Client client = greeted("plain")) {
      client.ask("TAKE " + octets.length, "+ go ahead");
      // Less than the window past the half, or nobody would take it.
      int first = octets.length / 2 + 100_000;
      client.out.write(octets, 0, first);
      client.out.flush();
      one.protocol.reached.await();
      link(two);
      one.cable.cut();
      client.out.write(octets, first, octets.length - first);
      client.out.flush();
      client.expect("took " + octets.length + " " + sum.getValue());
      client.ask("WHERE", "two");
    }
  }

  @Test
  void drainsWithoutAWord() throws Exception {
    link(one);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Client client = greeted("plain");
      client.ask("ADD " + i, "total " + i);
      if (i % 2 == 0) {
        client.ask("IDLE", "+ idling");
      }
      clients.add(client);
    }
    link(two);
    one.drain();
    for (int i = 0; i < 20; i++) {
      arrived(two.protocol, "resumed");
      assertThat(one.protocol.ends.poll(60, TimeUnit.SECONDS)).isEqualTo(Wake.MOVED);
    }
    for (int i = 0; i < 20; i++) {
      Client client = clients.get(i);
      if (i % 2 == 0) {
        client.ask("DONE", "idled");
      }
      client.ask("ADD 100", "total " + (100 + i));
      client.ask("WHERE", "two");
      client.close();
    }
  }

  @Test
  void leavesAgainWhoCameBackForWantOfAnother() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 1", "total 1");
      client.ask("IDLE", "+ idling");
      arrived(one.protocol, "served");
      one.drain();
      arrived(one.protocol, "resumed");
      link(two);
      arrived(two.protocol, "resumed");
      client.ask("DONE", "idled");
      client.ask("WHERE", "two");
    }
  }

  @Test
  void finishesTheCommandBeforeItLeaves() throws Exception {
    link(one);
    one.protocol.stopAt = "before write";
    try (Client client = greeted("plain")) {
      client.send("ADD 1\r\nWHERE\r\n");
      one.protocol.reached.await();
      link(two);
      one.drain();
      one.protocol.release.countDown();
      client.expect("total 1");
      client.expect("two");
      assertThat(writes).hasSize(1);
    }
  }

  @Test
  void tellsNewsToAnIdleSessionThatMoved() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 1", "total 1");
      client.ask("IDLE", "+ idling");
      link(two);
      one.cable.cut();
      Connection there = two.protocol.connections.poll(60, TimeUnit.SECONDS);
      there.signal();
      client.expect("* news at 1");
      client.ask("DONE", "idled");
    }
  }

  @Test
  void startsTlsAndMovesUnderIt() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 9", "total 9");
      // What is sent ahead of TLS must not be taken for what came through it.
      client.send("STARTTLS\r\nADD 1000\r\n");
      client.expect("go ahead");
      client.tls();
      client.ask("ADD 1", "total 1");
      Connection there = one.protocol.connections.take();
      assertThat(there.tls().orElseThrow().exporter())
          .contains(front.connections().isEmpty() ? new byte[0] : exporter());
      link(two);
      one.cable.cut();
      client.ask("ADD 2", "total 3");
      client.ask("WHERE", "two");
      assertThat(two.protocol.connections.take().isTls()).isTrue();
      assertThat(writes.values()).doesNotContain(1000L);
    }
  }

  private byte[] exporter() {
    Connection here = front.connection(front.connections().getFirst().sessionId()).orElseThrow();
    return here.tls().orElseThrow().exporter().orElseThrow();
  }

  @Test
  void movesUnderImplicitTlsAndCompression() throws Exception {
    link(one);
    try (Client client = greeted("tls")) {
      client.ask("ADD 1", "total 1");
      client.ask("COMPRESS", "go ahead");
      client.compress();
      client.ask("ADD 2", "total 3");
      link(two);
      one.cable.cut();
      arrived(two.protocol, "resumed");
      client.ask("ADD 4", "total 7");
      client.send("SAY 5000\r\n");
      client.expectSaid(5000, 1007);
      client.ask("WHERE", "two");
    }
  }

  @Test
  void saysSoWhenNoNodeIsThere() throws Exception {
    startAnew(SETTINGS, Duration.ofSeconds(1));
    try (Client client = new Client("plain")) {
      client.expect("* BYE [UNAVAILABLE] The service is not available now, try again later");
      assertThat(client.line()).isEqualTo("END ");
    }
  }

  @Test
  void waitsForANodeToComeBack() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 3", "total 3");
      one.cable.cut();
      client.send("ADD 4\r\n");
      one.cable.mend();
      client.expect("total 7");
    }
  }

  @Test
  void endsTheSessionWhenTheClientGoes() throws Exception {
    link(one);
    try (Client client = greeted("plain")) {
      client.ask("ADD 3", "total 3");
    }
    assertThat(one.protocol.ends.poll(60, TimeUnit.SECONDS)).isEqualTo(Wake.END);
  }

  @Test
  void oneSlowClientHoldsUpNobody() throws Exception {
    link(one);
    try (Client slow = greeted("plain");
        Client other = greeted("plain")) {
      slow.send("SAY 1000000\r\n");
      slow.expect("line 0 pinned to 1000 of a long answer");
      for (int i = 1; i <= 50; i++) {
        other.ask("ADD 1", "total " + i);
      }
      other.send("SAY 20000\r\n");
      other.expectSaid(20_000, 1050);
    }
  }

  @Test
  void nodesThatRefuseAreNotAskedForEver() throws Exception {
    startAnew(SETTINGS, Duration.ofSeconds(1));
    Node three = new Node("three", false);
    Node four = new Node("four", false);
    link(three);
    link(four);
    try (Client client = new Client("plain")) {
      client.expect("* BYE [UNAVAILABLE] The service is not available now, try again later");
      assertThat(meters.counter("hikyaku.front.failures", "why", "homeless").count()).isOne();
    }
  }

  @Test
  void aFrontThatStopsWaitsForTheAnswer() throws Exception {
    link(one);
    one.protocol.stopAt = "after write";
    try (Client client = greeted("plain")) {
      client.send("ADD 1\r\n");
      one.protocol.reached.await();
      Thread stopping = Thread.ofVirtual().start(front::close);
      client.socket.setSoTimeout(1_000);
      assertThatThrownBy(client::line).isInstanceOf(SocketTimeoutException.class);
      one.protocol.release.countDown();
      client.socket.setSoTimeout((int) PATIENCE.toMillis());
      client.expect("total 1");
      client.expect("* BYE [UNAVAILABLE] The server is stopping");
      stopping.join();
    }
  }

  @Test
  void aFrontThatStopsLetsTheClientEndWhatItHasBegun() throws Exception {
    link(one);
    byte[] octets = new byte[300_000];
    new Random(5).nextBytes(octets);
    CRC32 sum = new CRC32();
    sum.update(octets);
    for (String listener : List.of("plain", "tls")) {
      if (listener.equals("tls")) {
        stop();
        running.clear();
        start();
        link(one);
      }
      try (Client client = greeted(listener)) {
        client.ask("TAKE " + octets.length, "+ go ahead");
        client.out.write(octets, 0, 100_000);
        client.out.flush();
        Thread stopping = Thread.ofVirtual().start(front::close);
        client.socket.setSoTimeout(500);
        assertThatThrownBy(client::line).isInstanceOf(SocketTimeoutException.class);
        client.socket.setSoTimeout((int) PATIENCE.toMillis());
        client.out.write(octets, 100_000, 200_000);
        client.out.flush();
        client.expect("took " + octets.length + " " + sum.getValue());
        client.expect("* BYE [UNAVAILABLE] The server is stopping");
        stopping.join();
      }
    }
  }

  /** Where replies are whole lines there is always a place for the last one; else none is known. */
  @ParameterizedTest
  @CsvSource({"smtp, '421 4.3.2 The session cannot be carried on, connect again'", "plain, END"})
  void whatCannotBeRepeatedEndsLawfully(String listener, String goodbye) throws Exception {
    link(one);
    one.protocol.stopAt = "in the answer";
    try (Client client = greeted(listener)) {
      client.ask("SIGN", "signed by one");
      one.protocol.reached.await();
      link(two);
      one.cable.cut();
      assertThat(client.line().strip()).isEqualTo(goodbye);
    }
    assertThat(meters.counter("hikyaku.front.failures", "why", "diverged").count()).isOne();
  }

  @Test
  void forgetsAddressesThatNobodyNamesAnyMore() throws Exception {
    link(one);
    // Nobody listens at these; they are more than are kept.
    one.peers = IntStream.range(0, 300).mapToObj(i -> "127.0.0.1:" + (1 + i)).toList();
    one.links.announce();
    awaitReport(peers -> peers == 300);
    one.peers = List.of(two.cable.address());
    one.links.announce();
    awaitReport(peers -> peers == 1);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (nodes.links().size() < 2 && deadline - System.nanoTime() > 0) {
      one.links.announce();
      nodes.awaitChange(Duration.ofMillis(50));
    }
    assertThat(nodes.links()).extracting(NodeLink::node).containsExactly("one", "two");
  }

  private void awaitReport(IntPredicate peers) throws InterruptedException {
    while (nodes.links().stream()
        .flatMap(link -> link.report().stream())
        .noneMatch(report -> peers.test(report.getPeersCount()))) {
      nodes.awaitChange(Duration.ofMillis(50));
    }
  }

  @Test
  void reachesANodeByItsOtherAddress() throws Exception {
    link(one);
    try (Cable other = new Cable(one.links.address());
        Client client = greeted("plain")) {
      nodes.add(other.address());
      // It found that the node is linked already.
      assertThat(other.ended.tryAcquire(2, 60, TimeUnit.SECONDS)).isTrue();
      one.cable.cut();
      client.ask("ADD 3", "total 3");
    }
  }

  @Test
  void givesTheEndOfLongInputAgain() throws Exception {
    link(one);
    one.protocol.stopAt = "in the input";
    // More than a window in all, less than one behind the half.
    byte[] octets = new byte[400_000];
    CRC32 sum = new CRC32();
    sum.update(octets);
    try (Client client = greeted("plain")) {
      client.ask("TAKE " + octets.length, "+ go ahead");
      client.out.write(octets);
      client.out.flush();
      client.socket.shutdownOutput();
      one.protocol.reached.await();
      link(two);
      one.cable.cut();
      client.expect("took " + octets.length + " " + sum.getValue());
      assertThat(client.line()).isEqualTo("END ");
      assertThat(two.protocol.ends.poll(60, TimeUnit.SECONDS)).isEqualTo(Wake.END);
    }
  }

  @Test
  void theLastNodeDoesNotTakeBackWhatItLetGo() throws Exception {
    link(one);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Client client = greeted("plain");
      client.ask("ADD 3", "total 3");
      clients.add(client);
    }
    Thread leaving = Thread.ofVirtual().start(() -> one.links.close(Duration.ofHours(1)));
    assertThat(leaving.join(PATIENCE)).isTrue();
    link(two);
    for (Client client : clients) {
      client.ask("ADD 4", "total 7");
      client.close();
    }
  }
}
