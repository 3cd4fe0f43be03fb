package hikyaku.server.cluster;

import java.util.List;
import java.util.Map;

/**
 * How a node fares at a moment.
 *
 * @param load how busy the processors of its machine are, 0 to 1
 * @param sessions live sessions by protocol
 * @param attached how many of them came by a front, and so can be moved
 * @param problems what keeps it from its work, a sentence each
 * @param usage sessions of those who may be near a limit, by subject
 */
public record Vitals(
    double load,
    Map<String, Integer> sessions,
    int attached,
    List<String> problems,
    Map<String, Integer> usage) {
  /** Of a node of which nothing is known. */
  static final Vitals NONE = new Vitals(0, Map.of(), 0, List.of());

  public Vitals {
    sessions = Map.copyOf(sessions);
    problems = List.copyOf(problems);
    usage = Map.copyOf(usage);
  }

  /** Of a node where nobody is near a limit. */
  public Vitals(double load, Map<String, Integer> sessions, int attached, List<String> problems) {
    this(load, sessions, attached, problems, Map.of());
  }

  /** All sessions together. */
  public int total() {
    return sessions.values().stream().mapToInt(Integer::intValue).sum();
  }
}
