package hikyaku.server.filter;

import hikyaku.protocol.sieve.ScannerFields;
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
 * @param spamField the header field in which a scanner before this server writes its score, such as
 *     {@code X-Spam-Score}, for {@code spamtest}; it must take the field away from what comes from
 *     outside. Empty: nothing is tested
 * @param spamScore the score from which on a message is spam beyond doubt
 * @param virusField the header field in which a scanner before this server writes what it found,
 *     such as {@code X-Virus-Status}, for {@code virustest}, on the same terms
 */
public record SieveSettings(
    Redirection redirect,
    int redirects,
    int hops,
    int mailsPerHour,
    String spamField,
    int spamScore,
    String virusField) {
  /** Where mail may be sent on to. */
  public enum Redirection {
    ANYWHERE,
    HERE,
    NOWHERE
  }

  /** How long what was sent counts. */
  static final Duration COUNTED = ScriptAllowance.HOUR;

  public static final SieveSettings DEFAULTS =
      new SieveSettings(Redirection.ANYWHERE, 4, 30, 200, "", 10, "");

  public SieveSettings {
    try {
      new ScannerFields(spamField, spamScore, virusField);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "sieve.spam-field, sieve.spam-score and sieve.virus-field: " + e.getMessage(), e);
    }
    if (redirects < 0 || redirects > 100 || hops < 1 || mailsPerHour < 0) {
      throw new IllegalArgumentException(
          "sieve.redirects must be 0 to 100, sieve.hops 1 at least, sieve.mails-per-hour not"
              + " negative");
    }
  }

  /** Where scanners have written down what they think of a message. */
  ScannerFields scanned() {
    return new ScannerFields(spamField, spamScore, virusField);
  }
}
