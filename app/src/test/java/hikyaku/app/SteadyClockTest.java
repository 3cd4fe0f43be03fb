package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class SteadyClockTest {
  @Test
  void goesOnFromWhereItBeganByElapsedTimeAlone() {
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    Instant began = Instant.parse("2026-11-22T12:00:00Z");
    SteadyClock clock = new SteadyClock(began, nanos::get);
    assertThat(clock.instant()).isEqualTo(began);
    nanos.addAndGet(1_000_000_000);
    assertThat(clock.instant()).isEqualTo(began.plusSeconds(1));
  }
}
