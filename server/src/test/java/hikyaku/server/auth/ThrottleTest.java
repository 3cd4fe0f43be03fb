package hikyaku.server.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final InetAddress HOME = InetAddress.ofLiteral("2001:db8::1");
  private static final InetAddress AWAY = InetAddress.ofLiteral("198.51.100.1");

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private int nodes = 1;
  private Throttle throttle = new Throttle(ThrottleSettings.DEFAULTS, () -> now, () -> nodes);
  private int unique;

  private static InetAddress bot(int i) {
    return InetAddress.ofLiteral("10.0." + i / 250 + "." + (i % 250 + 1));
  }

  /** Seconds of delay, or -1 if refused. */
  private long fail(String name, InetAddress from) {
    return attempt(
        name,
        from,
        false,
        ("wrong" + unique++).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private long succeed(String name, InetAddress from) {
    return attempt(name, from, true, new byte[0]);
  }

  private long attempt(String name, InetAddress from, boolean success, byte[] fingerprint) {
    Throttle.Ticket ticket = throttle.begin(name, from);
    Optional<Duration> delay = ticket.delay();
    if (delay.isEmpty() || (!delay.get().isZero() && !ticket.waited())) {
      ticket.abandoned();
      return -1;
    }
    if (success) {
      ticket.succeeded();
    } else {
      ticket.failed(fingerprint);
    }
    return delay.get().toSeconds();
  }

  @Test
  void delaysOfAnAccountGrow() {
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      delays.add(fail("alice", bot(i)));
    }
    assertThat(delays).containsExactly(0L, 0L, 1L, 2L, 4L, 8L, 15L, 15L, 15L);
    assertThat(fail("bob", bot(100))).isZero();
  }

  /** Spread over three nodes, a guesser has no more tries than on one, but for the free ones. */
  @Test
  void severalNodesShareTheTries() {
    List<Throttle> each = new ArrayList<>();
    nodes = 3;
    for (int i = 0; i < nodes; i++) {
      each.add(new Throttle(ThrottleSettings.DEFAULTS, () -> now, () -> nodes));
    }
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      throttle = each.get(i % nodes);
      delays.add(fail("alice", bot(i)));
    }
    assertThat(delays.stream().filter(delay -> delay >= 0).count()).isBetween(30L, 33L);
    assertThat(delays.subList(0, 9)).containsExactly(0L, 0L, 0L, 0L, 0L, 0L, 4L, 4L, 4L);
    assertThat(delays.subList(33, 60)).containsOnly(-1L);
    nodes = 1;
    assertThat(fail("alice", bot(60))).isPositive();
  }

  @Test
  void delaysOfASourceGrowOverAllNames() {
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 102; i++) {
      delays.add(fail("name" + i, InetAddress.ofLiteral("2001:db8:1:2::" + i)));
    }
    assertThat(delays.subList(0, 12))
        .containsExactly(0L, 0L, 0L, 0L, 0L, 0L, 1L, 2L, 4L, 8L, 15L, 15L);
    assertThat(delays.subList(100, 102)).containsOnly(-1L);
    assertThat(fail("other", InetAddress.ofLiteral("2001:db8:1:3::1"))).isZero();
  }

  @Test
  void aSuccessForgivesWhatItsSourceFailed() {
    for (int i = 0; i < 4; i++) {
      fail("alice", HOME);
    }
    assertThat(succeed("alice", HOME)).isEqualTo(4);
    assertThat(fail("alice", HOME)).isZero();
    assertThat(fail("alice", HOME)).isZero();
    assertThat(fail("alice", HOME)).isEqualTo(1);
  }

  /** Own logins in between must not let a source guess on: only their own failures are forgiven. */
  @Test
  void aSuccessForgivesNothingOfOtherNames() {
    for (int i = 0; i < 8; i++) {
      fail("victim" + i, AWAY);
      succeed("mallory", AWAY);
    }
    assertThat(fail("victim9", AWAY)).isEqualTo(4);
  }

  @Test
  void othersCannotLockTheOwnerOut() {
    succeed("alice", HOME);
    for (int i = 0; i < 40; i++) {
      fail("alice", bot(i));
    }
    assertThat(fail("alice", bot(41))).isEqualTo(-1);
    assertThat(succeed("alice", AWAY)).isEqualTo(-1);
    assertThat(succeed("alice", HOME)).isZero();
    assertThat(succeed("alice", InetAddress.ofLiteral("2001:db8::77"))).isZero();
    List<Throttle.Ticket> parked = new ArrayList<>();
    for (int i = 100; i < 200; i++) {
      parked.add(throttle.begin("alice", bot(i)));
    }
    assertThat(succeed("alice", HOME)).isZero();
    assertThat(fail("alice", bot(200))).isEqualTo(-1);
    parked.forEach(Throttle.Ticket::abandoned);
  }

  @Test
  void failuresAreForgottenInTime() {
    for (int i = 0; i < 30; i++) {
      fail("alice", bot(i));
    }
    assertThat(fail("alice", AWAY)).isEqualTo(-1);
    now = now.plus(Duration.ofMinutes(15));
    assertThat(fail("alice", AWAY)).isEqualTo(-1);
    now = now.plusSeconds(1);
    assertThat(fail("alice", AWAY)).isZero();
  }

  @Test
  void guessesAtOnceAreCountedBeforeTheyFail() {
    fail("alice", AWAY);
    List<Throttle.Ticket> tickets = new ArrayList<>();
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Throttle.Ticket ticket = throttle.begin("alice", bot(i));
      tickets.add(ticket);
      delays.add(ticket.delay().map(Duration::toSeconds).orElse(-1L));
    }
    assertThat(delays.subList(0, 6)).containsExactly(0L, 1L, 2L, 4L, 8L, 15L);
    assertThat(delays.subList(29, 40)).containsOnly(-1L);
    for (int i = 0; i < 29; i++) {
      assertThat(i == 0 || tickets.get(i).waited()).isTrue();
      tickets.get(i).failed(null);
    }
    assertThat(fail("alice", AWAY)).isEqualTo(-1);
  }

  @Test
  void manyConnectionsOfAnHonestClientAreFree() {
    List<Throttle.Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Throttle.Ticket ticket = throttle.begin("alice", HOME);
      assertThat(ticket.delay()).contains(Duration.ZERO);
      tickets.add(ticket);
    }
    tickets.forEach(Throttle.Ticket::succeeded);
    tickets.forEach(Throttle.Ticket::abandoned);
    assertThat(fail("alice", HOME)).isZero();
  }

  @Test
  void oldPasswordsAreNotGuesses() {
    byte[] old = {1};
    for (int i = 0; i < 20; i++) {
      assertThat(attempt("alice", HOME, false, old)).isZero();
    }
    for (int i = 0; i < 10; i++) {
      fail("alice", bot(i));
    }
    assertThat(attempt("alice", AWAY, false, old)).isEqualTo(15);
    now = now.plus(Duration.ofHours(1));
    assertThat(attempt("alice", AWAY, false, old)).isZero();
  }

  @Test
  void aTrustedSourceSpeaksForMany() {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    for (int i = 0; i < 200; i++) {
      assertThat(fail("name" + i, loopback)).isZero();
    }
    for (int i = 0; i < 30; i++) {
      fail("alice", loopback);
    }
    assertThat(fail("alice", loopback)).isEqualTo(-1);
  }

  @Test
  void memoryAndParkedLoginsAreBounded() {
    ThrottleSettings d = ThrottleSettings.DEFAULTS;
    throttle =
        new Throttle(
            new ThrottleSettings(
                d.delays(), 0, 30, 99, 999, 20, d.forget(), 10, 8, 100, 50, 3, d.trusted()),
            () -> now,
            () -> nodes);
    for (int i = 0; i < 1000; i++) {
      fail("name" + i, bot(i));
    }
    assertThat(throttle.size()).isEqualTo(150);
    fail("alice", HOME);
    List<Throttle.Ticket> parked = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      parked.add(throttle.begin("alice", HOME));
      assertThat(parked.get(i).delay()).isPresent();
    }
    assertThat(throttle.begin("alice", HOME).delay()).isEmpty();
    assertThat(parked.getFirst().waited()).isTrue();
    parked.getFirst().abandoned();
    assertThat(throttle.begin("alice", HOME).delay()).isPresent();
  }

  @Test
  void blocksAreReadAndMatched() {
    assertThat(AddressBlock.parse("10.1.0.0/16").contains(InetAddress.ofLiteral("10.1.255.1")))
        .isTrue();
    assertThat(AddressBlock.parse("10.1.0.0/16").contains(InetAddress.ofLiteral("10.2.0.1")))
        .isFalse();
    assertThat(AddressBlock.parse("10.1.2.3")).hasToString("10.1.2.3/32");
    assertThat(AddressBlock.parse("0.0.0.0/0").contains(HOME)).isFalse();
    assertThat(AddressBlock.source(HOME)).hasToString("2001:db8:0:0:0:0:0:0/64");
    for (String bad : List.of("", "host.test", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x")) {
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> AddressBlock.parse(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
