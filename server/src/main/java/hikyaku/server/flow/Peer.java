package hikyaku.server.flow;

import java.time.Instant;
import java.util.Map;

/**
 * Another node that lives, as it was last heard of.
 *
 * @param sign when it gave that sign of life; only compared to others of the same node
 * @param sessions what it counts, by subject, as {@link FlowControl#published} has it
 */
public record Peer(String node, Instant sign, Map<String, Integer> sessions) {
  public Peer {
    sessions = Map.copyOf(sessions);
  }
}
