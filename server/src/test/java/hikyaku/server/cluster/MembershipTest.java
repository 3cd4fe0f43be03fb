package hikyaku.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.cluster.Member.State;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TestClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class MembershipTest {
  private static final ClusterSettings SETTINGS = ClusterSettings.DEFAULTS;
  private static final Duration HEARTBEAT = SETTINGS.heartbeat();

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final Map<String, Vitals> vitals = new TreeMap<>();

  private Identity identity(String name, long directory, Set<Role> roles) {
    return new Identity(
        name,
        directory,
        "1",
        roles,
        Optional.of(name + ":2090"),
        "127.0.0.1:2080",
        clock.instant(),
        100,
        60,
        List.of("192.0.2." + name.length(), "2001:db8::1"));
  }

  private Membership join(String name) throws Exception {
    return join(name, name.hashCode(), clock::advance);
  }

  private Membership join(String name, long directory, Membership.Waiting waiting)
      throws Exception {
    return join(name, directory, waiting, SETTINGS);
  }

  private Membership join(
      String name, long directory, Membership.Waiting waiting, ClusterSettings settings)
      throws Exception {
    return Membership.join(
        store.logs(),
        settings,
        clock,
        identity(name, directory, Set.of(Role.values())),
        () -> vitals.getOrDefault(name, Vitals.NONE),
        waiting);
  }

  private static Map<String, State> states(Cluster seen) {
    Map<String, State> states = new TreeMap<>();
    seen.members().forEach(member -> states.put(member.name(), member.state()));
    return states;
  }

  /** A heartbeat passes, in which these live. */
  private void pass(Membership... living) {
    clock.advance(HEARTBEAT);
    for (Membership each : living) {
      each.beat();
    }
    for (Membership each : living) {
      each.look();
    }
  }

  @Test
  void aNodeThatWasNotHeardOfKnowsSinceWhenItIsAgain() throws Exception {
    ClusterSettings hasty = new ClusterSettings(Duration.ofSeconds(1), Duration.ofSeconds(2));
    Membership a = join("a", "a".hashCode(), clock::advance, hasty);
    long joined = a.heardSince();
    a.beat();
    assertThat(a.isHeard()).isTrue();
    assertThat(a.heardSince()).isEqualTo(joined);
    MailSink.until("its silence", () -> !a.isHeard());
    long silent = System.nanoTime();
    assertThat(a.heardSince()).isEqualTo(joined);
    a.beat();
    assertThat(a.isHeard()).isTrue();
    assertThat(a.heardSince() - silent).isPositive();
  }

  @Test
  void everyNodeKnowsHowTheOthersFare() throws Exception {
    Membership a = join("a");
    Membership b = join("b");
    vitals.put(
        "a",
        new Vitals(
            0.25,
            Map.of("imap", 7, "smtp", 2),
            5,
            List.of("too hot"),
            Map.of("total", 9, "account:u1@demo.test", 3)));
    pass(a, b);
    assertThat(states(a)).isEqualTo(states(b)).isEqualTo(Map.of("a", State.UP, "b", State.UP));
    Member seen = b.member("a").orElseThrow();
    assertThat(seen.vitals()).isEqualTo(vitals.get("a"));
    assertThat(seen.identity()).isEqualTo(a.self().identity());
    assertThat(seen.seen()).isEqualTo(clock.instant());
    assertThat(seen.wish()).isEqualTo(Wish.NONE);
    // Of itself a node knows without a heartbeat.
    vitals.put("a", Vitals.NONE);
    assertThat(a.member("a").orElseThrow().vitals()).isEqualTo(Vitals.NONE);
  }

  @Test
  void whoFallsSilentIsDownAfterItsLeaseAndUpAtItsNextSign() throws Exception {
    Membership a = join("a");
    Membership b = join("b");
    Membership c = join("c");
    pass(a, b, c);
    pass(a, c);
    pass(a, c);
    assertThat(states(a)).containsEntry("b", State.UP);
    pass(a, c);
    assertThat(states(a)).containsEntry("b", State.DOWN).containsEntry("c", State.UP);
    assertThat(states(new Roster(store.logs(), SETTINGS, clock)))
        .isEqualTo(Map.of("a", State.UP, "b", State.DOWN, "c", State.UP));
    pass(a, b, c);
    assertThat(states(a)).containsEntry("b", State.UP);
  }

  @Test
  void aStoreOutOfReachMakesNobodyLookDead() throws Exception {
    Membership a = join("a");
    Membership b = join("b");
    pass(a, b);
    store.faults().failWhile(_ -> true, Faults.When.BEFORE);
    for (int i = 0; i < 100; i++) {
      clock.advance(HEARTBEAT);
      assertThatThrownBy(a::beat).isNotNull();
      assertThatThrownBy(a::look).isNotNull();
    }
    store.faults().clear();
    a.look();
    assertThat(states(a)).containsEntry("b", State.UP);
    pass(a);
    assertThat(states(a)).containsEntry("b", State.DOWN);
  }

  @Test
  void whoLeavesInOrderHasLeftAndMayBeForgotten() throws Exception {
    Membership a = join("a");
    Membership b = join("b");
    pass(a, b);
    assertThatThrownBy(() -> a.forget("b")).isInstanceOf(ClusterException.StillAlive.class);
    b.close();
    a.look();
    assertThat(states(a)).containsEntry("b", State.LEFT);
    a.forget("b");
    a.look();
    assertThat(states(a)).containsOnlyKeys("a");
    assertThatThrownBy(() -> a.forget("b")).isInstanceOf(ClusterException.NoSuchNode.class);
    // It may come back, even in the time between two looks.
    Membership again = join("b", 77, clock::advance);
    again.beat();
    pass(a, again);
    assertThat(states(a)).containsEntry("b", State.UP);
  }

  @Test
  void aNodeStruckOutByMistakeJoinsAnew() throws Exception {
    Membership a = join("a");
    Membership b = join("b");
    pass(a);
    pass(a);
    pass(a);
    a.look();
    a.forget("b");
    a.look();
    b.beat();
    pass(a, b);
    assertThat(states(a)).containsEntry("b", State.UP);
  }

  @Test
  void wishesReachTheNodeAndOutlastItsRuns() throws Exception {
    Membership a = join("a");
    Membership b = join("b");
    List<Wish> told = new ArrayList<>();
    b.onWish(told::add);
    assertThat(told).isEmpty();
    a.drain("b", true);
    a.weigh("b", 30);
    pass(a, b);
    assertThat(told).containsExactly(new Wish(true, 30, Wish.NONE.pools()));
    assertThat(b.self().state()).isEqualTo(State.DRAINING);
    Member seen = a.member("b").orElseThrow();
    assertThat(seen.state()).isEqualTo(State.DRAINING);
    assertThat(seen.takesSessions()).isFalse();
    assertThat(seen.lettingGo()).isFalse();
    pass(a, b);
    assertThat(a.member("b").orElseThrow().lettingGo()).isTrue();
    b.close();
    Membership again = join("b");
    again.onWish(told::add);
    assertThat(told)
        .containsExactly(
            new Wish(true, 30, Wish.NONE.pools()), new Wish(true, 30, Wish.NONE.pools()));
    a.drain("b", false);
    again.look();
    assertThat(again.self().wish()).isEqualTo(new Wish(false, 30, Wish.NONE.pools()));
    a.pool("b", Set.of("staff", "common"));
    a.pool("b", Set.of("staff", "students"));
    again.look();
    assertThat(again.self().wish()).isEqualTo(new Wish(false, 30, Set.of("staff", "students")));
    assertThat(told.getLast().poolNames()).isEqualTo("staff,students");
    assertThatThrownBy(() -> a.drain("nobody", true))
        .isInstanceOf(ClusterException.NoSuchNode.class);
    assertThatThrownBy(() -> a.drain("no/body", true))
        .isInstanceOf(ClusterException.NoSuchNode.class);
    assertThatThrownBy(() -> a.weigh("b", 1001)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.pool("b", Set.of())).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> a.pool("b", Set.of("a,b")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSecondNodeOfTheNameRefusesToStart() throws Exception {
    Membership first = join("a");
    assertThatThrownBy(() ->
            join(
                "a",
                5,
                time -> {
                  clock.advance(time);
                  first.beat();
                }))
        .isInstanceOf(ClusterException.NameTaken.class)
        .hasMessageContaining("127.0.0.1:2080")
        .hasMessageContaining("node.name");
    pass(first);
    assertThat(first.problems()).isEmpty();
  }

  @Test
  void aNameIsFreeWhenItsLeaseHasRunOut() throws Exception {
    Membership first = join("a");
    var before = clock.instant();
    Membership second = join("a", 5, clock::advance);
    assertThat(Duration.between(before, clock.instant())).isGreaterThanOrEqualTo(SETTINGS.lease());
    // Should the first one have been frozen and thaw, it finds out and is silent.
    first.look();
    assertThat(first.problems()).singleElement().asString().contains("node.name");
    long seq = store.logs().head(new LogName("cluster/node/a")).seq();
    first.beat();
    first.close();
    assertThat(store.logs().head(new LogName("cluster/node/a")).seq()).isEqualTo(seq);
    pass(second);
    assertThat(second.problems()).isEmpty();
  }

  @Test
  void theNextRunOnADirectoryNeedNotWait() throws Exception {
    Membership killed = join("a");
    killed.beat();
    Membership next =
        join(
            "a",
            "a".hashCode(),
            _ -> {
              throw new AssertionError("waits");
            });
    assertThat(next.self().state()).isEqualTo(State.UP);
  }

  @Test
  void theOwnLogStaysShort() throws Exception {
    Membership a = join("a");
    Membership late = join("late");
    Roster observer = new Roster(store.logs(), SETTINGS, clock);
    observer.look();
    LogName log = new LogName("cluster/node/a");
    a.drain("a", true);
    for (int i = 0; i < 20 * Membership.KEPT; i++) {
      pass(a);
      assertThat(store.logs().read(log, 0, Long.MAX_VALUE, 10_000))
          .hasSizeLessThanOrEqualTo(Membership.KEPT);
    }
    vitals.put("a", new Vitals(1, Map.of("pop3", 3), 0, List.of()));
    pass(a);
    late.look();
    for (Cluster each : List.of(observer, late, new Roster(store.logs(), SETTINGS, clock))) {
      Member seen = each.member("a").orElseThrow();
      assertThat(seen.state()).isEqualTo(State.DRAINING);
      assertThat(seen.vitals().sessions()).isEqualTo(Map.of("pop3", 3));
    }
    // A run that begins compacts on from there.
    Membership next = join("a");
    for (int i = 0; i < 2 * Membership.KEPT; i++) {
      pass(next);
    }
    assertThat(store.logs().read(log, 0, Long.MAX_VALUE, 10_000))
        .hasSizeLessThanOrEqualTo(Membership.KEPT);
  }

  @Test
  void aListenerIsToldAtOnceByHints() throws Exception {
    ClusterSettings slow = new ClusterSettings(Duration.ofMinutes(20), Duration.ofMinutes(50));
    try (Membership a =
            Membership.join(
                store.logs(), slow, clock, identity("a", 1, Set.of(Role.IMAP)), () -> Vitals.NONE);
        Membership b =
            Membership.join(
                store.logs(),
                slow,
                clock,
                identity("b", 2, Set.of(Role.IMAP)),
                () -> Vitals.NONE)) {
      a.live(false);
      b.live(false);
      CountDownLatch draining = new CountDownLatch(1);
      CountDownLatch seen = new CountDownLatch(1);
      b.onWish(wish -> draining.countDown());
      a.onChange(members -> {
        if (members.stream().anyMatch(member -> member.state() == State.DRAINING)) {
          seen.countDown();
        }
      });
      b.drain("b", true);
      assertThat(draining.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(seen.await(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(states(new Roster(store.logs(), slow, clock)))
        .isEqualTo(Map.of("a", State.LEFT, "b", State.LEFT));
  }

  @Test
  void aKeyIsAgreedOnOnce() {
    KeyAgreement agreement = new KeyAgreement(store.logs());
    assertThat(agreement.fingerprint()).isEmpty();
    assertThat(agreement.propose("aa")).isEqualTo("aa");
    assertThat(agreement.propose("bb")).isEqualTo("aa");
    agreement.replace("bb");
    assertThat(agreement.fingerprint()).contains("bb");
  }

  @Test
  void aNodeMayGoIfTheOthersHaveRoom() {
    Vitals busy = new Vitals(0, Map.of("imap", 50, "pop3", 10), 60, List.of());
    Member a = member("a", State.UP, Wish.NONE, busy, Set.of(Role.IMAP, Role.POP3));
    Member b = member("b", State.UP, Wish.NONE, Vitals.NONE, Set.of(Role.IMAP, Role.POP3));
    assertThat(Room.against(List.of(a, b), "a")).isEmpty();
    assertThat(Room.against(List.of(a, b), "nobody")).isEmpty();
    assertThat(Room.against(List.of(a), "a")).hasSize(2).allMatch(s -> s.contains("no other node"));
    for (Member unfit :
        List.of(
            member("b", State.DOWN, Wish.NONE, Vitals.NONE, b.identity().roles()),
            member("b", State.DRAINING, Wish.NONE, Vitals.NONE, b.identity().roles()),
            member(
                "b",
                State.UP,
                new Wish(false, 0, Wish.NONE.pools()),
                Vitals.NONE,
                b.identity().roles()))) {
      assertThat(Room.against(List.of(a, unfit), "a")).hasSize(2);
    }
    Member full = member("b", State.UP, Wish.NONE, busy, b.identity().roles());
    assertThat(Room.against(List.of(a, full), "a"))
        .containsExactly(
            "50 imap sessions would not fit into the 10 that the others have room for");
    // Each protocol would fit, but not both together.
    Member tight =
        member(
            "b",
            State.UP,
            Wish.NONE,
            new Vitals(0, Map.of("smtp", 50), 0, List.of()),
            Set.of(Role.values()));
    assertThat(Room.against(List.of(a, tight), "a"))
        .containsExactly("60 sessions would not fit into the 50 that the others have room for");
    Member down = member("a", State.DOWN, Wish.NONE, busy, a.identity().roles());
    assertThat(Room.against(List.of(down), "a")).isEmpty();
  }

  private Member member(String name, State state, Wish wish, Vitals vitals, Set<Role> roles) {
    return new Member(
        identity(name, 1, roles), state, wish, wish.draining(), vitals, clock.instant());
  }
}
