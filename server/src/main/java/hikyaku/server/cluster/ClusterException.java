package hikyaku.server.cluster;

/** Why something cannot be done in the cluster. The message is a sentence for the operator. */
public abstract sealed class ClusterException extends Exception {
  private ClusterException(String sentence) {
    super(sentence);
  }

  /** There is no node of that name. */
  public static final class NoSuchNode extends ClusterException {
    public NoSuchNode(String name) {
      super("there is no node " + name + "; 'hikyaku nodes' lists them");
    }
  }

  /** The node is there. */
  public static final class StillAlive extends ClusterException {
    StillAlive(String name) {
      super("the node " + name + " is there; stop it first");
    }
  }

  /** Another node has the name and gives signs of life. */
  public static final class NameTaken extends ClusterException {
    NameTaken(String name, String where) {
      super(
          "another node of the name "
              + name
              + " runs"
              + (where.isEmpty() ? "" : " (its status page is at " + where + ")")
              + "; give this one another name with node.name");
    }
  }
}
