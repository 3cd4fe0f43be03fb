package hikyaku.server.front;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one run of a probe found out about a node.
 *
 * @param took how long each step took that the node itself did
 * @param failure what went wrong, if something did
 * @param untried steps that were left out, or done by another node, each with the reason
 */
public record Findings(
    Map<String, Duration> took, Optional<Failure> failure, List<String> untried) {
  public Findings {
    took = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(took));
    untried = List.copyOf(untried);
  }

  /** All went well. */
  public static Findings good(Map<String, Duration> took) {
    return new Findings(took, Optional.empty(), List.of());
  }

  /**
   * A step that failed.
   *
   * @param why in a few words, for an operator
   */
  public record Failure(String step, String why) {}
}
