package hikyaku.app;

import hikyaku.app.command.Where;
import hikyaku.app.config.Configuration;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
          + " finish; a second signal ends it at once."
    })
final class UpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private Where where;

  @Option(
      names = "--standard-ports",
      description = "Listen on the standard ports (25, 143, 993, …) and not on those plus 2000.")
  private boolean standardPorts;

  @Option(names = "--no-demo", description = "Make no demo domain.")
  private boolean noDemo;

  @Override
  public Integer call() throws Failure {
    Settings settings = where.settings();
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
    try (Node node = new Node(configuration, data.get())) {
      Optional<List<Demo.Login>> demo =
          noDemo || settings.file().isPresent() ? Optional.empty() : Demo.create(node.core());
      PrintWriter out = spec.commandLine().getOut();
      new Welcome(out, node).print(Duration.between(began(), Instant.now()), demo);
      out.flush();
      stop.await();
      out.println("Stopping; a second signal ends it at once.");
      out.flush();
    }
    return 0;
  }

  /** When the start began: {@code ./hikyaku} says it, and the system knows it to a second or so. */
  private static Instant began() {
    Long micros = Long.getLong("hikyaku.began");
    return micros != null
        ? Instant.EPOCH.plus(micros, ChronoUnit.MICROS)
        : ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
  }
}
