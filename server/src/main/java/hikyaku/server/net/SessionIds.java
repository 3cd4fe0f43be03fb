package hikyaku.server.net;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Session ids: eleven characters that sort by time, unique in this process and, as long as the
 * clock is not set back over a restart, on this machine.
 */
public final class SessionIds implements Supplier<String> {
  /** Base 32 without the letters that are mistaken for digits or each other. */
  private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

  private static final int LENGTH = 11;

  /** Ids within one millisecond before the next one is borrowed from. */
  private static final int BITS_PER_MILLISECOND = 10;

  private final InstantSource clock;
  private final AtomicLong last = new AtomicLong();

  public SessionIds(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public String get() {
    long now = clock.millis() << BITS_PER_MILLISECOND;
    long id = last.updateAndGet(before -> Math.max(before + 1, now));
    char[] text = new char[LENGTH];
    for (int i = LENGTH - 1; i >= 0; i--) {
      text[i] = DIGITS.charAt((int) (id & 31));
      id >>>= 5;
    }
    return new String(text);
  }
}
