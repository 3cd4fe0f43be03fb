package hikyaku.server.front;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * How a front chooses nodes, and for how long it holds on to a session that has none.
 *
 * @param balance how a new session's node is chosen
 * @param slowStart a node that has just come gets its full share only after this time, so that one
 *     that restarted is not flooded while it is cold
 * @param patience how long a session may be without a node before its client is told that the
 *     service is not available
 * @param retry the longest pause between attempts to reach a node
 * @param unsettled the most octets of one command that are kept to be given again. Nodes refuse
 *     such commands before; this bounds the disk against a node that does not. The session ends
 * @param pools the pool of nodes that clients of a listener are given to, by the listener's name;
 *     of those that are not named, the common one
 * @param spool a directory for input that is too long for memory
 */
public record FrontSettings(
    Balance balance,
    Duration slowStart,
    Duration patience,
    Duration retry,
    long unsettled,
    Map<String, String> pools,
    Path spool) {
  public FrontSettings {
    pools = Map.copyOf(pools);
  }

  /** Ways to choose. Weights count in each. */
  public enum Balance {
    /** In turn. */
    ROUND_ROBIN,
    /** The one with the fewest sessions. */
    LEAST_SESSIONS,
    /** The better of two at random: nearly as even as the fewest, and steady if news are late. */
    RANDOM_OF_TWO
  }
}
