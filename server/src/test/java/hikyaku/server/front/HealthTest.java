package hikyaku.server.front;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.front.Health.Probe;
import hikyaku.server.front.Health.Standing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How the judge weighs what probes find. */
final class HealthTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Health health = new Health(HealthSettings.DEFAULTS, meters, InstantSource.system());

  private void took(String node, long millis) {
    health.found(node, Probe.USER, Findings.good(Map.of("delivery", Duration.ofMillis(millis))));
  }

  private void failed(String node) {
    health.found(
        node,
        Probe.USER,
        new Findings(
            Map.of(), Optional.of(new Findings.Failure("delivery", "no answer")), List.of()));
  }

  private void allTake(int rounds, long millis) {
    for (int i = 0; i < rounds; i++) {
      for (String node : List.of("a", "b", "c")) {
        took(node, millis);
      }
    }
  }

  private Standing standing(String node) {
    return verdict(node).standing();
  }

  private Health.Verdict verdict(String node) {
    return health.verdicts().stream()
        .filter(verdict -> verdict.node().equals(node))
        .findAny()
        .orElseThrow();
  }

  @Test
  void aNodeThatNothingIsKnownOfCountsInFull() {
    assertThat(health.factor("a")).isEqualTo(1);
    assertThat(health.verdicts()).isEmpty();
    assertThat(health.problems()).isEmpty();
  }

  @Test
  void noiseInAFastClusterChangesNothing() {
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      took("a", 1 + random.nextInt(90));
      took("b", 1);
      took("c", 2);
      assertThat(health.factor("a")).isEqualTo(1);
    }
  }

  @Test
  void oneLateAnswerCostsLittleHoweverLate() {
    allTake(10, 10);
    took("a", 1900);
    assertThat(health.factor("a")).isBetween(0.7, 1.0);
    assertThat(standing("a")).isEqualTo(Standing.GOOD);
    took("a", 10);
    assertThat(health.factor("a")).isEqualTo(1);
  }

  @Test
  void theFirstAnswerOfAColdNodeCostsNothing() {
    took("b", 10);
    took("a", 1900);
    assertThat(health.factor("a")).isEqualTo(1);
  }

  @Test
  void aSlowNodeLosesWeightStepByStepAndGetsItBack() {
    allTake(10, 10);
    double before = 1;
    for (int i = 0; i < 10; i++) {
      took("a", 1000);
      assertThat(health.factor("a")).isLessThan(before);
      before = health.factor("a");
    }
    assertThat(before).isBetween(0.15, 0.25);
    assertThat(verdict("a").trouble())
        .hasValueSatisfying(text -> assertThat(text).startsWith("delivery takes "));
    assertThat(standing("a")).isEqualTo(Standing.SLOW);
    assertThat(health.factor("b")).isEqualTo(1);
    for (int i = 0; i < 20; i++) {
      took("a", 10);
      assertThat(health.factor("a")).isGreaterThanOrEqualTo(before);
      before = health.factor("a");
    }
    assertThat(before).isEqualTo(1);
    assertThat(standing("a")).isEqualTo(Standing.GOOD);
    assertThat(verdict("a").trouble()).isEmpty();
  }

  @Test
  void whatSlowsAllCostsNobodyAnything() {
    allTake(30, 900);
    for (String node : List.of("a", "b", "c")) {
      assertThat(health.factor(node)).isEqualTo(1);
    }
    for (int i = 0; i < 30; i++) {
      took("a", 1800);
    }
    assertThat(health.factor("a")).as("not three times the others").isEqualTo(1);
  }

  @Test
  void failuresInARowTakeANodeOutAndSuccessesInARowBringItBack() {
    allTake(10, 10);
    failed("a");
    assertThat(standing("a")).as("once is no failing").isNotEqualTo(Standing.FAILING);
    assertThat(health.factor("a")).as("but no good sign").isBetween(0.05, 0.5);
    failed("a");
    assertThat(health.factor("a")).isZero();
    assertThat(standing("a")).isEqualTo(Standing.FAILING);
    assertThat(verdict("a").trouble()).contains("delivery: no answer");
    took("a", 10);
    took("a", 10);
    assertThat(health.factor("a")).as("not yet").isZero();
    failed("a");
    took("a", 10);
    took("a", 10);
    assertThat(health.factor("a")).as("counted anew").isZero();
    took("a", 10);
    double back = health.factor("a");
    assertThat(back).as("a little first").isBetween(0.05, 0.5);
    for (int i = 0; i < 20; i++) {
      took("a", 10);
    }
    assertThat(health.factor("a")).isEqualTo(1);
  }

  @Test
  void oneProbeDoesNotExcuseAnother() {
    failed("a");
    health.found("a", Probe.DIALOGUE, Findings.good(Map.of("imap", Duration.ofMillis(1))));
    failed("a");
    assertThat(standing("a")).isEqualTo(Standing.FAILING);
    for (int i = 0; i < 10; i++) {
      health.found("a", Probe.DIALOGUE, Findings.good(Map.of("imap", Duration.ofMillis(1))));
    }
    assertThat(standing("a")).isEqualTo(Standing.FAILING);
  }

  @Test
  void aFailingNodeIsNoMeasureForOthers() {
    for (int i = 0; i < 20; i++) {
      took("a", 10);
      took("b", 1000);
    }
    assertThat(health.factor("b")).isLessThan(0.25);
    failed("a");
    failed("a");
    took("b", 1000);
    assertThat(health.factor("a")).isZero();
    assertThat(health.factor("b")).as("slow all the same").isPositive();
  }

  @Test
  void theFrontIsInTroubleOnlyWhenAllItsNodesFail() {
    failed("a");
    failed("a");
    took("b", 10);
    assertThat(health.problems()).isEmpty();
    failed("b");
    failed("b");
    assertThat(health.problems())
        .containsExactly(
            "the node a fails: delivery: no answer", "the node b fails: delivery: no answer");
  }

  @Test
  void aNodeThatIsGoneIsForgotten() {
    took("a", 10);
    failed("a");
    failed("a");
    assertThat(meters.getMeters()).isNotEmpty();
    health.forget("a");
    assertThat(health.factor("a")).isEqualTo(1);
    assertThat(health.verdicts()).isEmpty();
    assertThat(meters.getMeters()).isEmpty();
  }
}
