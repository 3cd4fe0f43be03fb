package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.flow.Subject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What all processes of a cluster answered, by way of one of them.
 *
 * @param silent who did not, with the reason
 */
record Everyone(List<Said> said, List<Silent> silent) {
  /**
   * One answer.
   *
   * @param clock microseconds by which this process' clock is ahead of that of who was asked first
   * @param within the most that this is wrong by
   */
  record Said(String name, boolean front, int status, long clock, long within, JsonNode value) {}

  /** One that did not answer. */
  record Silent(String name, boolean front, String state, String why) {
    /** Whether it should have: who is known to be down or gone is not expected to. */
    boolean isAlive() {
      return !state.equals("down") && !state.equals("left");
    }
  }

  /** Asks all of them; what each is asked is the path of the call. */
  static Everyone ask(Door door, Call call) throws Failure {
    List<String> path = new ArrayList<>(call.path());
    path.addFirst("cluster");
    JsonNode answer = door.call(new Call(call.method(), path, call.query(), call.body()));
    List<Said> said = new ArrayList<>();
    for (JsonNode each : answer.get("answers")) {
      said.add(
          new Said(
              Asking.text(each, "name"),
              Asking.text(each, "kind").equals("front"),
              (int) Asking.number(each, "status"),
              Asking.number(each, "clock"),
              Asking.number(each, "within"),
              each.get("value")));
    }
    List<Silent> silent = new ArrayList<>();
    for (JsonNode each : answer.get("silent")) {
      silent.add(
          new Silent(
              Asking.text(each, "name"),
              Asking.text(each, "kind").equals("front"),
              Asking.text(each, "state"),
              Asking.text(each, "why")));
    }
    return refusals(said, silent);
  }

  /** A refusal that is not about the thing asked for is silence with a reason. */
  private static Everyone refusals(List<Said> all, List<Silent> silent) throws Failure {
    List<Said> said = new ArrayList<>();
    for (Said each : all) {
      if (each.status < 300 || each.status == 404) {
        said.add(each);
      } else {
        silent.add(new Silent(each.name, each.front, "up", Asking.text(each.value, "error")));
      }
    }
    if (said.isEmpty() && !silent.isEmpty()) {
      throw new Failure(
          silent.stream()
              .map(each -> sentence(each.why))
              .distinct()
              .collect(Collectors.joining(" ")));
    }
    return new Everyone(said, silent);
  }

  private static String sentence(String why) {
    return why.isEmpty()
        ? "Nobody answered."
        : Character.toUpperCase(why.charAt(0)) + why.substring(1) + ".";
  }

  /** Tells of those who should have answered and did not. */
  void tellSilent(Screen notes) {
    silent.stream().filter(Silent::isAlive).forEach(each -> tell(notes, each));
  }

  /** Tells of all that did not answer. */
  void tellMissing(Screen notes) {
    silent.forEach(each -> tell(notes, each));
  }

  static void tell(Screen notes, Silent each) {
    notes.line(
        "hikyaku: "
            + (each.front ? "the front " : "the node ")
            + each.name
            + " did not answer: "
            + each.why);
  }

  /**
   * Live sessions of a subject. One that a front carries is one, with the front's name as {@code
   * front}; its node is empty while the front knows of it alone.
   */
  static List<ObjectNode> sessions(Door door, Subject subject, Screen notes) throws Failure {
    boolean byNode = subject.kind() == Subject.Kind.NODE;
    // A node's sessions are on its front as well, which is not of its name.
    Subject asked = byNode ? Subject.TOTAL : subject;
    Everyone everyone = ask(door, Call.of("GET", "sessions").with("of", asked.toString()));
    everyone.tellSilent(notes);
    return everyone.merged().stream()
        .filter(session ->
            !byNode
                || subject.name().equals(Asking.text(session, "node"))
                || subject.name().equals(Asking.text(session, "front")))
        .toList();
  }

  private List<ObjectNode> merged() {
    Map<String, ObjectNode> byId = new LinkedHashMap<>();
    for (Said node : said) {
      if (!node.front && node.status < 300) {
        for (JsonNode session : node.value) {
          byId.put(Asking.text(session, "id"), ((ObjectNode) session).put("front", ""));
        }
      }
    }
    for (Said front : said) {
      if (front.front && front.status < 300) {
        for (JsonNode session : front.value) {
          byId.merge(
              Asking.text(session, "id"),
              ((ObjectNode) session).put("front", front.name).put("node", ""),
              (onNode, _) -> onNode.put("front", front.name));
        }
      }
    }
    return List.copyOf(byId.values());
  }
}
