package hikyaku.server.filter;

import java.time.Duration;

/**
 * What scripts may do, and how much of it.
 *
 * @param redirect where mail may be sent on to by {@code redirect}: {@code anywhere}, {@code here}
 *     for accounts of this service alone, or {@code nowhere}
 * @param redirects addresses that one run may redirect to (RFC 5228 §10), as MAXREDIRECTS of
 *     ManageSieve tells it
 * @param hops Received fields from which on a message is kept and not sent on to another service: a
 *     loop through others ends there
 * @param mailsPerHour mails that the scripts of one account may send in an hour, each recipient
 *     counted: redirects to other services, answers, notifications. What goes beyond is kept, or
 *     not sent
 */
public record SieveSettings(Redirection redirect, int redirects, int hops, int mailsPerHour) {
  /** Where mail may be sent on to. */
  public enum Redirection {
    ANYWHERE,
    HERE,
    NOWHERE
  }

  /** How long what was sent counts. */
  static final Duration COUNTED = Duration.ofHours(1);

  public static final SieveSettings DEFAULTS = new SieveSettings(Redirection.ANYWHERE, 4, 30, 200);

  public SieveSettings {
    if (redirects < 0 || redirects > 100 || hops < 1 || mailsPerHour < 0) {
      throw new IllegalArgumentException(
          "sieve.redirects must be 0 to 100, sieve.hops 1 at least, sieve.mails-per-hour not"
              + " negative");
    }
  }
}
