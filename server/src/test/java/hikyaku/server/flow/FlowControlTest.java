package hikyaku.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.auth.LoginGate;
import hikyaku.server.directory.Address;
import hikyaku.server.flow.FlowRig.Client;
import hikyaku.server.flow.FlowRig.Node;
import hikyaku.server.net.Flow;
import hikyaku.server.net.Refusal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What limits do, on one node and on several. */
final class FlowControlTest {
  private static final long SECOND = 1_000_000_000;

  private final FlowRig rig = new FlowRig();
  private final Node a = rig.node("a");

  // ---- sessions

  @Test
  void eachLimitOnSessionsTurnsAwayWithItsOwnReplyAndReason() {
    for (Object[] each :
        new Object[][] {
          {"address:192.0.2.7", Refusal.ADDRESS},
          {"prefix:192.0.2.0/24", Refusal.ADDRESS},
          {"protocol:imap", Refusal.TOTAL},
          {"listener:imaps", Refusal.TOTAL},
          {"node:a", Refusal.TOTAL},
          {"total", Refusal.TOTAL},
        }) {
      String subject = (String) each[0];
      Refusal reply = (Refusal) each[1];
      rig.limit(subject, Dimension.SESSIONS, 2);
      Client one = a.come("192.0.2.7");
      Client two = a.come("192.0.2.7");
      assertThat(a.refused("192.0.2.7", reply)).isEqualTo(subject + " sessions: 2 of 2");
      assertThat(a.inside(subject)).isEqualTo(2);
      one.leave();
      one.leave();
      Client three = a.come("192.0.2.7");
      assertThat(a.refused("192.0.2.7", reply)).contains(subject);
      two.leave();
      three.leave();
      assertThat(a.inside(subject)).isZero();
      assertThat(rig.book.remove(Subject.parse(subject), java.util.Optional.empty())).hasSize(1);
      a.flow.look();
    }
  }

  @Test
  void knowsHowManyNodesLive() {
    rig.beat(a, rig.node("b"));
    assertThat(a.flow.nodes()).isEqualTo(2);
    a.flow.heard(List.of());
    assertThat(a.flow.nodes()).isEqualTo(1);
  }

  @Test
  void othersAreNotTouchedByALimit() {
    rig.limit("address:*", Dimension.SESSIONS, 1);
    rig.limit("address:192.0.2.9", Dimension.SESSIONS, 3);
    rig.limit("prefix:2001:db8:1::/48", Dimension.SESSIONS, 1);
    rig.limit("node:b", Dimension.SESSIONS, 0);
    a.come("192.0.2.7");
    assertThat(a.refused("192.0.2.7", Refusal.ADDRESS))
        .isEqualTo("address:192.0.2.7 sessions: 1 of 1, set for address:*");
    a.come("192.0.2.8");
    for (int i = 0; i < 3; i++) {
      a.come("192.0.2.9");
    }
    a.refused("192.0.2.9", Refusal.ADDRESS);
    a.come("2001:db8:1:1::1");
    assertThat(a.refused("2001:db8:1:2::1", Refusal.ADDRESS)).startsWith("prefix:2001:db8:1::/48");
    a.come("2001:db8:2:1::1");
  }

  @Test
  void accountsAndDomainsAreKnownAtTheLogin() {
    rig.limit("account:*", Dimension.SESSIONS, 2);
    rig.limit("domain:demo.test", Dimension.SESSIONS, 3);
    rig.limit("account:boss@demo.test", Dimension.SESSIONS, Limit.UNLIMITED);
    Client one = a.come("192.0.2.1");
    assertThat(one.login("u1@demo.test")).isTrue();
    assertThat(a.logins("u1@demo.test", 3)).isEqualTo(1);
    assertThat(a.logins("u1@other.test", 3)).isEqualTo(2);
    assertThat(a.logins("boss@demo.test", 3)).isEqualTo(1);
    // Who is refused stays, without an account, and may come again.
    assertThat(a.inside("domain:demo.test")).isEqualTo(3);
    Client refused = a.come("192.0.2.1");
    assertThat(refused.login("boss@demo.test")).isFalse();
    one.lease.close();
    assertThat(refused.login("boss@demo.test")).isTrue();
    // The login is given back once, whether by its lease or by the session's end.
    one.leave();
    refused.leave();
    assertThat(a.inside("domain:demo.test")).isEqualTo(2);
    assertThat(a.inside("account:boss@demo.test")).isEqualTo(1);
  }

