package hikyaku.server.ops;

import hikyaku.server.link.Answer;
import hikyaku.server.link.LinkException;
import hikyaku.server.link.LinkedFront;
import hikyaku.server.link.Question;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The other processes of a cluster, as one of them sees them. */
public interface Neighbours {
  /** There are none. */
  Neighbours NONE =
      new Neighbours() {
        @Override
        public List<Node> nodes() {
          return List.of();
        }

        @Override
        public List<LinkedFront> fronts() {
          return List.of();
        }

        @Override
        public Answer ask(long run, Question question, Duration patience) throws LinkException {
          throw new LinkException("no front is linked here");
        }
      };

  /**
   * A node.
   *
   * @param state {@code up}, {@code draining}, {@code down} or {@code left}
   * @param link where it takes links, as HOST:PORT; empty if it does not
   */
  record Node(String name, String state, Optional<String> link) {
    boolean isAlive() {
      return state.equals("up") || state.equals("draining");
    }
  }

  /** All nodes but this one. */
  List<Node> nodes();

  /** The fronts that are linked to this process. */
  List<LinkedFront> fronts();

  /** Asks one of these fronts. */
  Answer ask(long run, Question question, Duration patience)
      throws LinkException, InterruptedException;
}
