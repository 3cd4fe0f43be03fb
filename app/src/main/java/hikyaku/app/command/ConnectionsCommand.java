package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Values;
import hikyaku.server.flow.Subject;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Json;
import hikyaku.server.ops.LimitOperations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hikyaku connections}. */
@Command(
    name = "connections",
    description = {
      "List the live sessions of all nodes and fronts, the heaviest first; end them or cap them.",
      "A session that a front carries is one, and counts for its front and for its node.",
      "Octets a second are those between two looks, a second apart."
    })
public final class ConnectionsCommand extends Asking {
  @Parameters(
      arity = "0..1",
      paramLabel = "SUBJECT",
      description =
          "Only those of account:u1@demo.test, domain:demo.test, address:192.0.2.7,"
              + " prefix:192.0.2.0/24, protocol:imap, listener:imaps, node:n1 (or a front's name)"
              + " or total.")
  private @Nullable String whose;

  @Option(
      names = "--by",
      paramLabel = "KIND",
      description =
          "Sum them up by account, domain, address, prefix, protocol, listener, node or front.")
  private @Nullable By by;

  @Option(
      names = "--sort",
      paramLabel = "ORDER",
      description = "By sessions or by octets (a second). Else by sessions with --by.")
  private @Nullable Order order;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many to show. ${DEFAULT-VALUE} at first.")
  private int top;

  @Option(
      names = "--move",
      description =
          "Have the nodes of SUBJECT's sessions chosen anew, unnoticed by their clients: those that came"
              + " by a front.")
  private boolean move;

  @Option(names = "--end", description = "End the sessions of SUBJECT.")
  private boolean end;

  @Option(
      names = "--cap",
      paramLabel = "N",
      description = "Let SUBJECT have so many sessions from now on, on all nodes together.")
  private @Nullable String cap;

  private static final long LOOK_MILLIS = 1000;

  /** What sessions are summed up by. */
  enum By {
    account,
    domain,
    address,
    prefix,
    protocol,
    listener,
    node,
    front
  }

  /** What comes first. */
  enum Order {
    sessions,
    octets
  }