  @Test
  void aLoginAfterTheSessionsEndFindsNoPlace() {
    Client gone = a.come("192.0.2.1");
    gone.leave();
    assertThat(a.flow.enter(gone.session, Address.parse("u1@demo.test").orElseThrow()))
        .isInstanceOf(LoginGate.Answer.NotNow.class);
    assertThat(a.inside("account:u1@demo.test")).isZero();
  }

  /**
   * What a front said over a link that is gone may be read late: the session then is twice here for
   * a moment.
   */
  @Test
  void aSessionThatIsHereTwiceKeepsThePlaceThatItStaysIn() {
    Client here = a.come("192.0.2.1");
    Client again = a.take(here);
    Client late = a.take(here);
    here.leave();
    late.leave();
    assertThat(again.login("u1@demo.test")).isTrue();
    assertThat(a.inside("account:u1@demo.test")).isOne();
    again.leave();
    assertThat(a.flow.enter(again.session, Address.parse("u1@demo.test").orElseThrow()))
        .isInstanceOf(LoginGate.Answer.NotNow.class);
    assertThat(a.inside("account:u1@demo.test")).isZero();
  }

  // ---- rates

  private static List<Long> holds(Node node, int attempts) {
    List<Long> holds = new ArrayList<>();
    for (int i = 0; i < attempts; i++) {
      switch (node.arrive("new" + i, "192.0.2.7", false)) {
        case Flow.Answer.Admitted(Flow.Passage passage, long hold) -> {
          holds.add(hold);
          passage.end();
        }
        case Flow.Answer.Refused _ -> holds.add(-1L);
      }
    }
    return holds;
  }

  @Test
  void newSessionsAreHeldAndThenTurnedAway() {
    rig.limit("address:*", Dimension.NEW, 1, 2);
    List<Long> expected = new ArrayList<>(List.of(0L, 0L));
    for (long i = 1; i <= 10; i++) {
      expected.add(i * SECOND);
    }
    expected.add(-1L);
    assertThat(holds(a, 13)).isEqualTo(expected);
    // Leaving and coming back gains nothing; time does.
    a.flow.heard(List.of());
    assertThat(a.refused("192.0.2.7", Refusal.ADDRESS)).contains("more than 1 a second");
    rig.pass(Duration.ofSeconds(11));
    assertThat(holds(a, 2)).containsExactly(0L, SECOND);
  }

  @Test
  void commandsWaitForTheirTurnAndNobodyElseDoes() {
    rig.limit("account:u1@demo.test", Dimension.COMMANDS, 10, 2);
    Client one = a.come("192.0.2.1");
    Client two = a.come("192.0.2.1");
    Client other = a.come("192.0.2.1");
    assertThat(one.passage.command()).isZero();
    assertThat(one.login("u1@demo.test")).isTrue();
    assertThat(two.login("u1@demo.test")).isTrue();
    assertThat(other.login("u2@demo.test")).isTrue();
    assertThat(one.passage.command()).isZero();
    assertThat(two.passage.command()).isZero();
    assertThat(one.passage.command()).isEqualTo(SECOND / 10);
    assertThat(two.passage.command()).isEqualTo(2 * SECOND / 10);
    for (int i = 0; i < 100; i++) {
      assertThat(other.passage.command()).isZero();
    }
    rig.pass(Duration.ofMillis(400));
    assertThat(one.passage.command()).isZero();
  }

