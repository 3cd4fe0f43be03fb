package hikyaku.stores.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.fixtures.PatroniCluster;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A real cluster of Patroni whose primary is killed, halted and handed over under load: nothing
 * acknowledged is lost, nothing is doubled, sequences stay consecutive, and what one node has
 * acknowledged the other sees. Longer with {@code -Dhikyaku.patroni.rounds=N}, in another order
 * with {@code -Dhikyaku.patroni.seed=N}.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
final class PatroniTest {
  /** What befalls the primary. */
  private enum Mischief {
    /** Its machine loses power, and comes back. */
    KILL,
    /** It is handed over in order. */
    SWITCHOVER,
    /**
     * Its machine is halted, and starts anew when another one is the primary: a watchdog sees to
     * that. One that just goes on takes the lead back from the other (up to Patroni 3.0.2), which
     * loses what that one has acknowledged.
     */
    FREEZE,
    /** Patroni alone dies: the server goes on as if it were the primary. */
    KILL_PATRONI,
    /** The server dies, and Patroni lives. */
    KILL_SERVER
  }

  /** Those that are asked for; else each in turn, and then at random. */
  private static List<Mischief> course() {
    String asked = System.getProperty("hikyaku.patroni.course", "");
    if (!asked.isEmpty()) {
      return Stream.of(asked.split(",", -1)).map(Mischief::valueOf).toList();
    }
    int rounds = Integer.getInteger("hikyaku.patroni.rounds", 3);
    Random random = new Random(Long.getLong("hikyaku.patroni.seed", 1));
    List<Mischief> course = new ArrayList<>(List.of(Mischief.values()));
    while (course.size() < rounds) {
      course.add(Mischief.values()[random.nextInt(Mischief.values().length)]);
    }
    return course.subList(0, rounds);
  }

  private static PostgresSettings settings(PatroniCluster cluster) {
    PostgresSettings plain = PostgresSettings.DEFAULT;
    return new PostgresSettings(
        cluster.url(),
        PatroniCluster.USER,
        Optional.of(cluster.passwordFile()),
        plain.schema(),
        plain.blobDirectory(),
        plain.pool(),
        plain.queue(),
        plain.patience(),
        plain.attempt(),
        plain.keysKept(),
        plain.compressionLevel());
  }

  @Test
  void nothingAcknowledgedIsLostWhateverBefallsThePrimary() throws Exception {
    try (PatroniCluster cluster = PatroniCluster.start(3)) {
      PostgresSettings settings =
          settings(cluster).waiting(Duration.ofMinutes(2), Duration.ofSeconds(8));
      try (PostgresStore one = PostgresStore.open(settings, Clock.systemUTC());
          PostgresStore two = PostgresStore.open(settings, Clock.systemUTC())) {
        Writers.prepare(one);
        Writers first = new Writers(one, two, 4, "x");
        Writers second = new Writers(two, one, 4, "y");
        for (Mischief mischief : course()) {
          first.awaitMore(100);
          second.awaitMore(100);
          befall(cluster, mischief, first, second);
        }
        first.end();
        second.end();
        assertThat(Writers.assertKeptOnce(one, first, second)).isGreaterThan(400);
      }
    }
  }

  private static void befall(
      PatroniCluster cluster, Mischief mischief, Writers first, Writers second) throws Exception {
    PatroniCluster.Member primary = cluster.awaitWhole();
    long began = System.nanoTime();
    switch (mischief) {
      case KILL -> primary.kill();
      case FREEZE -> primary.freeze();
      case SWITCHOVER -> cluster.switchover(primary);
      case KILL_PATRONI -> primary.killPatroni();
      case KILL_SERVER -> primary.killServer();
    }
    if (mischief == Mischief.KILL_SERVER) {
      // Whoever it is: Patroni may start the same server again.
      PatroniCluster.Member unused = cluster.awaitPrimary();
    } else {
      PatroniCluster.Member unused = cluster.awaitPrimaryBut(primary);
    }
    double led = (System.nanoTime() - began) / 1e9;
    // The service goes on before the member is back.
    drain(first);
    drain(second);
    first.awaitMore(1);
    second.awaitMore(1);
    double wrote = (System.nanoTime() - began) / 1e9;
    first.awaitMore(50);
    second.awaitMore(50);
    switch (mischief) {
      case KILL, KILL_PATRONI -> primary.start();
      case FREEZE -> {
        primary.kill();
        primary.start();
      }
      case SWITCHOVER, KILL_SERVER -> {}
    }
    PatroniCluster.Member unused = cluster.awaitWhole();
    System.out.printf(
        Locale.ROOT,
        "Patroni, %s: a primary after %.1f s, writes after %.1f s, whole after %.1f s%n",
        mischief,
        led,
        wrote,
        (System.nanoTime() - began) / 1e9);
  }

  private static void drain(Writers writers) {
    int unused = writers.acks.drainPermits();
  }
}
