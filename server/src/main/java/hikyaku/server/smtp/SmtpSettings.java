package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Hold;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.server.directory.Address;
import java.time.Duration;
import java.util.Map;

/**
 * How the server behaves.
 *
 * @param hostName our name in greetings and trace fields
 * @param overQuota what a full mailbox's sender is told
 * @param writeAs under which addresses a user may send and write: own, those that lead to the
 *     account (its own, an alias's, a sub-address, or one that a catch-all brings there);
 *     own-or-foreign, in From and Sender also those of domains that are neither of this server nor
 *     below one; any, as envelope sender too. Reply: 553 5.7.1 for the sender, 550 5.7.1 for From
 * @param hideClientAddress whether the Received field of submitted mail is silent about where the
 *     user is. RFC 5321 §4.4 wants it there, so false
 * @param greetingDelay how long the MX port waits before it greets. Whoever talks meanwhile is no
 *     mail server (RFC 5321 §4.3.1) and is cut off with 554 5.5.0. Zero to not wait
 * @param longestHold how long a user may have a message kept back (FUTURERELEASE, RFC 4865); {@code
 *     0s} to not offer it. Reply: 501 5.5.4
 * @param highestPriority the highest priority that users may give their mail (MT-PRIORITY, RFC
 *     6710), from 0 to 9; most mail has 0, and a lower one is everybody's. What is higher is
 *     brought down to it, and the user is told: 250 2.3.6
 * @param priorities the same for single accounts and domains, as in {@code {"chief@example.org" =
 *     9, "example.org" = 3}}
 * @param limits what a client may take
 */
public record SmtpSettings(
    String hostName,
    OverQuota overQuota,
    WriteAs writeAs,
    boolean hideClientAddress,
    Duration greetingDelay,
    Duration longestHold,
    int highestPriority,
    Map<String, Integer> priorities,
    SmtpLimits limits) {

  public SmtpSettings {
    if (longestHold.toSeconds() > Hold.LONGEST) {
      throw new IllegalArgumentException(
          "smtp.longest-hold must be "
              + Hold.LONGEST
              + "s at most, which is all that a client can say");
    }
    priorities = Map.copyOf(priorities);
    if (highestPriority > MailParameters.HIGHEST_PRIORITY
        || priorities.values().stream().anyMatch(each -> each > MailParameters.HIGHEST_PRIORITY)) {
      throw new IllegalArgumentException(
          "smtp.highest-priority and smtp.priorities must be "
              + MailParameters.HIGHEST_PRIORITY
              + " at most");
    }
  }

  /** What a full mailbox's sender is told. */
  public enum OverQuota {
    /** 452 4.2.2: it tries again. */
    TEMPORARY,
    /** 552 5.2.2: it gives up. */
    PERMANENT
  }

  /** Under which addresses a user may send and write. */
  public enum WriteAs {
    /** Those that mail for reaches the account. */
    OWN,
    /** As envelope sender the same; as author also those that nobody here can have. */
    OWN_OR_FOREIGN,
    /** All that there are. */
    ANY
  }

  public static SmtpSettings of(String hostName) {
    return new SmtpSettings(
        hostName,
        OverQuota.TEMPORARY,
        WriteAs.OWN,
        false,
        Duration.ZERO,
        Duration.ofDays(60),
        0,
        Map.of(),
        SmtpLimits.DEFAULT);
  }

  /** The highest priority that an account may give its mail, by the address it was made with. */
  int highestPriority(Address account) {
    Integer own = priorities.get(account.toString());
    return own != null ? own : priorities.getOrDefault(account.domain(), highestPriority);
  }

  /** The same under another name. */
  public SmtpSettings withHostName(String name) {
    return new SmtpSettings(
        name,
        overQuota,
        writeAs,
        hideClientAddress,
        greetingDelay,
        longestHold,
        highestPriority,
        priorities,
        limits);
  }

  public SmtpSettings withLimits(SmtpLimits newLimits) {
    return new SmtpSettings(
        hostName,
        overQuota,
        writeAs,
        hideClientAddress,
        greetingDelay,
        longestHold,
        highestPriority,
        priorities,
        newLimits);
  }
}
