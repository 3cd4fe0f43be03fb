package hikyaku.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.front.Health;
import hikyaku.server.front.Health.Standing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Probes of nodes with real servers over one store that may answer late. */
final class ProberTest {
  @TempDir Path directory;
  private ProbedNodes site;

  private void start(Duration timeout) {
    site = new ProbedNodes(timeout, directory);
  }

  @AfterEach
  void stop() throws Exception {
    site.close();
  }

  @Test
  void aNodeIsTriedInAllThatItOffers() throws Exception {
    start(Duration.ofSeconds(10));
    ProbedNodes.Node one = site.new Node("one", ProbedNodes.ALL);
    Set<String> steps =
        Set.of(
            "link",
            "smtp",
            "submission",
            "pop3",
            "imap",
            "login",
            "delivery",
            "idle",
            "fetch",
            "retrieval",
            "removal");
    Health.Verdict verdict = site.await("one", seen -> seen.latency().keySet().containsAll(steps));
    assertThat(verdict.latency().keySet()).isEqualTo(steps);
    assertThat(verdict.untried()).isEmpty();
    assertThat(verdict.standing()).isNotEqualTo(Standing.FAILING);
    assertThat(one.links.sessions()).as("they are no clients").isZero();
    assertThat(site.nodes.links().getFirst().sessions()).isZero();
    assertThat(one.probes.bugs()).isZero();
    assertThat(site.store.logs().list("folders/", null, 1)).isEmpty();
    assertThat(site.store.logs().list("mailbox/", null, 1)).isEmpty();
    assertThat(site.store.logs().list("probe/folders/", null, 10)).isNotEmpty();
  }

  @Test
  void anotherNodeDoesWhatANodeHasNoRoleFor() throws Exception {
    start(Duration.ofSeconds(10));
    var unused = site.new Node("in", Set.of("smtp"));
    var unused2 = site.new Node("out", Set.of("imap"));
    var unused3 = site.new Node("old", Set.of("pop3"));
    // Which of them is found first is not known, and what is found alone is tried less.
    Health.Verdict in =
        site.await(
            "in",
            seen ->
                seen.latency().containsKey("delivery")
                    && seen.untried()
                        .containsAll(
                            List.of(
                                "login (by out)",
                                "idle (by out)",
                                "fetch (by out)",
                                "removal (by out)")));
    assertThat(in.latency().keySet()).doesNotContain("login", "fetch", "retrieval");
    Health.Verdict out = site.await("out", seen -> seen.latency().containsKey("removal"));
    assertThat(out.untried()).contains("delivery (by in)");
    assertThat(out.latency().keySet())
        .contains("login", "idle", "fetch")
        .doesNotContain("delivery");
    Health.Verdict old =
        site.await(
            "old",
            seen ->
                seen.latency().containsKey("retrieval")
                    && seen.untried().contains("login (by out)"));
    assertThat(old.untried()).contains("delivery (by in)");
  }

  @Test
  void aNodeWhoseStoreIsSlowLosesWeightAndGetsItBack() throws Exception {
    start(Duration.ofSeconds(30));
    ProbedNodes.Node one = site.new Node("one", ProbedNodes.ALL);
    var unused = site.new Node("two", ProbedNodes.ALL);
    Health.Verdict before = site.await("one", seen -> seen.latency().containsKey("removal"));
    assertThat(before.standing()).isNotEqualTo(Standing.FAILING);
    site.await("two", seen -> seen.latency().containsKey("removal"));
    one.late = Duration.ofSeconds(2);
    Health.Verdict slow = site.await("one", seen -> seen.factor() < 0.5);
    assertThat(slow.standing()).isEqualTo(Standing.SLOW);
    assertThat(slow.factor()).isPositive();
    assertThat(slow.trouble()).isPresent();
    one.late = Duration.ZERO;
    site.await("one", seen -> seen.standing() == Standing.GOOD);
  }

  @Test
  void aNodeThatAcceptsAndDoesNotAnswerGetsNoSessionsUntilItDoes() throws Exception {
    start(Duration.ofSeconds(10));
    ProbedNodes.Node one = site.new Node("one", ProbedNodes.ALL);
    var unused = site.new Node("two", ProbedNodes.ALL);
    site.await("one", seen -> seen.latency().containsKey("removal"));
    site.await("two", seen -> seen.latency().containsKey("removal"));
    one.hang(true);
    Health.Verdict failing = site.await("one", seen -> seen.standing() == Standing.FAILING);
    assertThat(failing.factor()).isZero();
    // At whatever step that writes the run was, or its second attempt.
    assertThat(failing.trouble()).get().asString().endsWith(": no answer in time");
    assertThat(site.health.problems()).isEmpty();
    one.hang(false);
    Health.Verdict back = site.await("one", seen -> seen.standing() != Standing.FAILING);
    assertThat(back.factor()).isPositive();
    site.await("one", seen -> seen.factor() == 1);
  }
}
