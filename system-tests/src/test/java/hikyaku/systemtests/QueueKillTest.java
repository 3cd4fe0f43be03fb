package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL while mail comes in and goes out: what was accepted arrives. It arrives twice only where
 * the sender cannot have known that it was taken. One round of each, in a cluster with two nodes of
 * three that die; longer with {@code -Dhikyaku.kill.rounds=N}, another course with {@code
 * -Dhikyaku.kill.seed=N}.
 */
@ExtendWith(SharedNode.class)
class QueueKillTest {
  private static final int DESTINATIONS = 5;
  private static final int SUBMITTERS = 3;
  private static final int PATIENCE_SECONDS = 300;

  /** Messages that wait, at least, when the way out opens; of these some have gone at the kill. */
  private static final int WAITING = 60;

  /** Messages of a round that are taken and not answered. */
  private static final int SILENCES = 2;

  private static final List<String> NODES = List.of("n1", "n2", "n3");

  /** Who dies in each round. */
  private static final List<List<String>> DYING = List.of(List.of("n2", "n3"), List.of("n1"));

  private final Random random = new Random(Long.getLong("hikyaku.kill.seed", 1939));

  @TempDir Path directory;

  private static List<String> domains() {
    return java.util.stream.IntStream.range(0, DESTINATIONS)
        .mapToObj(i -> "d" + i + ".example")
        .toList();
  }

  /** Each domain has a destination of its own. */
  private static String routes(Sink sink) {
    StringBuilder text = new StringBuilder("[queue]\nfirst-retry = \"1s\"\nroutes = {");
    for (int i = 0; i < DESTINATIONS; i++) {
      text.append(i == 0 ? "" : ", ")
          .append('"')
          .append(domains().get(i))
          .append("\" = \"smtp+plain://127.0.0.1:")
          .append(sink.ports().get(i))
          .append('"');
    }
    return text.append("}\n[sending]\nwatch = false\n").toString();
  }

  private static void await(Semaphore permits, int count, String what) throws Exception {
    assertThat(permits.tryAcquire(count, PATIENCE_SECONDS, TimeUnit.SECONDS))
        .as(count + " " + what)
        .isTrue();
  }

  /** Lets mail pile up, opens the way out, and returns while it drains. */
  private void drain(Sink sink, Submitters users) throws Exception {
    users.acknowledged().drainPermits();
    await(users.acknowledged(), WAITING, "accepted");
    sink.came().drainPermits();
    sink.keepSilent(SILENCES);
    sink.open();
    await(sink.came(), 1 + random.nextInt(WAITING / 2), "sent");
  }

  /** Until all that was accepted has come. */
  private static void awaitAll(Sink sink, Submitters users) throws Exception {
    while (!sink.arrivals().keySet().containsAll(users.accepted())) {
      await(sink.came(), 1, "more sent");
    }
  }

  /** To be asked when nothing waits any more and all clients of the sink have ended. */
  private static void check(Sink sink, Submitters users) {
    assertThat(sink.arrivals().keySet()).containsAll(users.accepted());
    for (Map.Entry<String, List<Sink.Arrival>> each : sink.arrivals().entrySet()) {
      List<Sink.Arrival> came = each.getValue();
      assertThat(came.subList(0, came.size() - 1))
          .as("whether the sender knew of the first copy of " + each.getKey())
          .noneMatch(Sink.Arrival::isHeard);
    }
    // The only ones that had to come twice did.
    assertThat(sink.unanswered()).isNotEmpty().allMatch(key -> sink.arrivals().get(key).size() > 1);
  }

  @Test
  void oneNodeSendsWhatItHasAcceptedBeforeItDied() throws Exception {
    int rounds = Integer.getInteger("hikyaku.kill.rounds", 1);
    try (Sink sink = new Sink(DESTINATIONS);
        Node node = Node.in(directory, routes(sink))) {
      sink.shut();
      node.start();
      Account account = node.account();
      Submitters users = new Submitters(account.address(), account.password(), domains());
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < SUBMITTERS; i++) {
          users.begin(node.port(Port.SUBMISSION));
        }
        drain(sink, users);
        node.kill();
        users.stop();
        sink.breakSilence();
        sink.shut();
        node.start();
      }
      sink.open();
      awaitAll(sink, users);
      while (!node.command("", "queue", "list").ok().output().contains("Nothing waits")) {
        assertThat(node.runs()).isTrue();
        Ran.pause();
      }
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
      node.terminate();
      assertThat(node.exitCode()).isZero();
      sink.awaitEnd();
      check(sink, users);
    }
  }

  @Test
  void nodesSendWhatOthersHaveAcceptedBeforeTheyDied() throws Exception {
    try (Sink sink = new Sink(DESTINATIONS);
        LocalCluster cluster = new LocalCluster(directory)) {
      Path settings = directory.resolve("settings.toml");
      Files.writeString(settings, routes(sink));
      sink.shut();
      cluster.start(3, settings);
      Submitters users = new Submitters("alice@demo.test", cluster.password(), domains());
      int rounds = Integer.getInteger("hikyaku.kill.rounds", 1);
      List<String> dying = List.of();
      for (int round = 0; round < rounds; round++) {
        for (String each : dying) {
          assertThat(cluster.ok("up", "--node", each)).contains(each + " is up again");
        }
        dying = DYING.get(round % DYING.size());
        for (String each : NODES) {
          cluster.awaitState(each, "up");
          users.begin(cluster.port(Integer.parseInt(each.substring(1)), 587));
        }
        drain(sink, users);
        for (String each : dying) {
          cluster.process(each).destroyForcibly();
        }
        long killed = System.nanoTime();
        users.stop();
        sink.breakSilence();
        // They are dead, and stay so until others have sent what was theirs to send.
        awaitAll(sink, users);
        System.out.printf(
            Locale.ROOT,
            "queue: all of what %s had was sent %.1f s after the death%n",
            String.join(" and ", dying),
            (System.nanoTime() - killed) / 1e9);
        sink.shut();
      }
      sink.open();
      while (!cluster.ok("queue", "list").contains("Nothing waits")) {
        assertThat(cluster.keeper().isAlive()).isTrue();
        Ran.pause();
      }
      assertThat(cluster.ok("verify")).contains("All is well");
      cluster.close();
      sink.awaitEnd();
      assertThat(cluster.logs())
          .contains("this node works a part of the queue")
          .doesNotContainPattern("(?i)\\bbug\\b");
      check(sink, users);
    }
  }
}
