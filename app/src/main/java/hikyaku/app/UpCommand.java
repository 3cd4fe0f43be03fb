package hikyaku.app;

import hikyaku.app.command.Where;
import hikyaku.app.config.Configuration;
import hikyaku.app.local.Keeper;
import hikyaku.app.local.Layout;
import hikyaku.app.local.Requests;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hikyaku up}. */
@Command(
    name = "up",
    description = {
      "Start a node and serve until SIGTERM or Ctrl-C.",
      "A new data directory gets a self-signed certificate and, unless a configuration file is given,"
          + " the domain demo.test with two accounts, whose passwords are shown once.",
      "A stop takes no new connections, tells idle sessions goodbye and gives busy ones time to"
          + " finish; a second signal ends it at once.",
      "With --nodes a whole cluster starts: a private PostgreSQL, which is installed if need be,"
          + " so many nodes and a front, each a process of its own. It says what to kill and what to watch. A"
          + " node that dies stays dead until it is brought back with --node. A configuration file"
          + " says what all of them have alike; names, ports and the store are the cluster's own."
    })
final class UpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private Where where;

  @Option(
      names = "--standard-ports",
      description = "Listen on the standard ports (25, 143, 993, …) and not on those plus 2000.")
  private boolean standardPorts;

  @Option(
      names = "--nodes",
      paramLabel = "NUMBER",
      description = "Start a cluster of so many nodes on this machine.")
  private @Nullable Integer nodes;

  @Option(
      names = "--ports",
      paramLabel = "OFFSET",
      description =
          "Of a cluster on this machine: what is added to standard ports, 2000 if it was never"
              + " given. The first node has 1000 more, and so on.")
  private @Nullable Integer ports;

  @Option(names = "--restart", description = "Of a cluster on this machine: start again what dies.")
  private boolean restart;

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description =
          "Bring back a node, 'front' or 'postgres' of the cluster that runs on this machine.")
  private @Nullable String node;

  @Option(names = "--no-demo", description = "Make no demo domain.")
  private boolean noDemo;

  @Override
  public Integer call() throws Failure {
    Settings settings = where.settings();
    Configuration configuration = settings.configuration();
    boolean local = Layout.isIn(configuration.data());
    if (node != null) {
      bringBack(node, configuration.data());
      return 0;
    }
    if (nodes != null || local) {
      runCluster(settings, local);
      return 0;
    }
    if (ports != null || restart) {
      throw wrong("--ports and --restart go with --nodes");
    }
    Pollers.choose();
    runNode(settings);
    return 0;
  }

  private CommandLine.ParameterException wrong(String sentence) {
    return new CommandLine.ParameterException(spec.commandLine(), sentence);
  }

  private void bringBack(String name, Path directory) throws Failure {
    if (!Layout.isIn(directory)) {
      throw new Failure(
          "There is no cluster in " + directory + "; 'hikyaku up --nodes 3' makes one.");
    }
    ProcessHandle process = Requests.start(Layout.of(directory), name);
    spec.commandLine().getOut().println(name + " is up again as process " + process.pid() + ".");
  }

  private void runCluster(Settings settings, boolean local) throws Failure {
    Path directory = settings.configuration().data();
    if (standardPorts) {
      throw wrong("a cluster on this machine does not take --standard-ports");
    }
    if (!local && DataDirectory.exists(directory)) {
      throw new Failure(
          directory
              + " is the data directory of a single node; name another one for a cluster with --data.");
    }
    Keeper.run(
        directory,
        new Keeper.Options(
            Optional.ofNullable(nodes),
            Optional.ofNullable(ports),
            restart,
            !noDemo,
            settings.file()),
        spec.commandLine().getOut());
  }

  private void runNode(Settings settings) throws Failure {
    Configuration configuration = settings.configuration();
    if (standardPorts) {
      configuration = configuration.withListen(configuration.listen().withStandardPorts());
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
    try (Node running = new Node(configuration, data.get())) {
      Optional<List<Demo.Login>> demo =
          noDemo || settings.file().isPresent() ? Optional.empty() : Demo.create(running.core());
      PrintWriter out = spec.commandLine().getOut();
      new Welcome(out, running).print(Duration.between(began(), Instant.now()), demo);
      out.flush();
      stop.await();
      out.println("Stopping; a second signal ends it at once.");
      out.flush();
    }
  }

  /** When the start began: {@code ./hikyaku} says it, and the system knows it to a second or so. */
  private static Instant began() {
    Long micros = Long.getLong("hikyaku.began");
    return micros != null
        ? Instant.EPOCH.plus(micros, ChronoUnit.MICROS)
        : ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
  }
}