  @Test
  void noWaitIsLongerThanTheSettingsSay() {
    rig.limit("total", Dimension.COMMANDS, 1, 1);
    Client one = a.come("192.0.2.1");
    long longest = 0;
    for (int i = 0; i < 100; i++) {
      longest = Math.max(longest, one.passage.command());
    }
    assertThat(longest).isEqualTo(FlowRig.SETTINGS.delay().toNanos());
    rig.pass(FlowRig.SETTINGS.delay().plusSeconds(1));
    assertThat(one.passage.command()).isZero();
  }

  @Test
  void octetsWaitInTheirOwnDirection() {
    rig.limit("account:*", Dimension.RECEIVED, 10_000, 20_000);
    rig.limit("account:*", Dimension.SENT, 1024, 1024);
    Client one = a.come("192.0.2.1");
    // What went before the login is nobody's.
    assertThat(one.passage.octets(1_000_000, 1_000_000)).isZero();
    assertThat(one.login("u1@demo.test")).isTrue();
    assertThat(one.passage.octets(1_020_000, 1_000_000)).isZero();
    assertThat(one.passage.octets(1_025_000, 1_000_000)).isEqualTo(SECOND / 2);
    assertThat(one.passage.octets(1_025_000, 1_002_048)).isEqualTo(SECOND);
    rig.pass(Duration.ofSeconds(1));
    assertThat(one.passage.octets(1_025_000, 1_002_048)).isZero();
  }

  @Test
  void aChangeIsInForceForThoseInsideAtOnce() {
    Client one = a.come("192.0.2.1");
    assertThat(one.login("u1@demo.test")).isTrue();
    assertThat(one.passage.command()).isZero();
    rig.limit("domain:demo.test", Dimension.COMMANDS, 1, 1);
    assertThat(one.passage.command()).isZero();
    assertThat(one.passage.command()).isEqualTo(SECOND);
    // Twice as fast, with what is owed still owed.
    rig.limit("domain:demo.test", Dimension.COMMANDS, 2, 1);
    rig.pass(Duration.ofSeconds(1));
    assertThat(one.passage.command()).isEqualTo(SECOND);
    rig.limit("domain:demo.test", Dimension.COMMANDS, Limit.UNLIMITED);
    assertThat(one.passage.command()).isZero();
    assertThat(one.passage.command()).isZero();
  }

  @Test
  void whoLeavesAndComesBackHasUsedWhatWasUsed() {
    rig.limit("account:u1@demo.test", Dimension.COMMANDS, 1, 5);
    Client one = a.come("192.0.2.1");
    assertThat(one.login("u1@demo.test")).isTrue();
    for (int i = 0; i < 5; i++) {
      assertThat(one.passage.command()).isZero();
    }
    one.leave();
    Client again = a.come("192.0.2.1");
    assertThat(again.login("u1@demo.test")).isTrue();
    assertThat(again.passage.command()).isEqualTo(SECOND);
  }

  // ---- several nodes

  @Test
  void sessionsOfAllNodesCount() {
    Node b = rig.node("b");
    Node c = rig.node("c");
    rig.limit("account:*", Dimension.SESSIONS, 6);
    rig.beat(a, b, c);
    assertThat(a.logins("u1@demo.test", 4)).isEqualTo(4);
    assertThat(b.logins("u1@demo.test", 1)).isEqualTo(1);
    rig.beat(a, b, c);
    // One tells, for it may be near; so the next time all do.
    assertThat(a.told).containsEntry("account:u1@demo.test", 4);
    rig.beat(a, b, c);
    assertThat(b.told).containsEntry("account:u1@demo.test", 1);
    assertThat(c.elsewhere("account:u1@demo.test")).isEqualTo(5);
    assertThat(c.logins("u1@demo.test", 5)).isEqualTo(1);
    assertThat(c.logins("u2@demo.test", 9)).isEqualTo(6);
    rig.beat(a, b, c);
    assertThat(a.logins("u1@demo.test", 3)).isZero();
    assertThat(b.logins("u2@demo.test", 3)).isZero();
  }

