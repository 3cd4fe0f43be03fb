package hikyaku.app;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Time that goes on as it began, whatever becomes of the machine's clock: for what counts from one
 * moment to another. A clock set back would otherwise prolong lockouts, and one set forward end
 * them.
 */
final class SteadyClock implements InstantSource {
  private final Instant began;
  private final LongSupplier nanoTime;
  private final long zero;

  SteadyClock(Instant now, LongSupplier nanoTime) {
    this.began = now;
    this.nanoTime = nanoTime;
    this.zero = nanoTime.getAsLong();
  }

  @Override
  public Instant instant() {
    return began.plusNanos(nanoTime.getAsLong() - zero);
  }
}
