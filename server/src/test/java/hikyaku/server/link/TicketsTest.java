package hikyaku.server.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Nobody attaches a session, or says who is logged in, without the keys for it. */
final class TicketsTest {
  private static final byte[] OPEN = "a session".getBytes(StandardCharsets.UTF_8);
  private static final Duration LIFE = Duration.ofSeconds(60);
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

  private final LinkKeys keys = LinkKeys.ofNode(purpose -> key("ours " + purpose));
  private final LinkKeys front = LinkKeys.ofFront(purpose -> key("ours " + purpose));
  private final LinkKeys strangers = LinkKeys.ofNode(purpose -> key("theirs " + purpose));

  private static byte[] key(String purpose) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(purpose.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Tickets at(LinkKeys keys, Duration later) {
    return new Tickets(keys, LIFE, InstantSource.fixed(NOW.plus(later)));
  }

  private byte[] signed(LinkKeys by) {
    return at(by, Duration.ZERO).sign("n1", OPEN, new Random(1));
  }

  @Test
  void isGoodOnceForItsNodeAndTime() throws Exception {
    Tickets node = at(keys, Duration.ofSeconds(59));
    assertThat(node.judge("n1", signed(front))).isEqualTo(OPEN);
    assertThatThrownBy(() -> node.judge("n1", signed(front))).hasMessageContaining("used before");
    assertThatThrownBy(() -> at(keys, Duration.ZERO).judge("n2", signed(front)))
        .hasMessageContaining("not signed");
    assertThatThrownBy(() -> at(keys, Duration.ofSeconds(61)).judge("n1", signed(front)))
        .hasMessageContaining("run out");
    assertThatThrownBy(() -> at(keys, Duration.ofSeconds(-61)).judge("n1", signed(front)))
        .hasMessageContaining("future");
    assertThatThrownBy(() -> at(keys, Duration.ZERO).judge("n1", signed(strangers)))
        .hasMessageContaining("not signed");
  }

  @Test
  void anyChangeVoidsIt() {
    byte[] ticket = signed(front);
    for (int at = 0; at < ticket.length; at++) {
      byte[] changed = ticket.clone();
      changed[at] ^= 1;
      assertThatThrownBy(() -> at(keys, Duration.ZERO).judge("n1", changed))
          .as("octet %d changed", at)
          .isInstanceOf(LinkException.class);
    }
  }

  @Test
  void aPositionIsForItsSessionAndFromANode() {
    byte[] sealed = keys.seal("s1", "imap", OPEN);
    assertThat(keys.unseal("s1", "imap", sealed)).contains(OPEN);
    assertThat(keys.unseal("s2", "imap", sealed)).isEmpty();
    assertThat(keys.unseal("s1", "pop3", sealed)).isEmpty();
    assertThat(keys.unseal("s1", "imap", strangers.seal("s1", "imap", OPEN))).isEmpty();
    assertThat(keys.unseal("s1", "imap", new byte[3])).isEmpty();
    for (int at = 0; at < sealed.length; at++) {
      byte[] changed = sealed.clone();
      changed[at] ^= 1;
      assertThat(keys.unseal("s1", "imap", changed)).as("octet %d changed", at).isEmpty();
    }
    assertThatThrownBy(() -> front.seal("s1", "imap", OPEN))
        .isInstanceOf(IllegalStateException.class);
  }
}
