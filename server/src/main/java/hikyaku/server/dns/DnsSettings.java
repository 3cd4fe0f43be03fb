package hikyaku.server.dns;

import java.time.Duration;
import java.util.List;

/**
 * Whom DNS is asked of.
 *
 * @param resolvers DNS servers to ask, each an address, with {@code :PORT} if it is not 53. Empty
 *     for those of the machine
 * @param timeout how long a server may take for an answer
 * @param trustAd whether these DNS servers are believed that they have checked an answer by DNSSEC
 *     (the AD bit, RFC 4035 §3.2.3): {@code loopback} if all of them are on this machine, {@code
 *     always} or {@code never}. They and the way to them must be out of others' reach, and they
 *     must validate. It is what DANE is built on
 */
public record DnsSettings(List<String> resolvers, Duration timeout, TrustAd trustAd) {
  public static final DnsSettings DEFAULTS =
      new DnsSettings(List.of(), Duration.ofSeconds(5), TrustAd.LOOPBACK);

  /** When DNS servers are believed about DNSSEC. */
  public enum TrustAd {
    LOOPBACK,
    ALWAYS,
    NEVER
  }

  public DnsSettings {
    resolvers = List.copyOf(resolvers);
  }
}
