package hikyaku.app.command;

import hikyaku.server.ops.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** The nodes as a front knows them, for the screen. */
final class FrontNodes {
  private FrontNodes() {}

  /** Whether this list comes from a front, not from a node. */
  static boolean isAnswer(JsonNode nodes) {
    return !nodes.isEmpty() && nodes.get(0).has("standing");
  }

  static void print(JsonNode nodes, Screen screen) {
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode node : nodes) {
      String trouble = Asking.text(node, "trouble");
      String standing = Asking.text(node, "standing");
      rows.add(
          List.of(
              Asking.text(node, "name"),
              Asking.text(node, "state"),
              Long.toString(Asking.number(node, "weight")),
              String.format(Locale.ROOT, "%.2f", node.get("factor").doubleValue()),
              Figures.count(Asking.number(node, "carried")),
              trouble.isEmpty() ? standing : standing + ": " + trouble,
              latencies(node.get("milliseconds"))));
    }
    screen.table(
        List.of("NODE", "STATE", "WEIGHT", "FACTOR", "SESSIONS", "HEALTH", "MILLISECONDS"),
        rows,
        "No node is reached.");
  }

  private static String latencies(JsonNode milliseconds) {
    return milliseconds.properties().stream()
        .map(each ->
            String.format(Locale.ROOT, "%s %.1f", each.getKey(), each.getValue().doubleValue()))
        .collect(Collectors.joining(", "));
  }
}
