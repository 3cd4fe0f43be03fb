package hikyaku.server.dns;

import java.time.Duration;
import java.util.List;

/**
 * Whom DNS is asked of.
 *
 * @param resolvers DNS servers to ask, each an address, with {@code :PORT} if it is not 53. Empty
 *     for those of the machine
 * @param timeout how long a server may take for an answer
 */
public record DnsSettings(List<String> resolvers, Duration timeout) {
  public static final DnsSettings DEFAULTS = new DnsSettings(List.of(), Duration.ofSeconds(5));

  public DnsSettings {
    resolvers = List.copyOf(resolvers);
  }
}
