package hikyaku.server.mtasts;

import java.time.Duration;

/**
 * Policies of other domains about TLS (MTA-STS, RFC 8461).
 *
 * @param enabled whether they are looked for and heeded
 * @param timeout how long a policy host may take for all of it. RFC 8461 §3.3 suggests a minute;
 *     mail for the domain waits meanwhile
 * @param policy the largest policy that is read, in octets. RFC 8461 §3.2 suggests 64K
 * @param retry how long a policy host that failed is left alone (RFC 8461 §3.3: five minutes at
 *     least)
 * @param unused how long after the last mail to a domain its policy is still renewed before it ends
 */
public record StsSettings(
    boolean enabled, Duration timeout, int policy, Duration retry, Duration unused) {
  public static final StsSettings DEFAULTS =
      new StsSettings(
          true, Duration.ofSeconds(30), 64 * 1024, Duration.ofMinutes(5), Duration.ofDays(30));

  public StsSettings {
    if (timeout.isZero() || policy < 1) {
      throw new IllegalArgumentException(
          "mta-sts.timeout and mta-sts.policy must be more than nothing");
    }
  }
}
