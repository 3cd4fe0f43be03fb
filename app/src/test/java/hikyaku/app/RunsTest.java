package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.cluster.ClusterSettings;
import hikyaku.server.cluster.Identity;
import hikyaku.server.cluster.Membership;
import hikyaku.server.cluster.Role;
import hikyaku.server.cluster.Vitals;
import hikyaku.server.testing.TestClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which runs may still be at work, whatever the clocks of their machines were set to. */
final class RunsTest {
  private static final ClusterSettings SETTINGS = ClusterSettings.DEFAULTS;
  private static final Instant RIGHT = Instant.parse("2026-11-22T10:00:00Z");

  /** Of a machine whose clock is wrong. */
  private static final Instant AHEAD = RIGHT.plus(Duration.ofHours(3));

  /** Goes on steadily. */
  private final TestClock time = new TestClock();

  private final MemoryStore store = new MemoryStore(time);

  /** A node joins, and its clock shows this. */
  private Membership join(String name, Instant started) throws Exception {
    return Membership.join(
        store.logs(),
        SETTINGS,
        time,
        new Identity(
            name,
            name.hashCode(),
            "1",
            Set.of(Role.values()),
            Optional.empty(),
            "127.0.0.1:1",
            started,
            100,
            60,
            List.of()),
        () -> new Vitals(0, Map.of(), 0, List.of()));
  }

  private static Runs runs(Membership of) {
    return new Runs(() -> of);
  }

  @Test
  void theRunBeforeIsDeadThoughItsClockWasAhead() throws Exception {
    String before = runs(join("a", AHEAD)).self();
    Runs now = runs(join("a", RIGHT));
    assertThat(now.isAlive(before)).isFalse();
    assertThat(now.isAlive(now.self())).isTrue();
  }

  @Test
  void whoHasJustJoinedIsAliveAtOnceAndWhoWasThereBeforeIsNot() throws Exception {
    Runs a = runs(join("a", RIGHT));
    for (Instant started :
        new Instant[] {AHEAD, RIGHT, AHEAD.plusMillis(1), RIGHT.minusMillis(1)}) {
      String earlier = runs(join("b", started.plusSeconds(1))).self();
      assertThat(a.isAlive(earlier)).as("%s, not heard of yet", earlier).isTrue();
      String later = runs(join("b", started)).self();
      assertThat(a.isAlive(later)).as("%s, not heard of yet", later).isTrue();
      assertThat(a.isAlive(earlier)).as("%s, before %s", earlier, later).isFalse();
    }
  }

  @Test
  void whoIsSilentForItsLeaseIsDead() throws Exception {
    Membership here = join("a", RIGHT);
    Runs a = runs(here);
    String b = runs(join("b", AHEAD)).self();
    assertThat(a.isAlive(b)).isTrue();
    for (Duration silent = Duration.ZERO;
        silent.compareTo(SETTINGS.lease()) < 0;
        silent = silent.plus(SETTINGS.heartbeat())) {
      assertThat(a.isAlive(b)).as("after %s", silent).isTrue();
      time.advance(SETTINGS.heartbeat());
      assertThat(here.find("b")).isPresent();
    }
    assertThat(a.isAlive(b)).isFalse();
  }

  @Test
  void whoIsNotThereIsDead() throws Exception {
    Membership here = join("a", RIGHT);
    Runs a = runs(here);
    Membership gone = join("b", RIGHT);
    String b = runs(gone).self();
    assertThat(a.isAlive(b)).isTrue();
    gone.close();
    assertThat(here.find("b")).hasValueSatisfying(left -> assertThat(left.isAlive()).isFalse());
    here.forget("b");
    assertThat(here.find("b")).isEmpty();
    assertThat(a.isAlive(b)).isFalse();
    assertThat(a.isAlive("nobody@" + AHEAD.toEpochMilli())).isFalse();
    assertThat(a.isAlive("nobody")).isFalse();
    assertThat(a.isAlive("")).isFalse();
  }

  /** Two directories with one name: the one that came later works, and is alive to the other. */
  @Test
  void whoHasTakenTheNameIsAlive() throws Exception {
    Runs first = runs(join("a", AHEAD));
    Runs second = runs(join("a", RIGHT));
    assertThat(first.isAlive(second.self())).isTrue();
  }
}
