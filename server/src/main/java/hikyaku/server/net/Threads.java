package hikyaku.server.net;

import java.time.Duration;

/** Waiting for threads to end, with interrupts kept for the caller to see. */
final class Threads {
  private Threads() {}

  /** Waits however long it takes; a thread never started is at its end. */
  static void join(Thread thread) {
    join(thread, Long.MAX_VALUE);
  }

  /** Waits for at most so many nanoseconds; says whether the thread has ended. */
  static boolean join(Thread thread, long nanos) {
    if (thread.getState() == Thread.State.NEW) {
      return true;
    }
    long deadline = nanos == Long.MAX_VALUE ? nanos : System.nanoTime() + nanos;
    boolean interrupted = false;
    try {
      while (true) {
        long left =
            deadline == Long.MAX_VALUE
                ? Duration.ofDays(1).toNanos()
                : deadline - System.nanoTime();
        try {
          if (thread.join(Duration.ofNanos(Math.max(left, 0)))) {
            return true;
          }
          if (deadline != Long.MAX_VALUE && deadline - System.nanoTime() <= 0) {
            return false;
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
