package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Hold;
import java.time.Duration;

/**
 * How the server behaves.
 *
 * @param hostName our name in greetings and trace fields
 * @param overQuota what a full mailbox's sender is told
 * @param ownSenderOnly whether a user may only send as an address that leads to the account: its
 *     own, an alias's, a sub-address, or one that a catch-all brings there
 * @param hideClientAddress whether the Received field of submitted mail is silent about where the
 *     user is. RFC 5321 §4.4 wants it there, so false
 * @param greetingDelay how long the MX port waits before it greets. Whoever talks meanwhile is no
 *     mail server (RFC 5321 §4.3.1) and is cut off with 554 5.5.0. Zero to not wait
 * @param longestHold how long a user may have a message kept back (FUTURERELEASE, RFC 4865); {@code
 *     0s} to not offer it. Reply: 501 5.5.4
 * @param limits what a client may take
 */
public record SmtpSettings(
    String hostName,
    OverQuota overQuota,
    boolean ownSenderOnly,
    boolean hideClientAddress,
    Duration greetingDelay,
    Duration longestHold,
    SmtpLimits limits) {

  public SmtpSettings {
    if (longestHold.toSeconds() > Hold.LONGEST) {
      throw new IllegalArgumentException(
          "smtp.longest-hold must be "
              + Hold.LONGEST
              + "s at most, which is all that a client can say");
    }
  }

  /** What a full mailbox's sender is told. */
  public enum OverQuota {
    /** 452 4.2.2: it tries again. */
    TEMPORARY,
    /** 552 5.2.2: it gives up. */
    PERMANENT
  }

  public static SmtpSettings of(String hostName) {
    return new SmtpSettings(
        hostName,
        OverQuota.TEMPORARY,
        true,
        false,
        Duration.ZERO,
        Duration.ofDays(60),
        SmtpLimits.DEFAULT);
  }

  /** The same under another name. */
  public SmtpSettings withHostName(String name) {
    return new SmtpSettings(
        name, overQuota, ownSenderOnly, hideClientAddress, greetingDelay, longestHold, limits);
  }

  public SmtpSettings withLimits(SmtpLimits newLimits) {
    return new SmtpSettings(
        hostName,
        overQuota,
        ownSenderOnly,
        hideClientAddress,
        greetingDelay,
        longestHold,
        newLimits);
  }
}
