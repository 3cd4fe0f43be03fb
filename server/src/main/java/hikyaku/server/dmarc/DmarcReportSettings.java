package hikyaku.server.dmarc;

/**
 * Reports to other domains of what DMARC made of mail from them (RFC 7489 §7.2).
 *
 * @param enabled whether domains that ask for it are told daily of mail that came in under their
 *     names. They learn what servers it came from, whether it passed, and what became of it
 * @param contact whom they may ask about it, and whom reports are from: an address of a domain with
 *     DKIM keys. Empty for postmaster of this host
 */
public record DmarcReportSettings(boolean enabled, String contact) {
  public static final DmarcReportSettings DEFAULTS = new DmarcReportSettings(false, "");
}
