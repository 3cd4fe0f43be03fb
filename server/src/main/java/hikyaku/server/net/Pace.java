package hikyaku.server.net;

import java.time.Duration;

/**
 * How long a client may still keep us waiting: inside a command, and until it has logged in. What
 * the server itself takes does not count. Used by the connection's thread.
 */
final class Pace {
  /** Far from where sums of nanoseconds overflow. */
  private static final long LONGEST_SECONDS = 1_000_000_000;

  private final long commandNanos;
  private final int slowest;
  private long waited;
  private long octets;
  private long loginDeadline;
  private boolean loggingIn;

  Pace(NetLimits limits) {
    this.commandNanos = Deadline.nanos(limits.command());
    this.slowest = limits.slowest();
  }

  /** From now on the time until {@link #loggedIn()} counts. */
  void loginBy(Duration limit) {
    loginDeadline = Deadline.after(limit);
    loggingIn = true;
  }

  void loggedIn() {
    loggingIn = false;
  }

  /** A command is over: the next one has all its time. */
  void begin() {
    waited = 0;
    octets = 0;
  }

  /** The deadline of a wait between commands. */
  long idle(Duration timeout) {
    return System.nanoTime() + beforeLogin(Deadline.nanos(timeout));
  }

  /** The deadline of a wait that begins now inside a command and would last so long at most. */
  long inside(long now, long timeoutNanos) {
    long earned = Math.min(octets / slowest, LONGEST_SECONDS) * 1_000_000_000L;
    long left = Math.max(0, commandNanos + earned - waited);
    return now + Math.min(left, beforeLogin(timeoutNanos));
  }

  private long beforeLogin(long nanos) {
    return loggingIn ? Math.clamp(loginDeadline - System.nanoTime(), 0, nanos) : nanos;
  }

  /** A wait inside a command has ended; so many octets came. */
  void waited(long nanos, int count) {
    waited += nanos;
    octets += Math.max(0, count);
  }
}
