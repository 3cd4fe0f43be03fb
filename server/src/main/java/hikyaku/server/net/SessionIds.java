package hikyaku.server.net;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Session ids: fifteen characters that sort by time. The last four are this process's own, drawn
 * when it starts: two fronts never give one id to two sessions, nor does one whose clock was set
 * back before it started again. That matters, because writes are done once by keys that begin with
 * it.
 */
public final class SessionIds implements Supplier<String> {
  /** Base 32 without the letters that are mistaken for digits or each other. */
  private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

  private static final int TIME = 11;
  private static final int TAG = 4;

  /** Ids within one millisecond before the next one is borrowed from. */
  private static final int BITS_PER_MILLISECOND = 10;

  private final InstantSource clock;
  private final String tag;
  private final AtomicLong last = new AtomicLong();

  public SessionIds(InstantSource clock) {
    this(clock, new SecureRandom());
  }

  SessionIds(InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.tag = digits(random.nextLong(), TAG);
  }

  @Override
  public String get() {
    long now = clock.millis() << BITS_PER_MILLISECOND;
    long id = last.updateAndGet(before -> Math.max(before + 1, now));
    return digits(id, TIME) + tag;
  }

  private static String digits(long number, int length) {
    char[] text = new char[length];
    long rest = number;
    for (int i = length - 1; i >= 0; i--) {
      text[i] = DIGITS.charAt((int) (rest & 31));
      rest >>>= 5;
    }
    return new String(text);
  }
}
