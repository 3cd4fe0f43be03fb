package hikyaku.server.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.Carrier.Plan;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
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
