package hikyaku.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DrainProgressTest {
  @Test
  void whatIsLeftTakesAsLongAsWhatIsGoneTook() {
    assertThat(DrainProgress.progress(900, 100, Duration.ofSeconds(10)))
        .isEqualTo("900 sessions left, 10 a second, about 1m 30s to go.");
    assertThat(DrainProgress.progress(12_000, 0, Duration.ofSeconds(4)))
        .isEqualTo("12 000 sessions left, none gone in 4s.");
    assertThat(DrainProgress.progress(30, 1, Duration.ofSeconds(4)))
        .isEqualTo("30 sessions left, 0.25 a second, about 2m 0s to go.");
  }
}
