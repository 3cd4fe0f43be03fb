package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.flow.Subject;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Json;
import hikyaku.server.ops.SessionOperations;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Commands on the node as a whole. */
public final class NodeCommands {
  private NodeCommands() {}

  /** {@code hikyaku stats}. */
  @Command(name = "stats", description = "Show figures of the store and, if it runs, of the node.")
  public static final class Stats extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode stats = door.call(Call.of("GET", "stats"));
      if (json()) {
        screen.json(stats);
        return;
      }
      List<String> names = new ArrayList<>();
      List<String> values = new ArrayList<>();
      JsonNode node = stats.get("node");
      names.add("Node");
      if (node == null || node.isNull()) {
        values.add("does not run");
      } else {
        values.add(
            text(node, "hostname")
                + ", up for "
                + Figures.time(
                    Duration.between(Instant.parse(text(node, "started")), Instant.now())));
        names.add("Sessions");
        values.add(sessions(node.get("sessions")));
        JsonNode work = node.get("work");
        names.add("Messages taken in");
        values.add(Figures.count(number(work, "messages")));
        names.add("Put into mailboxes");
        values.add(Figures.count(number(work, "copies")));
        names.add("Refusals");
        values.add(Figures.count(number(work, "refusals")));
        names.add("Bugs met");
        values.add(Figures.count(number(work, "bugs")));
      }
      JsonNode store = stats.get("store");
      for (Map.Entry<String, String> figure :
          List.of(
              Map.entry("appends", "Writes"),
              Map.entry("rounds", "Disk syncs"),
              Map.entry("entries", "Events written"),
              Map.entry("blobsWritten", "Message contents written"),
              Map.entry("blobsShared", "Message contents shared"),
              Map.entry("failures", "Store failures"))) {
        names.add(figure.getValue());
        values.add(Figures.count(number(store, figure.getKey())));
      }
      if (number(store, "diskOctets") >= 0) {
        names.add("On disk");
        values.add(Figures.octets(number(store, "diskOctets")));
      }
      screen.values(names, values);
    }

    private static String sessions(JsonNode byProtocol) {
      List<String> parts = new ArrayList<>();
      byProtocol
          .properties()
          .forEach(e -> parts.add(e.getKey() + " " + Figures.count(e.getValue().longValue())));
      return parts.isEmpty() ? "none" : String.join(", ", parts);
    }
  }

  /** {@code hikyaku verify}. */
  @Command(
      name = "verify",
      description = {
        "Read everything in the data directory and check every invariant.",
        "Ends with 3 if one is broken."
      })
  public static final class Verify extends Asking {
    private boolean broken;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer = door.call(Call.of("POST", "verify"));
      JsonNode problems = answer.get("problems");
      broken = !problems.isEmpty();
      if (json()) {
        screen.json(answer);
        return;
      }
      problems.forEach(problem -> screen.line(problem.asString()));
      JsonNode store = answer.get("store");
      screen.line(
          "Looked at %s logs, %s entries, %s snapshots, %s message contents of %s."
              .formatted(
                  Figures.count(number(store, "logs")),
                  Figures.count(number(store, "entries")),
                  Figures.count(number(store, "snapshots")),
                  Figures.count(number(store, "blobs")),
                  Figures.octets(number(store, "blobOctets"))));
      screen.line(
          "Looked at %s accounts with mail, %s mailboxes, %s messages."
              .formatted(
                  Figures.count(number(answer.get("mail"), "accounts")),
                  Figures.count(number(answer.get("mail"), "mailboxes")),
                  Figures.count(number(answer.get("mail"), "messages"))));
      screen.line(
          broken
              ? problems.size() + (problems.size() == 1 ? " problem." : " problems.")
              : "All is well.");
    }

    @Override
    int exitCode() {
      return broken ? 3 : 0;
    }
  }

  /** {@code hikyaku sessions}. */
  @Command(
      name = "sessions",
      description = {
        "List live connections, of all nodes and fronts.",
        "One that a front carries is one, with the node that serves it."
      })
  public static final class Sessions extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      List<ObjectNode> sessions = Everyone.sessions(door, Subject.TOTAL, notes());
      if (json()) {
        screen.json(Json.MAPPER.valueToTree(sessions));
        return;
      }
      Instant now = Instant.now();
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode session : sessions) {
        rows.add(
            List.of(
                text(session, "id"),
                text(session, "protocol"),
                text(session, "client"),
                text(session, "account"),
                text(session, "node"),
                text(session, "front"),
                text(session, "state"),
                Figures.time(Duration.between(Instant.parse(text(session, "since")), now)),
                flag(session, "tls") ? "tls" : "",
                Figures.octets(number(session, "octetsReceived")),
                Figures.octets(number(session, "octetsSent"))));
      }
      screen.table(
          List.of(
              "SESSION",
              "PROTOCOL",
              "CLIENT",
              "ACCOUNT",
              "NODE",
              "FRONT",
              "STATE",
              "FOR",
              "TLS",
              "IN",
              "OUT"),
          rows,
          "There are no sessions now.");
    }
  }

  /** {@code hikyaku end}. */
  @Command(name = "end", description = "End a session, whichever node or front has it.")
  public static final class End extends Asking {
    @Parameters(paramLabel = "SESSION", description = "Its id, as 'hikyaku sessions' shows it.")
    private String session;

    @Override
    void run(Door door, Screen screen) throws Failure {
      Everyone everyone = Everyone.ask(door, Call.of("DELETE", "sessions", session));
      everyone.tellSilent(notes());
      if (everyone.said().stream().allMatch(each -> each.status() == 404)) {
        throw new Failure("There is no session " + session + ".");
      }
      if (!json()) {
        screen.line("Session " + session + " ended.");
      }
    }
  }

  /** {@code hikyaku dialogue}. */
  @Command(
      name = "dialogue",
      description = {
        "Write what is said in sessions to the log, secrets left out, or stop that.",
        "A session takes notice at its next command."
      })
  public static final class Dialogue extends Asking {
    @Parameters(index = "0", paramLabel = "on|off", description = "Whether to trace.")
    private String wanted;

    @Parameters(
        index = "1",
        paramLabel = "WHOM",
        description = "A session's id, a client's IP address, or an account's address.")
    private String whom;

    @Override
    void run(Door door, Screen screen) throws Failure {
      if (!wanted.equals("on") && !wanted.equals("off")) {
        throw new Failure("Say 'dialogue on' or 'dialogue off', not 'dialogue " + wanted + "'.");
      }
      boolean on = wanted.equals("on");
      door.call(Call.of("PUT", "trace", whom).withBody(new SessionOperations.Switch(on)));
      if (!json()) {
        screen.line(
            on
                ? whom + " is traced; the lines go to the node's log."
                : whom + " is no longer traced.");
      }
    }
  }

  /** {@code hikyaku log}. */
  @Command(name = "log", description = "Change what the running node writes to its log.")
  public static final class Log extends Asking {
    @Parameters(paramLabel = "LEVEL", description = "error, warn, info, debug or trace.")
    private String level;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("PUT", "log", "level").withBody(new SessionOperations.Text(level)));
      if (!json()) {
        screen.line("The node logs at level " + level + " until it stops.");
      }
    }
  }
}
