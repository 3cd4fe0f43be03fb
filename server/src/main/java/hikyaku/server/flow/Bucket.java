package hikyaku.server.flow;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A rate with a burst. Its whole state is the moment at which it will be full again, so that
 * sessions that share it need no lock.
 */
final class Bucket {
  private static final double SECOND = 1e9;

  private final LongSupplier nanoTime;
  private final AtomicLong fullAt;
  private final AtomicLong taken = new AtomicLong();
  private volatile Rate rate;
  private volatile long busyAt;
  private volatile boolean everBusy;

  /** Read by the one who ticks. */
  private long takenBefore;

  private long tickedAt;
  private volatile double perSecond;

  private record Rate(double nanosEach, double burstNanos) {}

  Bucket(LongSupplier nanoTime, double perSecond, double burst) {
    this.nanoTime = nanoTime;
    long now = nanoTime.getAsLong();
    this.fullAt = new AtomicLong(now);
    this.tickedAt = now;
    this.rate = rate(perSecond, burst);
  }

  private static Rate rate(double perSecond, double burst) {
    double each = SECOND / perSecond;
    return new Rate(each, each * burst);
  }

  /** From now on so fast. */
  void set(double perSecond, double burst) {
    rate = rate(perSecond, burst);
  }

  /** How long one more would have to wait, in nanoseconds. */
  long waitForOne() {
    long now = nanoTime.getAsLong();
    Rate current = rate;
    long full = fullAt.get();
    double until = Math.max(0, full - now) + current.nanosEach - current.burstNanos;
    return until <= 0 ? 0 : (long) Math.ceil(until);
  }

  /**
   * Takes so many and says for how many nanoseconds whoever took them has to wait.
   *
   * @param most the longest wait; beyond, the rate is exceeded
   */
  long take(long count, long most) {
    if (count <= 0) {
      return 0;
    }
    long now = nanoTime.getAsLong();
    Rate current = rate;
    double longest = current.burstNanos + most;
    long before;
    double ahead;
    do {
      before = fullAt.get();
      ahead = Math.min(Math.max(0, before - now) + count * current.nanosEach, longest);
    } while (!fullAt.compareAndSet(before, now + (long) ahead));
    taken.getAndAdd(count);
    double wait = ahead - current.burstNanos;
    if (wait < 1) {
      return 0;
    }
    busy(now);
    return (long) wait;
  }

  /** Notes that somebody had to wait, or was turned away. */
  void busy() {
    busy(nanoTime.getAsLong());
  }

  private void busy(long now) {
    busyAt = now;
    everBusy = true;
  }

  /** Whether somebody had to wait in the last so many nanoseconds. */
  boolean isBusy(long nanos) {
    return everBusy && nanoTime.getAsLong() - busyAt <= nanos;
  }

  /** Whether nothing would be lost if it were forgotten. */
  boolean isFull() {
    return fullAt.get() - nanoTime.getAsLong() <= 0;
  }

  /** Finds out how many were taken each second since the last time. By one thread. */
  void tick() {
    long now = nanoTime.getAsLong();
    long passed = now - tickedAt;
    if (passed > 0) {
      long all = taken.get();
      perSecond = (all - takenBefore) * SECOND / passed;
      takenBefore = all;
      tickedAt = now;
    }
  }

  /** How many were taken each second, between the last two ticks. */
  double perSecond() {
    return perSecond;
  }
}
