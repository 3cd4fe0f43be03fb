package hikyaku.server.link;

import java.nio.charset.StandardCharsets;

/** Answers the questions of other processes of the cluster. Safe for use by many threads. */
@FunctionalInterface
public interface Answerer {
  /** Has nothing to say. */
  Answerer NOBODY =
      _ ->
          new Answer(
              404, "{\"error\":\"nothing is answered here\"}".getBytes(StandardCharsets.UTF_8));

  /** A refusal is an answer as well. */
  Answer answer(Question question) throws InterruptedException;
}
