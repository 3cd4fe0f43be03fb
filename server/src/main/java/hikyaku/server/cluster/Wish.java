package hikyaku.server.cluster;

import java.util.Collection;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What the operator wants of a node. It lasts over restarts of the node.
 *
 * @param draining whether its sessions are to be moved to other nodes and no new ones to come to it
 *     by fronts; who connects to the node itself is still served
 * @param weight its share of new sessions against that of other nodes, 0 to {@value #MOST}; 0 for
 *     none, while the sessions that it has stay
 * @param pools the groups of nodes that it is one of, at least one; fronts prefer them for the
 *     sessions that belong there
 */
public record Wish(boolean draining, int weight, Set<String> pools) {
  public static final int MOST = 1000;

  /** The most pools that one node can be in. */
  public static final int MOST_POOLS = 16;

  /** The pool of nodes of which nothing else was said, and of sessions that belong nowhere. */
  public static final String COMMON = "common";

  private static final Pattern POOL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

  /** What holds until the operator wants something. */
  public static final Wish NONE = new Wish(false, 100, Set.of(COMMON));

  public Wish {
    pools = Set.copyOf(pools);
    if (weight < 0 || weight > MOST) {
      throw new IllegalArgumentException("a weight is 0 to " + MOST + ", not " + weight);
    }
    if (pools.isEmpty() || pools.size() > MOST_POOLS) {
      throw new IllegalArgumentException("a node is in 1 to " + MOST_POOLS + " pools");
    }
    pools.forEach(Wish::checkPool);
  }

  /**
   * @throws IllegalArgumentException saying what a name of a pool is made of, if this is none
   */
  public static void checkPool(String name) {
    if (!POOL.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "\""
              + name
              + "\" is no pool: 1 to 63 lower-case letters, digits, dots, hyphens and underscores,"
              + " a letter or digit first");
    }
  }

  /** The pools in order, with commas between, as they are kept and shown. */
  public String poolNames() {
    return poolNames(pools);
  }

  static String poolNames(Collection<String> pools) {
    SortedSet<String> sorted = new TreeSet<>(pools);
    return String.join(",", sorted);
  }
}
