package hikyaku.server.flow;

import java.time.Duration;

/**
 * How fast a node lets clients in, whatever limits say: bounds for the moment at which everybody
 * comes at once. Limits themselves are set while it runs, by {@code hikyaku limit}.
 *
 * @param arrivals new sessions a second; those beyond wait for their greeting. Sessions that come
 *     from another node do not count
 * @param arrivalsBurst how many may come at once after a rest
 * @param logins logins a second; those beyond wait, and domains take turns, so that the users of
 *     one do not keep out those of another
 * @param loginsBurst how many may come at once after a rest
 * @param hold the longest that a new session or a login waits; beyond, it is told that the service
 *     is busy. Less than clients wait for a greeting
 * @param delay the longest that a limit on commands or octets has a session wait at one time. Less
 *     than clients wait for an answer
 */
public record FlowSettings(
    int arrivals, int arrivalsBurst, int logins, int loginsBurst, Duration hold, Duration delay) {
  public static final FlowSettings DEFAULTS =
      new FlowSettings(2000, 5000, 1000, 2000, Duration.ofSeconds(10), Duration.ofSeconds(20));

  public FlowSettings {
    if (arrivals < 1 || arrivalsBurst < 1 || logins < 1 || loginsBurst < 1) {
      throw new IllegalArgumentException("rates and bursts of flow are 1 at least");
    }
    if (hold.isNegative() || delay.isNegative() || delay.compareTo(Duration.ofMinutes(5)) > 0) {
      throw new IllegalArgumentException("flow.delay is five minutes at most");
    }
  }
}
