package hikyaku.protocol.sieve;

import java.util.List;
import java.util.Optional;

/**
 * What a run came to.
 *
 * @param actions in order, none twice; empty if the message is to be discarded
 * @param problem why the run failed, if it did; then the one action is to keep the message
 */
public record Outcome(List<Action> actions, Optional<Problem> problem) {
  /**
   * Why a run failed.
   *
   * @param line of the script
   * @param sentence for the script's author
   */
  public record Problem(int line, String sentence) {}

  public Outcome {
    actions = List.copyOf(actions);
  }
}
