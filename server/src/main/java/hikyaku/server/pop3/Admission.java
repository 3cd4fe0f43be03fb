package hikyaku.server.pop3;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who may open a maildrop now, among those who have proved that it is theirs: one at a time, and
 * not too often, if the settings say so. Knows this node's sessions only. Safe for use by many
 * threads.
 */
final class Admission {
  private final boolean exclusive;
  private final long delayMillis;
  private final InstantSource clock;
  private final Set<String> open = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> lastLogins = new ConcurrentHashMap<>();
  private final AtomicLong nextSweep = new AtomicLong();

  Admission(boolean exclusive, Duration loginDelay, InstantSource clock) {
    this.exclusive = exclusive;
    this.delayMillis = loginDelay.toMillis();
    this.clock = clock;
  }

  enum Answer {
    ADMITTED,
    IN_USE,
    TOO_EARLY
  }

  /**
   * Lets a session back in that was admitted before, perhaps by another node, beside any other that
   * has come in between; it must {@link #leave}.
   */
  void comeBack(String account) {
    if (exclusive) {
      open.add(account);
    }
  }

  /** Asks for a maildrop; who is admitted must {@link #leave}. */
  Answer enter(String account) {
    if (exclusive && !open.add(account)) {
      return Answer.IN_USE;
    }
    if (delayMillis > 0 && tooEarly(account)) {
      leave(account);
      return Answer.TOO_EARLY;
    }
    return Answer.ADMITTED;
  }

  void leave(String account) {
    open.remove(account);
  }

  /** The delay runs from the last login that was admitted: a refused one does not prolong it. */
  private boolean tooEarly(String account) {
    long now = clock.millis();
    long due = nextSweep.get();
    if (now >= due && nextSweep.compareAndSet(due, now + delayMillis)) {
      lastLogins.values().removeIf(last -> now - last >= delayMillis);
    }
    AtomicBoolean early = new AtomicBoolean();
    lastLogins.compute(
        account,
        (_, last) -> {
          // Of a clock set back no more is known than that time has passed.
          early.set(last != null && now >= last && now - last < delayMillis);
          return early.get() ? last : Long.valueOf(now);
        });
    return early.get();
  }
}
