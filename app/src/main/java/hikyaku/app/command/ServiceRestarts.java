package hikyaku.app.command;

import hikyaku.app.DataDirectory;
import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Configuration;
import hikyaku.server.ops.ClusterOperations;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Restarts the nodes of a cluster on several machines by a command that the operator names. It
 * speaks to the node of this machine only, which hears of the others by the store; when that one is
 * restarted itself, the last of all, it is waited for.
 */
final class ServiceRestarts {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration STEP = Duration.ofMillis(250);

  private final Configuration configuration;
  private final String command;
  private final boolean force;
  private final Screen screen;

  ServiceRestarts(Configuration configuration, String command, boolean force, Screen screen) {
    this.configuration = configuration;
    this.command = command;
    this.force = force;
    this.screen = screen;
  }

  /**
   * @param only the nodes meant, in order; none named for all that run
   */
  void run(List<String> only) throws Failure {
    for (String name : only.isEmpty() ? running() : only) {
      restart(name);
    }
  }

  /** The names of those that run, that of the node which answers here at the end. */
  private List<String> running() throws Failure {
    List<String> names = new ArrayList<>();
    for (JsonNode node : ask(Call.of("GET", "nodes"))) {
      if (ClusterCommands.isAlive(node)) {
        names.add(Asking.text(node, "name"));
      }
    }
    String own = configuration.node().name();
    if (names.remove(own)) {
      names.add(own);
    }
    return names;
  }

  private void restart(String name) throws Failure {
    JsonNode before = ask(Call.of("GET", "nodes", name));
    if (!ClusterCommands.isAlive(before)) {
      throw new Failure("The node " + name + " does not run; bring it back first.");
    }
    boolean drained = Asking.flag(before, "draining");
    drain(name);
    run(name, before);
    JsonNode after = awaitAnother(name, Asking.text(before, "started"));
    if (!drained) {
      ask(
          Call.of("PUT", "nodes", name, "draining")
              .withBody(new ClusterOperations.Draining(false, false)));
      awaitUp(name);
    }
    screen.line(
        "The node "
            + name
            + " is up again, with version "
            + Asking.text(after, "version")
            + (drained ? ", and still draining as it was." : "."));
    screen.flush();
  }

  private void drain(String name) throws Failure {
    try (Door door = open()) {
      door.call(
          Call.of("PUT", "nodes", name, "draining")
              .withBody(new ClusterOperations.Draining(true, force)));
      new DrainProgress(door, screen, false).await(name);
    }
  }

  private void run(String name, JsonNode node) throws Failure {
    String link = Asking.text(node, "link");
    int colon = link.lastIndexOf(':');
    if (colon < 0 && command.contains("{address}")) {
      throw new Failure(
          "The node "
              + name
              + " takes no links, so its address is not known; use {node}. It is draining.");
    }
    String line =
        command
            .replace("{node}", name)
            .replace("{address}", colon < 0 ? "" : link.substring(0, colon));
    try {
      int status = new ProcessBuilder("sh", "-c", line).inheritIO().start().waitFor();
      if (status != 0) {
        throw new Failure(
            "'" + line + "' ended with " + status + ". The node " + name + " is draining.");
      }
    } catch (IOException e) {
      throw new Failure("No shell can be run: " + e.getMessage() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }

  /** Waits until another run of the node gives signs of life. */
  private JsonNode awaitAnother(String name, String started) throws Failure {
    return await(
        name,
        node -> ClusterCommands.isAlive(node) && !Asking.text(node, "started").equals(started),
        "has not been started anew; it is draining");
  }

  private void awaitUp(String name) throws Failure {
    await(name, node -> Asking.text(node, "state").equals("up"), "does not come up");
  }

  private interface Condition {
    boolean holds(JsonNode node);
  }

  private JsonNode await(String name, Condition condition, String complaint) throws Failure {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      JsonNode node = ask(Call.of("GET", "nodes", name));
      if (condition.holds(node)) {
        return node;
      }
      if (System.nanoTime() > deadline) {
        throw new Failure("The node " + name + " " + complaint + ".");
      }
      DrainProgress.pause(STEP);
    }
  }

  private JsonNode ask(Call call) throws Failure {
    try (Door door = open()) {
      return door.call(call);
    }
  }

  /**
   * The way to the node of this machine once it runs. A directory that nobody has is left alone: to
   * work in it now would keep the node that is about to start out of it.
   */
  private Door open() throws Failure {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isRunning()) {
      if (System.nanoTime() > deadline) {
        throw new Failure("No node runs in " + configuration.data() + ".");
      }
      DrainProgress.pause(STEP);
    }
    return Door.open(configuration);
  }

  private boolean isRunning() throws Failure {
    return DataDirectory.endpoint(configuration.data())
        .flatMap(endpoint -> ProcessHandle.of(endpoint.process()))
        .filter(ProcessHandle::isAlive)
        .isPresent();
  }
}
