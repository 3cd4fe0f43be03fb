package hikyaku.server.cluster;

import java.time.Duration;

/**
 * How nodes of a cluster know of each other.
 *
 * @param heartbeat how often a node gives a sign of life, which costs the store one small write,
 *     and looks for those of the others. Only where the engine is one that nodes share
 * @param lease after how long a silence the others take a node for dead, and its name may be taken
 *     by a node on another data directory. At least twice {@code heartbeat}
 */
public record ClusterSettings(Duration heartbeat, Duration lease) {
  private static final Duration LEAST = Duration.ofMillis(100);
  private static final Duration MOST = Duration.ofHours(1);

  public static final ClusterSettings DEFAULTS =
      new ClusterSettings(Duration.ofSeconds(2), Duration.ofSeconds(6));

  public ClusterSettings {
    if (heartbeat.compareTo(LEAST) < 0) {
      throw new IllegalArgumentException("cluster.heartbeat is 100ms at least");
    }
    if (lease.compareTo(heartbeat.multipliedBy(2)) < 0 || lease.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(
          "cluster.lease is twice cluster.heartbeat at least, and an hour at most");
    }
  }
}
