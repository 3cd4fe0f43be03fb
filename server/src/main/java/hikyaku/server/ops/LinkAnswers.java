package hikyaku.server.ops;

import hikyaku.server.link.Answer;
import hikyaku.server.link.Answerer;
import hikyaku.server.link.LinkException;
import hikyaku.server.link.Question;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

/**
 * What this process answers to others of its cluster: what its admin interface would, of the few
 * operations that look at sessions and logs, or end sessions. Nothing else can be asked, whoever
 * asks: a front has the key of links too, and no business with accounts and mail.
 */
public final class LinkAnswers implements Answerer {
  private static final Set<String> ALLOWED =
      Set.of(
          "GET here",
          "GET destinations",
          "GET nodes",
          "GET sessions",
          "DELETE sessions",
          "DELETE connections",
          "POST moves",
          "GET story",
          "GET mail");

  private final AdminApi api;
  private final Neighbours neighbours;
  private final Duration patience;

  public LinkAnswers(AdminApi api, Neighbours neighbours) {
    this(api, neighbours, Everywhere.PATIENCE);
  }

  /**
   * @param patience with fronts that are asked for others
   */
  LinkAnswers(AdminApi api, Neighbours neighbours, Duration patience) {
    this.api = api;
    this.neighbours = neighbours;
    this.patience = patience;
  }

  @Override
  public Answer answer(Question question) throws InterruptedException {
    String first = question.path().isEmpty() ? "" : question.path().getFirst();
    if (!ALLOWED.contains(question.method() + " " + first)) {
      return refusal(403, "this is nothing that one process may ask another");
    }
    if (question.front().isPresent()) {
      try {
        return neighbours.ask(question.front().getAsLong(), question.straight(), patience);
      } catch (LinkException e) {
        return refusal(Round.NO_WAY, String.valueOf(e.getMessage()));
      }
    }
    AdminRequest request =
        new AdminRequest(
            question.method(), question.path(), question.query(), InputStream.nullInputStream());
    return switch (api.handle(request)) {
      case AdminResponse.Value(int status, Object value) ->
          new Answer(status, Json.MAPPER.writeValueAsBytes(value));
      case AdminResponse.Octets _ -> refusal(403, "octets are not given to other processes");
    };
  }

  private static Answer refusal(int status, String sentence) {
    return new Answer(
        status,
        Json.MAPPER
            .writeValueAsString(new AdminApi.Refusal(sentence))
            .getBytes(StandardCharsets.UTF_8));
  }
}
