package hikyaku.server.front;

import hikyaku.server.net.Home;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Which nodes a session is best given to, best first: one that it is pinned to, then those of a
 * pool. A wish, never more: where none of them is up any node serves the session.
 *
 * @param node a node by name; empty for none
 * @param pools best first; the common pool is the last
 */
record Preference(String node, List<String> pools) {
  /** The pool of nodes of which nothing else was said, and of sessions that belong nowhere. */
  static final String COMMON = "common";

  /** Of all sessions of which nothing was said: one for all of them. */
  private static final Preference ANYWHERE = new Preference("", List.of(COMMON));

  Preference {
    pools = List.copyOf(pools);
  }

  /**
   * @param listenerPool the pool for clients of the listener that the session came by; empty for
   *     none. Who has logged in goes before it
   */
  static Preference of(String listenerPool, Home home) {
    if (listenerPool.isEmpty() && home.equals(Home.ANYWHERE)) {
      return ANYWHERE;
    }
    List<String> pools = new ArrayList<>();
    for (String pool : List.of(home.pool(), listenerPool, COMMON)) {
      if (!pool.isEmpty() && !pools.contains(pool)) {
        pools.add(pool);
      }
    }
    return new Preference(home.node(), pools);
  }

  /** How far down the list a node is; the less the better. */
  int rank(String name, Collection<String> poolsOfIt) {
    if (!node.isEmpty() && node.equals(name)) {
      return 0;
    }
    for (int i = 0; i < pools.size(); i++) {
      boolean common = poolsOfIt.isEmpty() && pools.get(i).equals(COMMON);
      if (common || poolsOfIt.contains(pools.get(i))) {
        return i + 1;
      }
    }
    return pools.size() + 1;
  }

  /** Whether the session belongs elsewhere than where a node of this rank is. */
  boolean isAstray(int rank) {
    return rank > (node.isEmpty() ? 1 : 0) && !isAnywhere();
  }

  /** Whether nothing was said but what holds for all. */
  private boolean isAnywhere() {
    return node.isEmpty() && pools.size() == 1;
  }

  /** For the log: what is missing if the session is astray. */
  String wanted() {
    return node.isEmpty() ? "pool " + pools.getFirst() : "node " + node;
  }
}