  @Test
  void theDeadDoNotCount() {
    Node b = rig.node("b");
    rig.limit("account:*", Dimension.SESSIONS, 4);
    rig.beat(a, b);
    assertThat(a.logins("u1@demo.test", 4)).isEqualTo(4);
    rig.beat(a, b);
    assertThat(b.logins("u1@demo.test", 4)).isZero();
    // Its lease is over.
    rig.beat(b);
    assertThat(b.logins("u1@demo.test", 9)).isEqualTo(4);
  }

  @Test
  void aSessionThatMovesIsCountedOnceByEverybodyAndNeverRefused() {
    Node b = rig.node("b");
    Node c = rig.node("c");
    rig.limit("account:*", Dimension.SESSIONS, 4);
    rig.beat(a, b, c);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Client client = a.come("192.0.2.1");
      assertThat(client.login("u1@demo.test")).isTrue();
      clients.add(client);
    }
    rig.beat(a, b, c);
    rig.beat(a, b, c);
    // It dies: what it told stays for its lease.
    List<Client> moved = clients.stream().limit(3).map(b::take).toList();
    assertThat(b.inside("account:u1@demo.test")).isEqualTo(3);
    assertThat(b.elsewhere("account:u1@demo.test")).isEqualTo(1);
    for (int i = 0; i < 3; i++) {
      rig.pass(FlowRig.HEARTBEAT);
      b.told = b.flow.published();
      b.sign = rig.clock.instant();
      rig.hear(a, b, c);
      assertThat(c.elsewhere("account:u1@demo.test")).isEqualTo(4);
      assertThat(b.logins("u1@demo.test", 1)).isZero();
      assertThat(c.logins("u1@demo.test", 1)).isZero();
    }
    c.take(clients.get(3));
    rig.beat(b, c);
    rig.beat(b, c);
    assertThat(b.elsewhere("account:u1@demo.test")).isEqualTo(1);
    assertThat(c.elsewhere("account:u1@demo.test")).isEqualTo(3);
    assertThat(b.logins("u1@demo.test", 1)).isZero();
    moved.getFirst().leave();
    rig.beat(b, c);
    assertThat(c.logins("u1@demo.test", 2)).isEqualTo(1);
  }

  @Test
  void aLoginThatIsRepeatedElsewhereIsNotInItsOwnWay() {
    Node b = rig.node("b");
    rig.limit("account:*", Dimension.SESSIONS, 2);
    rig.beat(a, b);
    Client client = a.come("192.0.2.1");
    assertThat(client.login("u1@demo.test")).isTrue();
    assertThat(a.logins("u1@demo.test", 1)).isEqualTo(1);
    rig.beat(a, b);
    assertThat(b.elsewhere("account:u1@demo.test")).isEqualTo(2);
    // Its node dies before the client has its answer: it is asked again, as nobody.
    client.account = null;
    Client again = b.take(client);
    assertThat(again.login("u1@demo.test")).isTrue();
    assertThat(b.logins("u1@demo.test", 1)).isZero();
  }

  @Test
  void aDrainedNodesSessionsAreCountedOnce() {
    Node b = rig.node("b");
    rig.limit("account:*", Dimension.SESSIONS, 4);
    rig.beat(a, b);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Client client = a.come("192.0.2.1");
      assertThat(client.login("u1@demo.test")).isTrue();
      clients.add(client);
    }
    rig.beat(a, b);
    for (Client client : clients) {
      client.leave();
      b.take(client);
    }
    // It tells of them when the other has told that it has them no more: a heartbeat later.
    for (int i = 0; i < 4; i++) {
      assertThat(a.logins("u1@demo.test", 1)).isEqualTo(i < 2 ? 1 : 0);
      assertThat(b.logins("u1@demo.test", 1)).isZero();
      rig.beat(a, b);
    }
    assertThat(a.elsewhere("account:u1@demo.test")).isEqualTo(4);
  }

  @Test
  void whatIsFarFromItsLimitIsNotToldAndWhatIsToldIsBounded() {
    Node b = rig.node("b");
    rig.limit("account:*", Dimension.SESSIONS, 100);
    rig.limit("node:a", Dimension.SESSIONS, 10_000);
    rig.beat(a, b);
    assertThat(a.logins("u1@demo.test", 24)).isEqualTo(24);
    rig.beat(a, b);
    assertThat(a.told).isEmpty();
    assertThat(a.logins("u1@demo.test", 1)).isEqualTo(1);
    rig.beat(a, b);
    assertThat(a.told).containsOnlyKeys("account:u1@demo.test");
    rig.limit("account:*", Dimension.SESSIONS, 2);
    for (int i = 0; i < Census.TOLD + 10; i++) {
      assertThat(a.logins("v" + i + "@demo.test", 1)).isEqualTo(1);
      rig.pass(Duration.ofMillis(1));
    }
    rig.beat(a, b);
    assertThat(a.told).hasSize(Census.TOLD).containsKey("account:u1@demo.test");
  }

  @Test
  void nodesShareARateAsTheyShareTheSessions() {
    Node b = rig.node("b");
    rig.limit("account:*", Dimension.COMMANDS, 100, 1);
    rig.beat(a, b);
    List<Client> here = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      here.add((i < 3 ? a : b).come("192.0.2.1"));
      assertThat(here.get(i).login("u1@demo.test")).isTrue();
    }
    assertThat(here.getFirst().passage.command()).isZero();
    assertThat(here.getFirst().passage.command()).isEqualTo(SECOND / 100);
    rig.beat(a, b);
    rig.beat(a, b);
    assertThat(here.getFirst().passage.command()).isZero();
    assertThat(here.getFirst().passage.command()).isEqualTo(SECOND / 75);
    assertThat(here.getLast().passage.command()).isZero();
    assertThat(here.getLast().passage.command()).isEqualTo(SECOND / 25);
    // Alone again, it has all of it.
    rig.beat(b);
    assertThat(here.getLast().passage.command()).isZero();
    assertThat(here.getLast().passage.command()).isEqualTo(SECOND / 100);
  }

  // ---- crowds

  @Test
  void aCrowdIsLetInAtTheRateThatIsSet() {
    Node slow =
        rig.node(
            "slow",
            new FlowSettings(100, 100, 1000, 1000, Duration.ofSeconds(10), Duration.ofSeconds(20)));
    long longest = 0;
    for (int i = 0; i < 500; i++) {
      Flow.Answer answer = slow.arrive("c" + i, "192.0.2." + i % 250, false);
      assertThat(answer).isInstanceOf(Flow.Answer.Admitted.class);
      long hold = ((Flow.Answer.Admitted) answer).holdNanos();
      assertThat(hold).isGreaterThanOrEqualTo(longest);
      longest = hold;
    }
    assertThat(longest).isEqualTo((500 - 100) * SECOND / 100);
    // Those that a dead node leaves do not wait behind them.
    assertThat(slow.arrive("moved", "192.0.2.1", true))
        .isInstanceOfSatisfying(
            Flow.Answer.Admitted.class, in -> assertThat(in.holdNanos()).isZero());
    for (int i = 0; i < 600; i++) {
      assertThat(slow.arrive("d" + i, "192.0.2.1", false)).isInstanceOf(Flow.Answer.Admitted.class);
    }
    assertThat(slow.refused("192.0.2.1", Refusal.TOTAL)).isEqualTo("flow.arrivals of node:slow");
  }

  @Test
  void whatNobodyNeedsIsForgotten() {
    rig.limit("address:*", Dimension.NEW, 1, 1);
    for (int i = 0; i < 200; i++) {
      a.come("192.0.2." + i).leave();
    }
    assertThat(a.flow.counted()).isBetween(200, 210);
    rig.pass(Duration.ofSeconds(2));
    a.flow.tick();
    assertThat(a.flow.counted()).isZero();
  }
}
