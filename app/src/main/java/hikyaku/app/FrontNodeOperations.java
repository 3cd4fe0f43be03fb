package hikyaku.app;

import hikyaku.server.front.Health;
import hikyaku.server.front.Nodes;
import hikyaku.server.link.NodeLink;
import hikyaku.server.link.proto.Report;
import hikyaku.server.ops.AdminApi;
import hikyaku.server.ops.AdminResponse;
import hikyaku.server.ops.StatusTable;
import hikyaku.server.ops.StatusTable.Cell;
import hikyaku.server.ops.StatusTable.Mood;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The nodes as a front sees them. */
final class FrontNodeOperations implements AdminApi.Group {
  private final Nodes nodes;
  private final Health health;

  FrontNodeOperations(Nodes nodes, Health health) {
    this.nodes = nodes;
    this.health = health;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "nodes", _ -> AdminResponse.ok(views(nodes, health)));
  }

  /**
   * A node that a front is linked to.
   *
   * @param state what it says of itself: {@code up} or {@code draining}
   * @param carried sessions that this front has on it
   * @param standing {@code good}, {@code slow}, {@code failing} or {@code unknown}
   * @param factor by which its weight counts for new sessions, 0 to 1
   * @param trouble what is slow or fails
   * @param untried what is not tried on it, with the reason
   * @param milliseconds that each step of a probe takes, smoothed
   */
  record View(
      String name,
      String state,
      String version,
      int weight,
      int carried,
      String standing,
      double factor,
      @Nullable String trouble,
      List<String> untried,
      SortedMap<String, Double> milliseconds) {}

  static List<View> views(Nodes nodes, Health health) {
    List<Health.Verdict> verdicts = health.verdicts();
    return nodes.links().stream()
        .map(link ->
            view(
                link,
                verdicts.stream()
                    .filter(verdict -> verdict.node().equals(link.node()))
                    .findAny()
                    .orElse(null)))
        .toList();
  }

  private static View view(NodeLink link, Health.@Nullable Verdict verdict) {
    Report report = link.report().orElse(Report.getDefaultInstance());
    SortedMap<String, Double> milliseconds = new TreeMap<>();
    if (verdict != null) {
      verdict.latency().forEach((step, took) -> milliseconds.put(step, millis(took)));
    }
    return new View(
        link.node(),
        report.getState().name().toLowerCase(Locale.ROOT),
        report.getVersion(),
        report.getWeight(),
        link.sessions(),
        verdict == null ? "unknown" : verdict.standing().name().toLowerCase(Locale.ROOT),
        verdict == null ? 1 : Math.round(verdict.factor() * 100) / 100.0,
        verdict == null ? null : verdict.trouble().orElse(null),
        verdict == null ? List.of() : verdict.untried(),
        milliseconds);
  }

  private static double millis(Duration took) {
    return Math.round(took.toNanos() / 100_000.0) / 10.0;
  }

  /** How they fare, for the status page. */
  static StatusTable table(Nodes nodes, Health health) {
    return new StatusTable(
        "How nodes fare",
        List.of("name", "health", "factor", "milliseconds"),
        views(nodes, health).stream().map(FrontNodeOperations::row).toList(),
        "No node is reached.");
  }

  private static List<Cell> row(View view) {
    Mood mood =
        switch (view.standing()) {
          case "good" -> Mood.GOOD;
          case "failing" -> Mood.BAD;
          default -> Mood.PLAIN;
        };
    return List.of(
        Cell.of(view.name()),
        new Cell(
            view.trouble() == null ? view.standing() : view.standing() + ": " + view.trouble(),
            mood),
        Cell.of(String.format(Locale.ROOT, "%.2f", view.factor())),
        Cell.of(
            view.milliseconds().entrySet().stream()
                .map(each -> String.format(Locale.ROOT, "%s %.1f", each.getKey(), each.getValue()))
                .collect(Collectors.joining(", "))));
  }
}
