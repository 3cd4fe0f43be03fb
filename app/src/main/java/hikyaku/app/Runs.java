package hikyaku.app;

import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Membership;
import hikyaku.server.pop3.LiveNodes;
import java.util.function.Supplier;

/**
 * The runs of nodes, each named by the node and the moment at which it began. Which of two is the
 * later one is never told by these moments, as clocks may be set back.
 *
 * @param membership of this run; asked for when the node serves
 */
record Runs(Supplier<Membership> membership) implements LiveNodes {
  @Override
  public String self() {
    Member own = membership.get().self();
    return own.name() + "@" + began(own);
  }

  @Override
  public boolean isAlive(String run) {
    int at = run.lastIndexOf('@');
    long began;
    try {
      began = Long.parseLong(run.substring(at + 1));
    } catch (NumberFormatException e) {
      return false;
    }
    String name = run.substring(0, Math.max(at, 0));
    Membership nodes = membership.get();
    // A run joins before it writes its name anywhere: one of which nothing has been heard yet is
    // in the store by now, or a later one is there in its place.
    return nodes
        .member(name)
        .filter(heard -> began(heard) == began)
        .or(() -> nodes.find(name).filter(found -> began(found) == began))
        .map(Member::isAlive)
        .orElse(false);
  }

  private static long began(Member member) {
    return member.identity().started().toEpochMilli();
  }
}
