package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.systemtests.chaos.Course;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes, a front, a database and clients in network namespaces of their own, and mischief at
 * random: nothing acknowledged is lost or doubled, whatever way it is looked at. Longer with {@code
 * ./hikyaku chaos --minutes N}, which sets {@code hikyaku.chaos.seconds}, {@code .clients}, {@code
 * .seed}, {@code .patroni} and {@code .keep}.
 */
class ChaosTest {
  /** Stays where something was found. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path temporary;

  @Test
  void nothingAcknowledgedIsLost() throws Exception {
    String hindrance = Course.hindrance();
    assumeTrue(hindrance.isEmpty(), "chaos is not tried: " + hindrance);
    String keep = System.getProperty("hikyaku.chaos.keep", "");
    Course.Outcome outcome =
        Course.run(
            new Course.Wanted(
                Duration.ofSeconds(Long.getLong("hikyaku.chaos.seconds", 40)),
                Integer.getInteger("hikyaku.chaos.clients", 12),
                Long.getLong("hikyaku.chaos.seed", 1),
                Boolean.getBoolean("hikyaku.chaos.patroni"),
                keep.isEmpty() ? temporary : Path.of(keep)));
    System.out.println("chaos: " + outcome.report());
    assertThat(outcome.findings().size()).as(outcome.report()).isZero();
  }
}
