package hikyaku.server.net;

import java.time.Duration;

/** Points in time as {@link System#nanoTime()} tells it. */
final class Deadline {
  /** As good as never, and far from where sums overflow. */
  private static final Duration LONGEST = Duration.ofDays(365);

  /**
   * To set a timer and to take it back are two switches of threads, at every wait. So waits that
   * are longer than this have none: the watch over all sessions ends them, up to a second late.
   */
  static final long WATCHED = Duration.ofSeconds(20).toNanos();

  private Deadline() {}

  static long after(Duration time) {
    return System.nanoTime() + nanos(time);
  }

  static long nanos(Duration time) {
    return time.compareTo(LONGEST) < 0 ? time.toNanos() : LONGEST.toNanos();
  }
}
