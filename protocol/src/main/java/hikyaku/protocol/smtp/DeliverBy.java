package hikyaku.protocol.smtp;

/**
 * Within what time a message is to be delivered, and what else is to be done (RFC 2852 §4).
 *
 * @param seconds from MAIL on, up to {@link #LONGEST} both ways. Not positive only if it is not
 *     returned: then it is late already, and its sender was told
 * @param returned whether it is given up once it is late ({@code R}); else its sender is told, and
 *     it is tried on ({@code N})
 * @param trace whether its sender is told of each server that it is passed on to
 */
public record DeliverBy(long seconds, boolean returned, boolean trace) {
  /** Nine digits. */
  public static final long LONGEST = 999_999_999;

  public DeliverBy {
    if (seconds < (returned ? 1 : -LONGEST) || seconds > LONGEST) {
      throw new IllegalArgumentException("deliver by " + seconds + " s");
    }
  }

  /** As in MAIL. */
  @Override
  public String toString() {
    return seconds + ";" + (returned ? "R" : "N") + (trace ? "T" : "");
  }
}
