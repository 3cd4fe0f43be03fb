package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Configuration;
import hikyaku.app.local.Doors;
import hikyaku.app.local.Layout;
import hikyaku.app.local.Requests;
import hikyaku.server.ops.ClusterOperations;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku rolling-restart}. */
@Command(
    name = "rolling-restart",
    description = {
      "Restart every node of a cluster, one after the other.",
      "Each is drained, stopped, started and given sessions again before the next one.",
      "On several machines --by says how the service of one node is restarted."
    })
public final class RollingRestart implements Callable<Integer> {
  /** Longer than the grace that a node gives its sessions. */
  private static final Duration STOP = Duration.ofSeconds(60);

  private static final Duration SEEN = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofMillis(100);

  @Spec private CommandSpec spec;
  @Mixin private Where where;

  @Option(names = "--force", description = "Even where the rest could not carry a node's load.")
  private boolean force;

  @Option(
      names = "--by",
      paramLabel = "COMMAND",
      description = {
        "What the shell runs to restart the service of one node, for instance"
            + " 'ssh {address} systemctl restart hikyaku'. {node} in it becomes the node's name,"
            + " {address} the host at which fronts reach it. It has to return."
      })
  private @Nullable String by;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Restart these nodes, in this order. With --by only.")
  private List<String> only = List.of();

  @Override
  public Integer call() throws Failure {
    Configuration configuration = where.settings().configuration();
    boolean local = Layout.isIn(configuration.data());
    if (local && (by != null || !only.isEmpty())) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "A cluster on one machine is restarted whole, without --by or --only");
    }
    // A connection that is kept would be to a process that is no longer there.
    System.setProperty("http.keepAlive", "false");
    Screen screen = new Screen(spec.commandLine().getOut());
    if (local) {
      Layout layout = Layout.of(configuration.data());
      for (String name : layout.names()) {
        restart(layout, name, screen);
      }
    } else if (by == null) {
      throw new Failure(
          "There is no cluster on this machine in "
              + configuration.data()
              + ". For one on several machines say with --by how a node's service is restarted.");
    } else {
      new ServiceRestarts(configuration, by, force, screen).run(only);
    }
    screen.line("All nodes have been restarted.");
    return 0;
  }

  private void restart(Layout layout, String name, Screen screen) throws Failure {
    ProcessHandle process =
        Doors.process(layout, name)
            .orElseThrow(
                () -> new Failure("The node " + name + " does not run; bring it back first."));
    try (Door door = Doors.to(layout)) {
      door.call(
          Call.of("PUT", "nodes", name, "draining")
              .withBody(new ClusterOperations.Draining(true, force)));
      new DrainProgress(door, screen, false).await(name);
    }
    process.destroy();
    try {
      process.onExit().get(STOP.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new Failure(
          "The node " + name + " (process " + process.pid() + ") does not stop; it is draining.",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
    ProcessHandle next = Requests.start(layout, name);
    try (Door door = Doors.to(layout)) {
      door.call(
          Call.of("PUT", "nodes", name, "draining")
              .withBody(new ClusterOperations.Draining(false, false)));
    }
    awaitUpForAll(layout, name);
    screen.line("The node " + name + " is up again as process " + next.pid() + ".");
    screen.flush();
  }

  /** Waits until each of the others has seen that the node is up. */
  private static void awaitUpForAll(Layout layout, String name) throws Failure {
    long deadline = System.nanoTime() + SEEN.toNanos();
    for (String observer : layout.names()) {
      while (!isUp(layout, observer, name)) {
        if (System.nanoTime() > deadline) {
          throw new Failure("The node " + observer + " does not see that " + name + " is up.");
        }
        DrainProgress.pause(STEP);
      }
    }
  }

  private static boolean isUp(Layout layout, String observer, String name) throws Failure {
    if (Doors.process(layout, observer).isEmpty()) {
      return true;
    }
    try (Door door = Doors.to(layout, observer)) {
      JsonNode node = door.call(Call.of("GET", "nodes", name));
      return Asking.text(node, "state").equals("up");
    }
  }
}
