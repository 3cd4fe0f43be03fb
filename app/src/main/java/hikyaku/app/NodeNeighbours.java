package hikyaku.app;

import hikyaku.server.cluster.Cluster;
import hikyaku.server.link.Answer;
import hikyaku.server.link.LinkException;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.LinkedFront;
import hikyaku.server.link.Question;
import hikyaku.server.ops.Neighbours;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The others of a cluster, as a node sees them: nodes by the store, fronts by their links.
 *
 * @param self this node's name; empty when no node runs
 */
record NodeNeighbours(String self, Cluster cluster, List<LinkServer> links) implements Neighbours {
  @Override
  public List<Node> nodes() {
    return cluster.members().stream()
        .filter(member -> !member.name().equals(self))
        .map(member ->
            new Node(
                member.name(),
                member.state().name().toLowerCase(Locale.ROOT),
                member.identity().link()))
        .toList();
  }

  @Override
  public List<LinkedFront> fronts() {
    return links.stream().flatMap(link -> link.fronts().stream()).toList();
  }

  @Override
  public Answer ask(long run, Question question, Duration patience)
      throws LinkException, InterruptedException {
    LinkException last = new LinkException("the front is no longer linked here");
    for (LinkServer link : links) {
      if (link.fronts().stream().anyMatch(front -> front.run() == run)) {
        try {
          return link.ask(run, question, patience);
        } catch (LinkException e) {
          last = e;
        }
      }
    }
    throw last;
  }
}
