package hikyaku.server.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Home;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.Carrier.Plan;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What becomes of sessions that change nodes, beyond the transcripts. */
class CarriedTest {
  @Test
  void aPositionIsReadAsItWasWritten() {
    BitSet marked = new BitSet();
    marked.set(3, 7);
    marked.set(40);
    for (Pop3Position position :
        List.of(
            new Pop3Position("<1@demo.test>", "bob", 1, 2, true, null, ByteString.EMPTY),
            new Pop3Position("", null, 0, 0, false, null, ByteString.copyFromUtf8("exchange")),
            new Pop3Position(
                "",
                null,
                0,
                0,
                true,
                new Pop3Position.Transaction("id", 3, 4, 5, marked, 6, 7),
                ByteString.EMPTY))) {
      assertThat(Pop3Position.decode(position.encode())).isEqualTo(position);
    }
  }

  /** It goes to the front with each answer. */
  @Test
  void aPositionIsSmallWhateverIsMarked() {
    BitSet marked = new BitSet();
    IntStream.range(0, 100_000).filter(index -> index % 2 == 0).forEach(marked::set);
    Pop3Position position =
        new Pop3Position(
            "",
            null,
            0,
            0,
            false,
            new Pop3Position.Transaction("id", 3, 4, 5, marked, 6, 7),
            ByteString.EMPTY);
    assertThat(position.encode()).hasSizeLessThan(100_000 / 8 + 100);
    assertThat(Pop3Position.decode(position.encode())).isEqualTo(position);
  }

  /**
   * What a session that may go on elsewhere holds is kept for it for a minute. One whose client is
   * gone does not go on.
   */
  @Test
  void aMaildropIsFreeWhenItsClientIsGone() throws Exception {
    Pop3Settings exclusive = new Pop3Settings(true, Duration.ZERO, Pop3Limits.DEFAULTS);
    try (Pop3Rig rig = new Pop3Rig(exclusive)) {
      CarriedSession.Reins reins = carriedLogin(rig, "s1");
      assertThat(login(rig)).startsWith("-ERR [IN-USE]");
      reins.drop(CloseReason.PEER_CLOSED);
      Instant end = Instant.now().plusSeconds(30);
      String reply = login(rig);
      while (reply.startsWith("-ERR [IN-USE]") && Instant.now().isBefore(end)) {
        reply = login(rig);
      }
      assertThat(reply).startsWith("+OK");
    }
  }

  @Test
  void aMaildropWaitsForASessionWhoseLinkIsGone() throws Exception {
    Pop3Settings exclusive = new Pop3Settings(true, Duration.ZERO, Pop3Limits.DEFAULTS);
    try (Pop3Rig rig = new Pop3Rig(exclusive)) {
      carriedLogin(rig, "s1").drop(CloseReason.MOVED);
      rig.authenticator.awaitNoLeases();
      assertThat(login(rig)).startsWith("-ERR [IN-USE]");
    }
  }

  /** A session that a front carries, logged in as u1 when this returns. */
  private static CarriedSession.Reins carriedLogin(Pop3Rig rig, String session) throws Exception {
    InetSocketAddress client = new InetSocketAddress("192.0.2.7", 4000);
    LinkedBlockingQueue<String> settled = new LinkedBlockingQueue<>();
    CarriedSession.Reins reins =
        rig.server()
            .carry(
                new CarriedSession(
                    session,
                    "pop3",
                    "pop3",
                    TlsMode.NONE,
                    client,
                    client,
                    Instant.EPOCH,
                    Optional.empty(),
                    false,
                    0,
                    0,
                    OptionalLong.empty(),
                    Optional.empty()),
                rig.protocol,
                new Front(settled));
    reins.input("USER u1\r\nPASS secret\r\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(settled.take()).startsWith("+OK Hikyaku");
    assertThat(settled.take()).startsWith("+OK Send");
    assertThat(settled.take()).startsWith("+OK Maildrop");
    return reins;
  }

  private static String login(Pop3Rig rig) throws Exception {
    try (Pop3Client client = rig.connect()) {
      client.line();
      client.say("USER u1");
      String reply = client.say("PASS secret");
      client.say("QUIT");
      return reply;
    }
  }

  /** A front that notes the ends of answers. */
  private record Front(LinkedBlockingQueue<String> settled) implements hikyaku.server.net.Carrier {
    @Override
    public void output(byte[] octets, int offset, int length, long pin, boolean more) {}

    @Override
    public void aside(byte[] line) {}

    @Override
    public void settled(long inputOffset, byte[] position, byte[] octets, int length) {
      settled.add(new String(octets, 0, length, StandardCharsets.US_ASCII));
    }

    @Override
    public void startTls(long inputOffset, byte[] octets, int length) {}

    @Override
    public void startCompression(long inputOffset, byte[] octets, int length) {}

    @Override
    public void account(String account, Home home) {}

    @Override
    public void granted(int octets) {}

    @Override
    public void letGo() {}

    @Override
    public void closed(CloseReason reason) {}
  }

  /** Between challenge and response the session may be anywhere, and a node may die there. */
  @Test
  void aLoginGoesOnWhereItsNodeLeftIt() throws Exception {
    List<Plan> plans = new ArrayList<>(List.of(Plan.MOVES));
    for (long seed = 1; seed <= 8; seed++) {
      plans.add(new Plan(2, 16 * 1024, seed));
    }
    int deaths = 0;
    for (Plan plan : plans) {
      try (Pop3Rig rig = new Pop3Rig(Pop3Settings.DEFAULTS, TlsMode.NONE, Optional.of(plan));
          Pop3Client client = rig.connect()) {
        Carrier carrier = rig.carrier().orElseThrow();
        assertThat(client.line()).startsWith("+OK");
        client.sendLine("AUTH LOGIN");
        assertThat(client.line()).isEqualTo("+ VXNlcm5hbWU6");
        client.sendLine("Ym9i");
        assertThat(client.line()).isEqualTo("+ UGFzc3dvcmQ6");
        assertThat(carrier.moves() + carrier.deaths()).isGreaterThanOrEqualTo(2);
        client.sendLine("c2VjcmV0");
        assertThat(client.line()).startsWith("+OK");
        client.sendLine("QUIT");
        assertThat(client.line()).startsWith("+OK");
        deaths += carrier.deaths();
      }
    }
    assertThat(deaths).isPositive();
  }
}
