package hikyaku.server.dmarc;

import java.time.Duration;

/**
 * Reports of what DMARC made of mail (RFC 7489 §7.2): ours to other domains, and theirs of ours.
 *
 * @param enabled whether domains that ask for it are told daily of mail that came in under their
 *     names. They learn what servers it came from, whether it passed, and what became of it
 * @param contact whom they may ask about it, and whom reports are from: an address of a domain with
 *     DKIM keys. Empty for postmaster of this host
 * @param address where others are to send their reports of our domains, an address that gets mail
 *     here: what comes for it is read as well, and {@code dns} prints it. Empty: nothing is read
 * @param keep how long what they report is kept
 */
public record DmarcReportSettings(boolean enabled, String contact, String address, Duration keep) {
  public static final DmarcReportSettings DEFAULTS =
      new DmarcReportSettings(false, "", "", Duration.ofDays(90));

  public DmarcReportSettings {
    if (!address.isEmpty() && !address.matches("[^@\\s!,;]+@[^@\\s!,;]+")) {
      throw new IllegalArgumentException(
          "dmarc-reports.address must be an address, without the signs ! , ;");
    }
  }
}