  @Override
  void check() {
    if ((end || move || cap != null) && whose == null) {
      throw wrong("Say whose sessions: hikyaku connections SUBJECT --end");
    }
    if (top < 1) {
      throw wrong("--top is 1 at least");
    }
    try {
      if (whose != null) {
        Subject unused = Subject.parse(whose);
      }
      if (cap != null) {
        long unused = Values.amount(cap);
      }
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  @Override
  void run(Door door, Screen screen) throws Failure {
    Subject subject = whose == null ? Subject.TOTAL : Subject.parse(whose);
    if (cap != null) {
      cap(door, screen, subject, Values.amount(cap));
    }
    if (end) {
      int ended = end(door, subject);
      if (json()) {
        screen.json(Json.MAPPER.valueToTree(Map.of("ended", ended)));
      } else {
        screen.line(Figures.count(ended) + " sessions of " + subject + " ended.");
      }
    }
    if (move) {
      long moved = RoutingOptions.move(this, door, subject);
      if (json()) {
        screen.json(Json.MAPPER.valueToTree(Map.of("moved", moved)));
      } else {
        screen.line(Figures.count(moved) + " sessions of " + subject + " move.");
      }
    }
    if (!end && !move && cap == null) {
      list(door, screen, subject);
    }
  }

  private int end(Door door, Subject subject) throws Failure {
    if (subject.isDefault()) {
      throw new Failure("Nobody has sessions as " + subject + ".");
    }
    Everyone everyone = Everyone.ask(door, Call.of("DELETE", "connections", subject.toString()));
    everyone.tellSilent(notes());
    Set<String> ended = new HashSet<>();
    everyone
        .said()
        .forEach(each -> each.value().get("sessions").forEach(id -> ended.add(id.asString())));
    return ended.size();
  }

  private void cap(Door door, Screen screen, Subject subject, long sessions) throws Failure {
    JsonNode limit =
        door.call(
            Call.of("PUT", "limits", subject.toString(), "sessions")
                .withBody(new LimitOperations.Wanted(sessions, null)));
    if (json()) {
      screen.json(limit);
    } else {
      screen.line(
          "From now on "
              + subject
              + " may have "
              + Figures.count(sessions)
              + " sessions; 'hikyaku limit remove "
              + subject
              + " sessions' undoes it.");
    }
  }

  private void list(Door door, Screen screen, Subject subject) throws Failure {
    List<ObjectNode> before = Everyone.sessions(door, subject, notes());
    long began = System.nanoTime();
    DrainProgress.pause(Duration.ofMillis(LOOK_MILLIS));
    List<ObjectNode> after = Everyone.sessions(door, subject, notes());
    double seconds = (System.nanoTime() - began) / 1e9;
    Map<String, Long> octetsBefore = new HashMap<>();
    before.forEach(session -> octetsBefore.put(text(session, "id"), octets(session)));
    List<Row> rows = new ArrayList<>();
    for (JsonNode session : after) {
      long sum = octets(session);
      long was = octetsBefore.getOrDefault(text(session, "id"), 0L);
      rows.add(new Row(session, (sum - was) / seconds));
    }
    if (by == null) {
      show(screen, rows);
    } else {
      sum(screen, rows, by);
    }
  }

  /** A session, and how many octets a second it takes. */
  private record Row(JsonNode session, double perSecond) {}

  /** Sessions of one account, domain or the like. */
  private record Sum(String name, long sessions, double perSecond, long octets) {
    Sum plus(Sum other) {
      return new Sum(
          name, sessions + other.sessions, perSecond + other.perSecond, octets + other.octets);
    }
  }

  private static long octets(JsonNode session) {
    return number(session, "octetsReceived") + number(session, "octetsSent");
  }

  private void show(Screen screen, List<Row> rows) {
    rows.sort(Comparator.comparingDouble(Row::perSecond).reversed());
    List<Row> shown = rows.subList(0, Math.min(top, rows.size()));
    if (json()) {
      screen.json(Json.MAPPER.valueToTree(shown.stream().map(Row::session).toList()));
      return;
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
            "OCTETS/S",
            "OCTETS"),
        shown.stream()
            .map(row ->
                List.of(
                    text(row.session, "id"),
                    text(row.session, "protocol"),
                    text(row.session, "client"),
                    text(row.session, "account"),
                    text(row.session, "node"),
                    text(row.session, "front"),
                    text(row.session, "state"),
                    Figures.octets(Math.round(row.perSecond)),
                    Figures.octets(octets(row.session))))
            .toList(),
        "There are no sessions now.");
    rest(screen, rows.size());
  }

  private void sum(Screen screen, List<Row> rows, By kind) {
    Map<String, Sum> sums = new HashMap<>();
    for (Row row : rows) {
      Sum one = new Sum(name(row.session, kind), 1, row.perSecond, octets(row.session));
      sums.merge(one.name, one, Sum::plus);
    }
    Comparator<Sum> heaviest =
        order == Order.octets
            ? Comparator.comparingDouble(Sum::perSecond)
            : Comparator.comparingLong(Sum::sessions);
    List<Sum> sorted =
        sums.values().stream()
            .sorted(heaviest.reversed().thenComparing(Sum::name))
            .limit(top)
            .toList();
    if (json()) {
      screen.json(Json.MAPPER.valueToTree(sorted));
      return;
    }
    screen.table(
        List.of(kind.name().toUpperCase(Locale.ROOT), "SESSIONS", "OCTETS/S", "OCTETS"),
        sorted.stream()
            .map(sum ->
                List.of(
                    sum.name,
                    Figures.count(sum.sessions),
                    Figures.octets(Math.round(sum.perSecond)),
                    Figures.octets(sum.octets)))
            .toList(),
        "There are no sessions now.");
    rest(screen, sums.size());
  }

  private void rest(Screen screen, int all) {
    if (all > top) {
      screen.line("and " + Figures.count(all - top) + " more; --top shows more of them.");
    }
  }

  private static String orElse(String name, String otherwise) {
    return name.isEmpty() ? otherwise : name;
  }

  private static String name(JsonNode session, By kind) {
    String account = text(session, "account");
    return switch (kind) {
      case account -> account.isEmpty() ? "(none yet)" : account;
      case domain ->
          account.isEmpty() ? "(none yet)" : account.substring(account.lastIndexOf('@') + 1);
      case front -> orElse(text(session, "front"), "(direct)");
      case node -> orElse(text(session, "node"), "(not known)");
      case address, prefix, protocol, listener -> text(session, kind.name());
    };
  }
}
