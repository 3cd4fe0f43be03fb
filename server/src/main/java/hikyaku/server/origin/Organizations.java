package hikyaku.server.origin;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;

/** What belongs together among domains, as DMARC has it. */
public final class Organizations {
  private Organizations() {}

  /**
   * The domain of the organization that a domain is of: found by walking up the names.
   *
   * @param domain in A-labels and small letters
   * @throws DnsException if nobody can say now
   */
  public static String of(String domain, Dns dns) throws DnsException {
    return TreeWalk.from(domain, dns).organization();
  }
}
