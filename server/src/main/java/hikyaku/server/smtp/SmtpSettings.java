package hikyaku.server.smtp;

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
 * @param limits what a client may take
 */
public record SmtpSettings(
    String hostName,
    OverQuota overQuota,
    boolean ownSenderOnly,
    boolean hideClientAddress,
    Duration greetingDelay,
    SmtpLimits limits) {

  /** What a full mailbox's sender is told. */
  public enum OverQuota {
    /** 452 4.2.2: it tries again. */
    TEMPORARY,
    /** 552 5.2.2: it gives up. */
    PERMANENT
  }

  public static SmtpSettings of(String hostName) {
    return new SmtpSettings(
        hostName, OverQuota.TEMPORARY, true, false, Duration.ZERO, SmtpLimits.DEFAULT);
  }

  public SmtpSettings withLimits(SmtpLimits newLimits) {
    return new SmtpSettings(
        hostName, overQuota, ownSenderOnly, hideClientAddress, greetingDelay, newLimits);
  }
}
