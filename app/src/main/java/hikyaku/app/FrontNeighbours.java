package hikyaku.app;

import hikyaku.server.front.Nodes;
import hikyaku.server.link.Answer;
import hikyaku.server.link.LinkException;
import hikyaku.server.link.LinkedFront;
import hikyaku.server.link.Question;
import hikyaku.server.ops.Neighbours;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The others of a cluster, as a front sees them: nodes by its links, fronts by those of nodes. */
record FrontNeighbours(Nodes known) implements Neighbours {
  @Override
  public List<Node> nodes() {
    return known.known().stream()
        .map(node ->
            new Node(
                node.name().isEmpty() ? node.address() : node.name(),
                node.linked() ? "up" : "not linked",
                Optional.of(node.address())))
        .toList();
  }

  @Override
  public List<LinkedFront> fronts() {
    return List.of();
  }

  @Override
  public Answer ask(long run, Question question, Duration patience) throws LinkException {
    throw new LinkException("no front is linked to a front");
  }
}
