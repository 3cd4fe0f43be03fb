package hikyaku.protocol.sieve;

import java.util.List;
import java.util.Optional;

/**
 * What a run came to.
 *
 * @param actions in order, none twice; empty if the message is to be discarded
 * @param headers for each action, in order, the header of the message that it is about, with the
 *     empty line behind it, if it was edited by then (RFC 5293)
 * @param marks messages to remember once that is done
 * @param problem why the run failed, if it did; then the one action is to keep the message
 */
public record Outcome(
    List<Action> actions,
    List<Optional<byte[]>> headers,
    List<Mark> marks,
    Optional<Problem> problem) {

  /**
   * A message that is known from now on (RFC 7352 §3).
   *
   * @param seconds how long
   * @param last whether that counts anew each time it comes
   */
  public record Mark(String handle, String id, long seconds, boolean last) {}

  /**
   * Why a run failed.
   *
   * @param script the stage's name; empty for the user's own
   * @param line of the script
   * @param sentence for the script's author
   */
  public record Problem(String script, int line, String sentence) {}

  public Outcome {
    actions = List.copyOf(actions);
    headers = List.copyOf(headers);
    marks = List.copyOf(marks);
  }

  /** Of a run that failed: the message is kept. */
  public static Outcome failed(Problem problem) {
    return new Outcome(
        List.of(new Action.Keep(List.of(), true)),
        List.of(Optional.empty()),
        List.of(),
        Optional.of(problem));
  }
}
