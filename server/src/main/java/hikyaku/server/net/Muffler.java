package hikyaku.server.net;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps what clients can cause at will from filling the log: one line in a while, with the number
 * of those that were held back. Metrics count them all.
 */
public final class Muffler {
  private final long everyNanos;
  private final AtomicLong next = new AtomicLong(System.nanoTime());
  private final AtomicLong heldBack = new AtomicLong();

  public Muffler(Duration every) {
    everyNanos = every.toNanos();
  }

  /** The number of lines held back since the last one, or -1 if this one is held back as well. */
  public long admit() {
    long now = System.nanoTime();
    long due = next.get();
    if (now - due < 0 || !next.compareAndSet(due, now + everyNanos)) {
      heldBack.incrementAndGet();
      return -1;
    }
    return heldBack.getAndSet(0);
  }
}
