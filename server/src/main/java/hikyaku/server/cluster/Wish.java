package hikyaku.server.cluster;

/**
 * What the operator wants of a node. It lasts over restarts of the node.
 *
 * @param draining whether its sessions are to be moved to other nodes and no new ones to come to it
 *     by fronts; who connects to the node itself is still served
 * @param weight its share of new sessions against that of other nodes, 0 to {@value #MOST}; 0 for
 *     none, while the sessions that it has stay
 */
public record Wish(boolean draining, int weight) {
  public static final int MOST = 1000;

  /** What holds until the operator wants something. */
  public static final Wish NONE = new Wish(false, 100);

  public Wish {
    if (weight < 0 || weight > MOST) {
      throw new IllegalArgumentException("a weight is 0 to " + MOST + ", not " + weight);
    }
  }
}
