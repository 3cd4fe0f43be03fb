package hikyaku.server.cluster;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The nodes of a cluster and what can be wanted of them. Every method may throw {@link
 * hikyaku.mailbox.store.StoreException}. Safe for use by many threads.
 */
public interface Cluster {
  /** All nodes that are known, by name. */
  List<Member> members();

  default Optional<Member> member(String name) {
    return members().stream().filter(member -> member.name().equals(name)).findFirst();
  }

  /** Wants the node's sessions to go elsewhere, or no longer so. Durable when it returns. */
  void drain(String name, boolean wanted) throws ClusterException.NoSuchNode;

  /**
   * Sets the node's share of new sessions, 0 to {@value Wish#MOST}. Durable when it returns.
   *
   * @throws IllegalArgumentException if it is out of these bounds
   */
  void weigh(String name, int weight) throws ClusterException.NoSuchNode;

  /**
   * Sets the pools that the node is one of. Durable when it returns.
   *
   * @throws IllegalArgumentException if there is none or too many, or one is no name of a pool
   */
  void pool(String name, Set<String> pools) throws ClusterException.NoSuchNode;

  /**
   * Strikes out a node that does not come back, and what was wished of it.
   *
   * @throws ClusterException.StillAlive if it is there
   */
  void forget(String name) throws ClusterException;
}
