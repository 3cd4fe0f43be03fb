package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.ClusterOperations;
import hikyaku.server.ops.Figures;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** {@code hikyaku node} and {@code hikyaku nodes}. */
@Command(
    name = "node",
    description = "A node of the cluster.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ClusterCommands.Show.class,
      ClusterCommands.Drain.class,
      ClusterCommands.Undrain.class,
      ClusterCommands.Weigh.class,
      ClusterCommands.Pool.class,
      ClusterCommands.Forget.class
    })
public final class ClusterCommands {
  /** {@code hikyaku nodes}. */
  @Command(
      name = "nodes",
      description = {
        "List the nodes of the cluster and the fronts that are linked to them, and how they fare.",
        "What is known of another node than the one that answers is a heartbeat old; fronts are"
            + " asked.",
        "On the data directory of a front: how its nodes fare as clients see them."
      })
  public static final class Nodes extends Asking {
    private static final Duration EVERY = Duration.ofSeconds(1);

    @Option(names = "--watch", description = "Print it anew every second until Ctrl-C.")
    private boolean watch;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode nodes = door.call(Call.of("GET", "nodes"));
      boolean byFront = FrontNodes.isAnswer(nodes);
      Fronts fronts = byFront ? Fronts.NONE : Fronts.of(door);
      if (watch) {
        screen.clear();
      }
      if (json()) {
        fronts.said().forEach(front -> ((ArrayNode) nodes).add(front));
        fronts.tellSilent(notes());
        screen.json(nodes);
        return;
      }
      if (byFront) {
        FrontNodes.print(nodes, screen);
        return;
      }
      Instant now = Instant.now();
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode node : nodes) {
        boolean alive = isAlive(node);
        rows.add(
            List.of(
                text(node, "name"),
                text(node, "state"),
                words(node.get("roles"), ","),
                text(node, "version"),
                alive ? since(text(node, "started"), now) : "",
                alive ? percent(node) : "",
                Long.toString(number(node, "weight")),
                words(node.get("pools"), ","),
                alive ? sessions(node) : "",
                alive ? health(node) : "last seen " + since(text(node, "seen"), now) + " ago"));
      }
      fronts.said().forEach(front -> rows.add(row(front, now)));
      screen.table(
          List.of(
              "NODE",
              "STATE",
              "ROLES",
              "VERSION",
              "UP",
              "LOAD",
              "WEIGHT",
              "POOLS",
              "SESSIONS",
              "HEALTH"),
          rows,
          "No node has ever run here.");
      screen.flush();
      fronts.tellSilent(notes());
    }

    private static List<String> row(JsonNode front, Instant now) {
      return List.of(
          text(front, "name"),
          text(front, "state"),
          "front",
          text(front, "version"),
          since(text(front, "started"), now),
          percent(front),
          "–",
          "",
          sessions(front),
          health(front) + ", linked to " + Fronts.linked(front));
    }

    @Override
    boolean again() throws Failure {
      if (watch) {
        DrainProgress.pause(EVERY);
      }
      return watch;
    }
  }

  /** {@code node show}. */
  @Command(name = "show", description = "Show all that is known of a node.")
  static final class Show extends Asking {
    @Parameters(paramLabel = "NAME", description = "The node, as 'hikyaku nodes' lists it.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode node = door.call(Call.of("GET", "nodes", name));
      if (json()) {
        screen.json(node);
        return;
      }
      Instant now = Instant.now();
      screen.values(
          List.of(
              "Node",
              "State",
              "Roles",
              "Version",
              "Started",
              "Last seen",
              "Load",
              "Wanted",
              "Pools",
              "Sessions",
              "Of them by a front",
              "Connections at most",
              "Fronts reach it at",
              "Status page",
              "Health"),
          List.of(
              text(node, "name"),
              text(node, "state"),
              words(node.get("roles"), ", "),
              text(node, "version"),
              text(node, "started"),
              text(node, "seen") + ", " + since(text(node, "seen"), now) + " ago",
              percent(node),
              (flag(node, "draining") ? "draining" : "active")
                  + ", weight "
                  + number(node, "weight"),
              words(node.get("pools"), ", "),
              sessions(node),
              Figures.count(number(node, "attached")),
              Figures.count(number(node, "connections"))
                  + ", of one protocol "
                  + Figures.count(number(node, "connectionsPerProtocol")),
              DomainCommand.orNone(text(node, "link")),
              text(node, "admin"),
              isAlive(node) ? health(node) : "unknown"));
    }
  }

  /** {@code node drain}. */
  @Command(
      name = "drain",
      description = {
        "Move the sessions of a node to the others, and give it no new ones by fronts.",
        "Refused if no other node has one of its roles, or if the others have no room left for its"
            + " sessions. It stays so over restarts of the node, until 'hikyaku node undrain'.",
        "Sessions of clients that connected to the node itself cannot be moved; they are served"
            + " until the node stops."
      })
  static final class Drain extends Asking {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private String name;

    @Option(names = "--force", description = "Even if the rest could not carry its load.")
    private boolean force;

    @Option(names = "--no-wait", description = "Do not wait until its sessions are gone.")
    private boolean noWait;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode node =
          door.call(
              Call.of("PUT", "nodes", name, "draining")
                  .withBody(new ClusterOperations.Draining(true, force)));
      if (!json()) {
        screen.line("The node " + name + " is to drain.");
      }
      if (!noWait && isAlive(node)) {
        node = new DrainProgress(door, screen, json()).await(name);
      }
      if (json()) {
        screen.json(node);
      }
    }
  }

  /** {@code node undrain}. */
  @Command(name = "undrain", description = "Let a node have sessions again.")
  static final class Undrain extends Asking {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(
          Call.of("PUT", "nodes", name, "draining")
              .withBody(new ClusterOperations.Draining(false, false)));
      if (!json()) {
        screen.line("The node " + name + " takes sessions again.");
      }
    }
  }

  /** {@code node weight}. */
  @Command(
      name = "weight",
      description = {
        "Set a node's share of new sessions against that of the others.",
        "100 at first; 0 gives it no new ones by fronts, while those it has stay."
      })
  static final class Weigh extends Asking {
    @Parameters(index = "0", paramLabel = "NAME", description = "The node.")
    private String name;

    @Parameters(index = "1", paramLabel = "WEIGHT", description = "0 to 1000.")
    private int weight;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(
          Call.of("PUT", "nodes", name, "weight").withBody(new ClusterOperations.Weight(weight)));
      if (!json()) {
        screen.line("The node " + name + " has weight " + weight + ".");
      }
    }
  }

  /** {@code node pools}. */
  @Command(
      name = "pools",
      description = {
        "Set the pools that a node is one of: groups of nodes for the accounts, domains and"
            + " listeners that belong to one of them.",
        "'common' at first, which is for all who belong nowhere. Sessions that are there stay;"
            + " 'hikyaku connections SUBJECT --move' has their nodes chosen anew."
      })
  static final class Pool extends Asking {
    @Parameters(index = "0", paramLabel = "NAME", description = "The node.")
    private String name;

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "POOL",
        description = "All the pools that it is to be one of.")
    private List<String> pools;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(
          Call.of("PUT", "nodes", name, "pools").withBody(new ClusterOperations.Pools(pools)));
      if (!json()) {
        screen.line("The node " + name + " is of " + String.join(", ", pools) + ".");
      }
    }
  }

  /** {@code node forget}. */
  @Command(
      name = "forget",
      description = "Strike out a node that is down or has left and does not come back.")
  static final class Forget extends Asking {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("DELETE", "nodes", name));
      if (!json()) {
        screen.line("The node " + name + " is forgotten.");
      }
    }
  }

  static boolean isAlive(JsonNode node) {
    return List.of("up", "draining").contains(Asking.text(node, "state"));
  }

  private static String sessions(JsonNode node) {
    String byProtocol =
        node.get("sessions").properties().stream()
            .map(each -> each.getKey() + " " + Figures.count(each.getValue().longValue()))
            .collect(Collectors.joining(", "));
    return byProtocol.isEmpty() ? "none" : byProtocol;
  }

  private static String health(JsonNode node) {
    return node.get("problems").isEmpty() ? "good" : words(node.get("problems"), "; ");
  }

  private static String words(JsonNode list, String between) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(JsonNode::asString)
        .collect(Collectors.joining(between));
  }

  private static String since(String instant, Instant now) {
    return Figures.time(Duration.between(Instant.parse(instant), now));
  }

  private static String percent(JsonNode node) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * node.get("load").doubleValue());
  }
}
