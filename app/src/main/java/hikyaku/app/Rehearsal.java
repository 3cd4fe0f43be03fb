package hikyaku.app;

import hikyaku.app.config.Configuration;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code hikyaku rehearse}: what a start and the first minutes of a node do, in a directory to
 * throw away and on ports that nobody uses, so that the Java virtual machine can keep what it
 * learns of it in its cache.
 */
@Command(name = "rehearse", hidden = true, description = "Train the start-up cache.")
final class Rehearsal implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "An empty directory.")
  private Path directory;

  @Override
  public Integer call() throws Failure {
    Configuration configuration =
        Configuration.DEFAULTS
            .withHostname("localhost")
            .withData(directory.resolve("data"))
            .withListen(Configuration.DEFAULTS.listen().map(l -> l.at(0, "127.0.0.1")));
    Logging.use(configuration.log());
    DataDirectory data =
        DataDirectory.take(configuration.data())
            .orElseThrow(() -> new Failure(configuration.data() + " is in use."));
    try (Node node = new Node(configuration, data)) {
      Optional<List<Demo.Login>> demo = Demo.create(node.core());
      if (demo.isPresent()) {
        RehearsedSessions.run(node, demo.get());
      }
    }
    return 0;
  }
}
