package hikyaku.server.srs;

import hikyaku.server.directory.Address;
import java.time.Duration;

/**
 * The sender of mail that users' scripts send on to other services (SRS). Without it receivers that
 * check SPF refuse much of it.
 *
 * @param enabled whether the sender is rewritten. Reports to senders that were rewritten before
 *     find their way in any case
 * @param domain the domain of rewritten senders, which must lead back here and allow our servers in
 *     SPF. Empty for that of the account
 * @param validity how long reports to a rewritten sender are taken, in whole days
 * @param key the number of the key by which rewritten senders are signed, the same on all nodes.
 *     Raise it by one for a new key: what the one before has signed stays good until its time is up
 */
public record SrsSettings(boolean enabled, String domain, Duration validity, int key) {
  public static final SrsSettings DEFAULTS = new SrsSettings(true, "", Duration.ofDays(21), 1);

  private static final long MOST_DAYS = 365;

  public SrsSettings {
    if (!domain.isEmpty()) {
      String given = domain;
      domain =
          Address.canonicalDomain(given)
              .orElseThrow(() -> new IllegalArgumentException("srs.domain is no domain: " + given));
    }
    if (validity.toDays() < 1
        || validity.toDays() > MOST_DAYS
        || !validity.equals(Duration.ofDays(validity.toDays()))) {
      throw new IllegalArgumentException("srs.validity must be 1 to 365 whole days");
    }
    if (key < 1) {
      throw new IllegalArgumentException("srs.key must be 1 at least");
    }
  }
}
