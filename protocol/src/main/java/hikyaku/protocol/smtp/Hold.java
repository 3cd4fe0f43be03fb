package hikyaku.protocol.smtp;

import java.time.Instant;

/**
 * How long a user wants a message kept back (RFC 4865 §3). Its text is that of the report field
 * Future-Release-Request (RFC 4865 §5).
 */
public sealed interface Hold {
  /** The most that HOLDFOR can say, in seconds: nine digits. */
  long LONGEST = 999_999_999;

  /** When it is released, if it came at this moment. */
  Instant release(Instant now);

  /**
   * HOLDFOR.
   *
   * @param seconds 1 to {@link #LONGEST}
   */
  record For(long seconds) implements Hold {
    public For {
      if (seconds < 1 || seconds > LONGEST) {
        throw new IllegalArgumentException("held for " + seconds + " s");
      }
    }

    @Override
    public Instant release(Instant now) {
      return now.plusSeconds(seconds);
    }

    @Override
    public String toString() {
      return "for;" + seconds;
    }
  }

  /** HOLDUNTIL. */
  record Until(Instant time) implements Hold {
    @Override
    public Instant release(Instant now) {
      return time;
    }

    @Override
    public String toString() {
      return "until;" + time;
    }
  }
}
