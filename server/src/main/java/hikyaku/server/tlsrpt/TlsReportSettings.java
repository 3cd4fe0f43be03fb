package hikyaku.server.tlsrpt;

import java.time.Duration;

/**
 * Reports to other domains about TLS with their servers (TLSRPT, RFC 8460).
 *
 * @param enabled whether domains that ask for it are told daily how TLS with their servers went.
 *     They learn the addresses of this service's nodes and how much mail they get from it
 * @param contact whom they may ask about it, an address. Empty for postmaster of this host
 * @param timeout how long a web server may take to accept a report
 */
public record TlsReportSettings(boolean enabled, String contact, Duration timeout) {
  public static final TlsReportSettings DEFAULTS =
      new TlsReportSettings(false, "", Duration.ofSeconds(30));
}
