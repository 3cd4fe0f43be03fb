package hikyaku.app.config;

import hikyaku.server.front.FrontSettings;
import hikyaku.server.front.FrontSettings.Balance;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code hikyaku front} needs to know.
 *
 * @param name how nodes call this front in their logs. Empty for the host's name
 * @param nodes where nodes take links, as {@code HOST:PORT}. One is enough to begin with: nodes
 *     name each other
 * @param balance how the node of a new session is chosen: {@code random-of-two} takes the less busy
 *     of two at random, {@code least-sessions} the least busy of all, {@code round-robin} takes
 *     them in turn. Nodes' weights count in each
 * @param slowStart for so long a node that has just come gets less than its share, a little at
 *     first, so that it is not flooded while it is cold
 * @param patience how long a session may be without a node before its client is told to come back
 *     later
 * @param retry the longest pause between attempts to reach a node
 * @param unsettled the most octets of one command, a message being sent for instance, that the
 *     front keeps so that another node can be given them; beyond it the session ends. Let it be
 *     larger than the largest message that nodes take
 */
public record Front(
    Optional<String> name,
    List<String> nodes,
    Balance balance,
    Duration slowStart,
    Duration patience,
    Duration retry,
    long unsettled) {
  public static final Front DEFAULTS =
      new Front(
          Optional.empty(),
          List.of("127.0.0.1:2090"),
          Balance.RANDOM_OF_TWO,
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(2),
          1024L * 1024 * 1024);

  public Front withNodes(List<String> addresses) {
    return new Front(name, addresses, balance, slowStart, patience, retry, unsettled);
  }

  /**
   * @param pools the pools of listeners, by their names
   */
  public FrontSettings settings(Map<String, String> pools, Path spool) {
    return new FrontSettings(balance, slowStart, patience, retry, unsettled, pools, spool);
  }
}
