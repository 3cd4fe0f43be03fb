package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How long what has failed is left alone. */
class BackoffTest {
  private static final long FIRST = 120_000;
  private static final long LONGEST = 3_600_000;

  /** One whose doubles are all in the middle, at the lower end, or at the upper one. */
  private static RandomGenerator always(long bits) {
    return () -> bits;
  }

  @Test
  void eachWaitIsTwiceAsLongUpToTheLongest() {
    Backoff backoff = new Backoff(FIRST, LONGEST, always(1L << 63));
    assertThat(IntStream.rangeClosed(1, 8).mapToLong(backoff::millis))
        .containsExactly(
            120_000L, 240_000L, 480_000L, 960_000L, 1_920_000L, LONGEST, LONGEST, LONGEST);
    assertThat(backoff.millis(Integer.MAX_VALUE)).isEqualTo(LONGEST);
  }

  @Test
  void itIsATenthMoreOrLess() {
    assertThat(new Backoff(FIRST, LONGEST, always(0)).millis(2)).isEqualTo(216_000);
    assertThat(new Backoff(FIRST, LONGEST, always(-1)).millis(2)).isEqualTo(264_000);
    Backoff backoff = new Backoff(FIRST, LONGEST, new Random(1));
    assertThat(IntStream.range(0, 1000).mapToLong(_ -> backoff.millis(2)))
        .allMatch(millis -> millis >= 216_000 && millis <= 264_000)
        .anyMatch(millis -> millis < 225_000)
        .anyMatch(millis -> millis > 255_000);
  }

  @Test
  void thereIsAlwaysAWait() {
    assertThat(new Backoff(1, 1, always(0)).millis(1)).isEqualTo(1);
    assertThat(new Backoff(0, 0, always(0)).millis(3)).isEqualTo(1);
  }
}
