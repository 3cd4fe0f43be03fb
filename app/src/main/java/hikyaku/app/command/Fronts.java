package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fronts of a cluster, as they say it themselves.
 *
 * @param said what each said, with the properties that a node has in the list of nodes
 * @param everyone all answers
 */
record Fronts(List<ObjectNode> said, Everyone everyone) {
  static final Fronts NONE = new Fronts(List.of(), new Everyone(List.of(), List.of()));

  static Fronts of(Door door) throws Failure {
    if (door.isLocal()) {
      return NONE;
    }
    Everyone everyone = Everyone.ask(door, Call.of("GET", "here"));
    List<ObjectNode> fronts = new ArrayList<>();
    for (Everyone.Said each : everyone.said()) {
      if (each.front() && each.status() < 300) {
        ObjectNode front = (ObjectNode) each.value();
        front.put("state", "up");
        front.set("roles", Json.MAPPER.createArrayNode().add("front"));
        front.remove(List.of("kind", "fronts"));
        fronts.add(front);
      }
    }
    return new Fronts(fronts, everyone);
  }

  /** Those that were not heard of: nodes too, by whose links fronts are found, if they take any. */
  void tellSilent(Screen notes) {
    everyone.silent().stream()
        .filter(each -> each.isAlive() && !each.state().equals("unlinked"))
        .forEach(each -> Everyone.tell(notes, each));
  }

  /** The nodes that a front is linked to, with what it thinks of those that are not simply up. */
  static String linked(JsonNode front) {
    List<String> nodes = new ArrayList<>();
    for (JsonNode link : front.get("links")) {
      String state = Asking.text(link, "state");
      nodes.add(Asking.text(link, "name") + (state.equals("up") ? "" : " (" + state + ")"));
    }
    return nodes.isEmpty() ? "no node" : String.join(" ", nodes);
  }
}
