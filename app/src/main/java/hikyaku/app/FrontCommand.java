package hikyaku.app;

import hikyaku.app.command.Where;
import hikyaku.app.config.Configuration;
import hikyaku.server.ops.NodeStatus.ListenerView;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hikyaku front}. */
@Command(
    name = "front",
    description = {
      "Start a front and serve until SIGTERM or Ctrl-C.",
      "Clients connect to a front; it carries their sessions to nodes, and to another node when one"
          + " dies or drains, without the clients noticing. It holds no mail.",
      "Its data directory needs the file secret.key of the nodes; each node needs listen.link."
    })
final class FrontCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private Where where;

  @Option(
      names = "--standard-ports",
      description = "Listen on the standard ports (25, 143, 993, …) and not on those plus 2000.")
  private boolean standardPorts;

  @Option(
      names = "--node",
      paramLabel = "HOST:PORT",
      description = "Where a node takes links; may be repeated. Goes before front.nodes.")
  private List<String> nodes = List.of();

  @Override
  public Integer call() throws Failure {
    Settings settings = where.settings();
    Configuration configuration = settings.configuration();
    if (standardPorts) {
      configuration = configuration.withListen(configuration.listen().withStandardPorts());
    }
    if (!nodes.isEmpty()) {
      configuration = configuration.withFront(configuration.front().withNodes(nodes));
    }
    Logging.use(configuration.log());
    Optional<DataDirectory> data = DataDirectory.take(configuration.data());
    if (data.isEmpty()) {
      throw new Failure(
          "The data directory "
              + configuration.data()
              + " is in use by another process. Stop that one, or name another directory with --data.");
    }
    Stop stop = Stop.onSignals();
    try (FrontNode front = new FrontNode(configuration, data.get())) {
      Instant began =
          ProcessHandle.current().info().startInstant().orElse(front.status().started());
      PrintWriter out = spec.commandLine().getOut();
      out.println();
      for (ListenerView listener : front.status().listeners()) {
        out.printf("  %-12s %s%n", listener.name(), listener.address());
      }
      out.printf(
          "  %-12s http://%s:%d/%n",
          "status page",
          front.adminAddress().getAddress().getHostAddress(),
          front.adminAddress().getPort());
      out.printf("  %-12s %s%n", "data", front.data().path());
      out.printf("  %-12s %s%n%n", "nodes", String.join(", ", configuration.front().nodes()));
      out.printf(
          Locale.ROOT,
          "The front is ready after %.1f s. Ctrl-C stops it.%n",
          Duration.between(began, Instant.now()).toMillis() / 1000.0);
      out.flush();
      stop.await();
      out.println("Stopping; a second signal ends it at once.");
      out.flush();
    }
    return 0;
  }
}
