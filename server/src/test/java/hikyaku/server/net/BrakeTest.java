package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.wire.WireReader.LineEnding;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@link Flow} says, as sessions meet it. */
@Timeout(60)
class BrakeTest {
  /** Says what a test wants, and takes no time to wait. */
  private static class Scripted implements Flow {
    final List<Newcomer> newcomers = new ArrayList<>();
    final LinkedBlockingQueue<Long> pauses = new LinkedBlockingQueue<>();
    final ConcurrentLinkedQueue<String> accounts = new ConcurrentLinkedQueue<>();
    final AtomicInteger ended = new AtomicInteger();
    final AtomicLong received = new AtomicLong();
    final AtomicLong sent = new AtomicLong();
    volatile long hold;
    volatile long command;
    volatile long perOctet;
    volatile Refusal refusal;

    @Override
    public Answer arrive(Newcomer newcomer) {
      newcomers.add(newcomer);
      if (refusal != null) {
        return new Answer.Refused(refusal, "a limit");
      }
      return new Answer.Admitted(
          new Passage() {
            private long before;

            @Override
            public void account(String address) {
              accounts.add(address);
            }

            @Override
            public void loggedOut() {}

            @Override
            public long command() {
              return command;
            }

            @Override
            public long octets(long in, long out) {
              received.set(in);
              sent.set(out);
              long count = in + out - before;
              before = in + out;
              return count * perOctet;
            }

            @Override
            public void end() {
              ended.incrementAndGet();
            }
          },
          hold);
    }

    @Override
    public void pause(long nanos) {
      pauses.add(nanos);
    }

    long paused() {
      long sum = 0;
      for (Long pause : pauses) {
        sum += pause;
      }
      pauses.clear();
      return sum;
    }
  }

  private static final long MILLI = 1_000_000;

  private final Scripted flow = new Scripted();

  @Test
  void aSessionIsHeldBeforeItsGreetingAndWaitsBeforeItsCommands() throws Exception {
    for (boolean tls : new boolean[] {false, true}) {
      try (TestServer server = new TestServer(TestServer.LIMITS, flow)) {
        flow.hold = 700 * MILLI;
        try (TestClient client = tls ? server.connectTls() : server.connect()) {
          assertThat(flow.paused()).isEqualTo(700 * MILLI);
          flow.hold = 0;
          client.talk("NOOP", "OK");
          assertThat(flow.paused()).isZero();
          flow.command = 300 * MILLI;
          client.talk("NOOP", "OK");
          assertThat(flow.pauses).containsExactly(250 * MILLI, 50 * MILLI);
          flow.pauses.clear();
          // Commands that come together wait one by one.
          client.send("NOOP\r\nNOOP\r\nNOOP\r\n");
          for (int i = 0; i < 3; i++) {
            client.expect("OK");
          }
          assertThat(flow.paused()).isEqualTo(900 * MILLI);
          flow.command = 0;
          client.talk("LOGIN anna secret", "OK");
          assertThat(flow.accounts.poll()).isEqualTo("anna");
          client.talk("QUIT", "BYE");
        }
      }
      assertThat(flow.ended).hasValue(tls ? 2 : 1);
    }
    assertThat(flow.newcomers.getFirst().listener()).isEqualTo("plain");
    assertThat(flow.newcomers.getFirst().remote()).isEqualTo(InetAddress.getLoopbackAddress());
    assertThat(flow.newcomers.getFirst().moved()).isFalse();
  }

  @Test
  void octetsAreCountedAsTheyGoOverTheNetwork() throws Exception {
    flow.perOctet = 10;
    try (TestServer server = new TestServer(TestServer.LIMITS, flow);
        TestClient client = server.connect()) {
      client.send("BIG 1000000\r\n");
      assertThat(client.line()).hasSize(1_000_000);
      client.expect("OK");
      client.talk("QUIT", "BYE");
    }
    assertThat(flow.sent.get()).isEqualTo("* HELLO\r\n\r\nOK\r\nBYE\r\n".length() + 1_000_000);
    assertThat(flow.received.get()).isEqualTo("BIG 1000000\r\nQUIT\r\n".length());
    assertThat(flow.paused()).isEqualTo(10 * (flow.sent.get() + flow.received.get()));
  }

  @Test
  void whoIsTurnedAwayHearsWhyAndLeavesNoTrace() throws Exception {
    try (TestServer server = new TestServer(TestServer.LIMITS, flow)) {
      flow.refusal = Refusal.ADDRESS;
      try (TestClient refused = TestClient.connect(server.port("plain"))) {
        refused.expect("* BYE ADDRESS");
        refused.expectEnd();
      }
      assertThat(server.server.connectionsByProtocol()).isEmpty();
      flow.refusal = null;
      server.connect().close();
    }
    assertThat(flow.ended).hasValue(1);
  }

  /** Waits as long as it is told to: until the test lets go. */
  private static final class Stubborn extends Scripted {
    final CountDownLatch waits = new CountDownLatch(1);
    final CountDownLatch goesOn = new CountDownLatch(1);

