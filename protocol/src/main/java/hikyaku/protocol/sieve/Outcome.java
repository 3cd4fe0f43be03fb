package hikyaku.protocol.sieve;

import java.util.List;
import java.util.Optional;

/**
 * What a run came to.
 *
 * @param actions in order, none twice; empty if the message is to be discarded
 * @param editions for each action, in order, the message that it is about, if it was changed by
 *     then (RFC 5293, RFC 5703); the same one for the same message
 * @param marks messages to remember once that is done
 * @param trail which scripts ran, and which of them wanted what
 * @param problem why the run failed, if it did; then the one action is to keep the message
 */
public record Outcome(
    List<Action> actions,
    List<Optional<Edition>> editions,
    List<Mark> marks,
    Trail trail,
    Optional<Problem> problem) {

  /**
   * Whose doing it is.
   *
   * @param ran the scripts that ran, those included too, each once, in the order in which they
   *     began
   * @param by for each action, in order, the script with its command; nothing for an implicit keep
   * @param discarded the script that last said so, if one did
   */
  public record Trail(
      List<ScriptName> ran, List<Optional<ScriptName>> by, Optional<ScriptName> discarded) {
    public Trail {
      ran = List.copyOf(ran);
      by = List.copyOf(by);
    }
  }

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
   * @param script the one of several that was run; not one that it includes
   * @param line of the script
   * @param sentence for the script's author
   */
  public record Problem(ScriptName script, int line, String sentence) {}

  public Outcome {
    actions = List.copyOf(actions);
    editions = List.copyOf(editions);
    marks = List.copyOf(marks);
  }

  /**
   * Of a run that failed: the message is kept.
   *
   * @param ran the scripts that had run by then
   */
  public static Outcome failed(Problem problem, List<ScriptName> ran) {
    return new Outcome(
        List.of(new Action.Keep(List.of(), true)),
        List.of(Optional.empty()),
        List.of(),
        new Trail(ran, List.of(Optional.empty()), Optional.empty()),
        Optional.of(problem));
  }
}
