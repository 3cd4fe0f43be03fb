package hikyaku.server.ops;

import com.fasterxml.jackson.annotation.JsonRawValue;
import hikyaku.server.link.Answerer;
import hikyaku.server.link.AskerLink;
import hikyaku.server.link.Question;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;

/**
 * Operations on all processes of a cluster: {@code GET cluster/sessions} asks every node and every
 * front for what {@code GET sessions} gives of one. Nodes are asked over links of their own, fronts
 * over the links that they hold to nodes, each once, all at the same time. Who does not answer is
 * named.
 */
public final class Everywhere implements AdminApi.Group {
  /** How long each part of an answer may take. */
  static final Duration PATIENCE = Duration.ofSeconds(4);

  /** How long a node may take to be linked. */
  public static final Duration TO_LINK = Duration.ofSeconds(2);

  private final Self self;
  private final Neighbours neighbours;
  private final Dial dial;
  private final Duration patience;

  /**
   * This process.
   *
   * @param kind {@code node} or {@code front}
   * @param run the number of a front's run, 0 of a node
   */
  public record Self(String name, String kind, long run, Answerer answerer) {}

  /** Makes a link to a node for questions, within {@link #TO_LINK}. */
  @FunctionalInterface
  public interface Dial {
    AskerLink to(String address) throws IOException;
  }

  public Everywhere(Self self, Neighbours neighbours, Dial dial) {
    this(self, neighbours, dial, PATIENCE);
  }

  /**
   * @param patience in place of {@link #PATIENCE}
   */
  Everywhere(Self self, Neighbours neighbours, Dial dial, Duration patience) {
    this.self = self;
    this.neighbours = neighbours;
    this.dial = dial;
    this.patience = patience;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "cluster/*", this::all);
    table.add("GET", "cluster/*/*", this::all);
    table.add("DELETE", "cluster/*/*", this::all);
    table.add("POST", "cluster/*/*", this::all);
  }

  /**
   * What was answered.
   *
   * @param name of who answered
   * @param kind {@code node} or {@code front}
   * @param clock microseconds by which its clock is ahead of this process'
   * @param within the most that this is wrong by, in microseconds
   * @param value as JSON
   */
  public record Said(
      String name, String kind, int status, long clock, long within, @JsonRawValue String value) {}

  /**
   * Who did not answer.
   *
   * @param state of a node as the others know it, or {@code unlinked} if it takes no links
   */
  public record Silent(String name, String kind, String state, String why) {}

  /** All of it. */
  public record Gathered(List<Said> answers, List<Silent> silent) {}

  private AdminResponse all(AdminRequest request) throws AdminException {
    List<String> path = request.path().subList(1, request.path().size());
    Gathered gathered;
    try {
      gathered = ask(Question.of(request.method(), path, request.query()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException(503, "the node is stopping");
    }
    return AdminResponse.ok(gathered);
  }

  /** Asks all of them. */
  Gathered ask(Question question) throws InterruptedException {
    try (Round round = new Round(self, neighbours, dial, patience, question)) {
      return round.run();
    }
  }

  static String reason(Exception e) {
    return switch (e) {
      case SocketTimeoutException _ -> "no answer within " + TO_LINK.toMillis() + " ms";
      default -> String.valueOf(e.getMessage());
    };
  }
}
