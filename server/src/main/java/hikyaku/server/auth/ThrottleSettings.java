package hikyaku.server.auth;

import java.time.Duration;
import java.util.List;

/**
 * How guessing is slowed. Failures are counted by account name, whether it exists or not, and by
 * source (an IPv4 address or an IPv6 /64).
 *
 * @param delays before a login is judged, growing with the failures before it; the last one stays.
 *     1, 2, 4, 8, 15 s: a person waits, a guesser gives up, no client times out
 * @param accountFree failures of an account that cost no delay. 1: a typing error
 * @param accountLimit failures of an account after which logins are refused unseen. 30
 * @param sourceFree failures from a source that cost no delay. 5: people behind one address
 * @param sourceLimit failures from a source after which logins are refused unseen. 100
 * @param concurrentFree logins that an account without failures, or a source without, may have
 *     under way before more of them count like failures. 20: clients open several connections at
 *     once
 * @param forget how long after the last failure the count is forgotten. 15 min: with the limit
 *     above a guesser has some 3000 tries a day on one account, whatever the number of sources
 * @param rememberedPasswords different wrong passwords of an account that are not counted again
 *     when repeated. 10: an old phone keeps trying the old password and guesses nothing
 * @param knownSources sources that an account has logged in from, which other sources' failures do
 *     not lock out. 8
 * @param accounts names counted at once; the longest unused is forgotten first. 50000: about 20 MB
 *     at the most
 * @param sources sources counted at once, likewise. 50000
 * @param parked logins that may sit out a delay at once; beyond it they are refused at once. 2000:
 *     each holds a connection
 * @param trusted sources that are not counted, as they speak for many users (webmail, a front).
 *     Loopback. Their failures still count for the account
 */
public record ThrottleSettings(
    List<Duration> delays,
    int accountFree,
    int accountLimit,
    int sourceFree,
    int sourceLimit,
    int concurrentFree,
    Duration forget,
    int rememberedPasswords,
    int knownSources,
    int accounts,
    int sources,
    int parked,
    List<AddressBlock> trusted) {
  public static final ThrottleSettings DEFAULTS =
      new ThrottleSettings(
          List.of(
              Duration.ofSeconds(1),
              Duration.ofSeconds(2),
              Duration.ofSeconds(4),
              Duration.ofSeconds(8),
              Duration.ofSeconds(15)),
          1,
          30,
          5,
          100,
          20,
          Duration.ofMinutes(15),
          10,
          8,
          50_000,
          50_000,
          2000,
          AddressBlock.LOOPBACK);

  public ThrottleSettings {
    delays = List.copyOf(delays);
    trusted = List.copyOf(trusted);
    if (delays.isEmpty() || accounts < 1 || sources < 1) {
      throw new IllegalArgumentException("a throttle needs delays and room to count");
    }
  }
}
