package hikyaku.server.net;

/**
 * Where a session is best served once it is known who it is. A wish: any node serves any session.
 *
 * @param node a node by name; empty for none
 * @param pool a group of nodes; empty for none
 */
public record Home(String node, String pool) {
  /** Anywhere. */
  public static final Home ANYWHERE = new Home("", "");

  /** The node that has it: no other can carry it on. No node has a name like this. */
  public static final Home WHERE_IT_IS = new Home("*", "");
}
