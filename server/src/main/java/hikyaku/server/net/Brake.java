package hikyaku.server.net;

import java.time.Duration;

/** Has a session wait where a limit on its pace says so. Owned by the session's thread. */
final class Brake {
  /** How soon a session that waits notices that it is to end. */
  private static final long SLICE = 250_000_000;

  private final Flow flow;
  private final Flow.Passage passage;
  private final Ground ground;
  private long rested;

  /** Whether the owner must not wait; what it would have waited is owed. */
  private boolean hasty;

  private long owed;

  Brake(Flow flow, Flow.Passage passage, Ground ground) {
    this.flow = flow;
    this.passage = passage;
    this.ground = ground;
  }

  /** How long limits have held the session back. */
  Duration rested() {
    return Duration.ofNanos(rested);
  }

  /** A command begins; says how long it has to {@link #rest}. */
  long command() {
    return passage.command();
  }

  /** Octets have come or gone: waits, if there were too many, inside the command. */
  void octets() {
    long nanos = passage.octets(ground.octetsIn(), ground.octetsOut());
    if (nanos <= 0) {
      return;
    }
    if (hasty) {
      owed += nanos;
    } else {
      rest(nanos, false);
    }
  }

  /** A command has come to an owner that must not wait: the wait comes behind it. */
  void commandInHaste() {
    owed += passage.command();
  }

  void hasty(boolean now) {
    hasty = now;
  }

  boolean owes() {
    return owed > 0;
  }

  /** Waits what is owed. */
  void restOwed() {
    long nanos = owed;
    owed = 0;
    if (nanos > 0) {
      rest(nanos, true);
    }
  }

  /**
   * Waits.
   *
   * @param mayLeave whether a session that is to stop or to go elsewhere does so at once; one that
   *     was ended always does
   */
  void rest(long nanos, boolean mayLeave) {
    long left = nanos;
    while (left > 0 && !ground.isClosed() && !(mayLeave && ground.isWanted())) {
      long slice = Math.min(left, SLICE);
      flow.pause(slice);
      left -= slice;
      rested += slice;
    }
  }
}
