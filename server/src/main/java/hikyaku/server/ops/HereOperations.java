package hikyaku.server.ops;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** What a process says of itself and of those that it is linked to. */
public final class HereOperations implements AdminApi.Group {
  private final NodeStatus status;
  private final String kind;
  private final Supplier<List<String>> problems;
  private final Supplier<List<Link>> links;
  private final Neighbours neighbours;

  /**
   * @param kind {@code node} or {@code front}
   * @param problems what keeps it from its work, a sentence each
   * @param links of a front, the nodes it knows
   */
  public HereOperations(
      NodeStatus status,
      String kind,
      Supplier<List<String>> problems,
      Supplier<List<Link>> links,
      Neighbours neighbours) {
    this.status = status;
    this.kind = kind;
    this.problems = problems;
    this.links = links;
    this.neighbours = neighbours;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "here", _ -> AdminResponse.ok(here()));
  }

  private Here here() {
    SortedMap<String, Integer> sessions = new TreeMap<>();
    status.sessions().forEach(session -> sessions.merge(session.protocol(), 1, Integer::sum));
    return new Here(
        status.name(),
        kind,
        status.versions().getFirst().version(),
        status.started().toString(),
        status.load(),
        sessions,
        problems.get(),
        links.get(),
        neighbours.fronts().stream()
            .map(front -> new Front(front.name(), Long.toHexString(front.run()), front.sessions()))
            .toList());
  }

  /**
   * A process.
   *
   * @param load of its machine, 0 to 1
   * @param sessions how many of each protocol
   * @param links of a front, the nodes it knows
   * @param fronts of a node, the fronts that are linked to it
   */
  public record Here(
      String name,
      String kind,
      String version,
      String started,
      double load,
      SortedMap<String, Integer> sessions,
      List<String> problems,
      List<Link> links,
      List<Front> fronts) {}

  /**
   * A node as a front knows it.
   *
   * @param name its address, if it was never reached
   * @param state what the front thinks of it, in a word
   * @param sessions of this front that it has
   */
  public record Link(String name, String state, int sessions) {}

  /**
   * A front as a node has it.
   *
   * @param run a number of its run, in hexadecimal; 0 if it answers no questions
   * @param sessions that it has here
   */
  public record Front(String name, String run, int sessions) {}
}