    @Override
    public void pause(long nanos) {
      super.pause(nanos);
      waits.countDown();
      try {
        goesOn.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void whoWaitsCanBeEndedAndIsInNobodysWay() throws Exception {
    Stubborn stubborn = new Stubborn();
    try (TestServer server = new TestServer(TestServer.LIMITS, stubborn);
        TestClient waiting = server.connect();
        TestClient other = server.connect()) {
      stubborn.command = Long.MAX_VALUE / 2;
      waiting.send("NOOP\r\n");
      stubborn.waits.await();
      stubborn.command = 0;
      other.talk("NOOP", "OK");
      String id = server.server.connections().getFirst().sessionId();
      server.server.connection(id).orElseThrow().close(CloseReason.OPERATOR);
      stubborn.goesOn.countDown();
      waiting.expectEnd();
      assertThat(server.protocol.failures.take()).isInstanceOf(NetException.Closed.class);
      assertThat(stubborn.pauses).hasSize(1);
      other.talk("NOOP", "OK");
    }
  }

  @Test
  void aStopIsNoticedByWhoWaits() throws Exception {
    Stubborn stubborn = new Stubborn();
    try (TestServer server = new TestServer(TestServer.LIMITS, stubborn);
        TestClient waiting = server.connect()) {
      stubborn.command = Long.MAX_VALUE / 2;
      waiting.send("NOOP\r\n");
      stubborn.waits.await();
      Thread stop = Thread.ofVirtual().start(() -> server.server.close());
      while (!server
          .server
          .connection(server.server.connections().getFirst().sessionId())
          .orElseThrow()
          .isStopping()) {
        Thread.onSpinWait();
      }
      stubborn.goesOn.countDown();
      waiting.expect("* BYE stopping");
      stop.join();
    }
  }

  /** Answers each line, and says where it stands. */
  private static final class Settling implements Protocol {
    @Override
    public String name() {
      return "imap";
    }

    @Override
    public String refusal(Refusal reason) {
      return "* BYE " + reason + "\r\n";
    }

    @Override
    public void serve(Connection connection) throws IOException {
      throw new IllegalStateException("only what comes from elsewhere");
    }

    @Override
    public void resume(Connection connection, byte[] position) throws IOException {
      connection.describe("anna@demo.test");
      while (connection.await(Duration.ofMinutes(1)) == Wake.INPUT) {
        byte[] line = connection.in().readLine(100, LineEnding.STRICT);
        connection.out().write("OK " + line.length + "\r\n");
        connection.settle(() -> new byte[] {1});
      }
    }
  }

  /** A front that notes what it is told. */
  private static final class Notes implements Carrier {
    final LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Override
    public void output(byte[] octets, int offset, int length, long pin, boolean more) {
      told.add("output");
    }

    @Override
    public void aside(byte[] octets) {
      told.add("aside");
    }

    @Override
    public void settled(long inputOffset, byte[] position, byte[] octets, int length) {
      told.add("settled at " + inputOffset);
    }

    @Override
    public void startTls(long inputOffset, byte[] octets, int length) {
      told.add("TLS");
    }

    @Override
    public void startCompression(long inputOffset, byte[] octets, int length) {
      told.add("compression");
    }

    @Override
    public void account(String account, Home home) {
      told.add(account);
    }

    @Override
    public void granted(int octets) {}

    @Override
    public void letGo() {
      told.add("let go");
    }

    @Override
    public void closed(CloseReason reason) {
      told.add("closed " + reason);
    }
  }

  @Test
  void whoWaitsMayGoOnElsewhereWithTheCommandThatWaits() throws Exception {
    Stubborn stubborn = new Stubborn();
    Notes front = new Notes();
    try (TestServer server = new TestServer(TestServer.LIMITS, stubborn)) {
      InetSocketAddress client = new InetSocketAddress("192.0.2.7", 4000);
      CarriedSession.Reins reins =
          server.server.carry(
              new CarriedSession(
                  "s1",
                  "imaps",
                  "imap",
                  TlsMode.NONE,
                  client,
                  client,
                  Instant.EPOCH,
                  Optional.empty(),
                  false,
                  0,
                  0,
                  OptionalLong.empty(),
                  Optional.of(new byte[] {1})),
              new Settling(),
              front);
      assertThat(front.told.take()).isEqualTo("anna@demo.test");
      assertThat(stubborn.newcomers.getFirst())
          .isEqualTo(
              new Flow.Newcomer("s1", "imap", "imaps", InetAddress.getByName("192.0.2.7"), true));
      reins.input("NOOP\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(front.told.take()).isEqualTo("settled at 6");
      // The front is told who has logged in before flow control is.
      assertThat(stubborn.accounts).containsExactly("anna@demo.test");
      stubborn.command = Long.MAX_VALUE / 2;
      reins.input("MORE\r\n".getBytes(StandardCharsets.US_ASCII));
      stubborn.waits.await();
      reins.letGo();
      stubborn.goesOn.countDown();
      assertThat(front.told.take()).isEqualTo("let go");
    }
    assertThat(stubborn.ended).hasValue(1);
    assertThat(front.told).isEmpty();
  }

  @Test
  void aBugInFlowControlCostsOneConnection() throws Exception {
    Flow broken =
        new Flow() {
          private boolean once;

          @Override
          public Answer arrive(Newcomer newcomer) {
            if (!once) {
              once = true;
              throw new IllegalStateException("a bug");
            }
            return NONE.arrive(newcomer);
          }
        };
    try (TestServer server = new TestServer(TestServer.LIMITS, broken)) {
      server.bugsExpected = 1;
      try (TestClient unlucky = TestClient.connect(server.port("plain"))) {
        unlucky.expectEnd();
      } catch (IOException reset) {
        assertThat(reset).hasMessageContaining("reset");
      }
      server.connect().close();
      assertThat(server.server.bugs()).isEqualTo(1);
    }
  }
}
