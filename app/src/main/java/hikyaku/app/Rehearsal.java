package hikyaku.app;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code hikyaku rehearse}: what a first start, a later one, the first minutes of a node and a
 * command beside it do, in a directory to throw away and on ports that nobody uses, so that the
 * Java virtual machine can keep what it learns of it in its cache.
 */
@Command(name = "rehearse", hidden = true, description = "Train the start-up cache.")
final class Rehearsal implements Callable<Integer> {
  private static final PrintWriter NOBODY = new PrintWriter(Writer.nullWriter());

  @Parameters(paramLabel = "DIR", description = "An empty directory.")
  private Path directory;

  @Override
  public Integer call() throws Failure {
    Path data = directory.resolve("data");
    Main.commandLine("up").parseArgs("up", "--data", data.toString());
    Configuration configuration = Settings.of(Optional.of(data), Optional.empty()).configuration();
    configuration =
        configuration
            .withHostname("localhost")
            .withListen(configuration.listen().map(l -> l.at(0, "127.0.0.1")));
    Logging.use(configuration.log());
    List<Demo.Login> logins = new ArrayList<>();
    start(
        configuration,
        node -> {
          Optional<List<Demo.Login>> demo = Demo.create(node.core());
          new Welcome(NOBODY, node).print(Duration.ZERO, demo);
          logins.addAll(demo.orElseThrow());
          RehearsedSessions.run(node, logins);
        });
    start(
        configuration,
        node -> {
          Optional<List<Demo.Login>> none = Demo.create(node.core());
          new Welcome(NOBODY, node).print(Duration.ZERO, none);
          try (Door door = Door.open(node.core().configuration())) {
            door.call(Call.of("GET", "accounts"));
          }
        });
    Configuration linked = configuration.withListen(configuration.listen().withLink());
    start(linked, node -> move(node, logins.getFirst()));
    return 0;
  }

  private void move(Node node, Demo.Login login) throws Failure {
    Path data = directory.resolve("front");
    Configuration configuration = node.core().configuration();
    List<String> links =
        node.linkAddresses().stream()
            .map(at -> at.getAddress().getHostAddress() + ":" + at.getPort())
            .toList();
    DataDirectory taken = DataDirectory.take(data).orElseThrow();
    try {
      Files.copy(node.core().data().key(), taken.key());
    } catch (IOException e) {
      throw new Failure("The key cannot be copied: " + Reason.of(e) + ".", e);
    }
    try (FrontNode front =
        new FrontNode(
            configuration.withData(data).withFront(configuration.front().withNodes(links)),
            taken)) {
      RehearsedMoves.run(node, front, login);
    }
  }

  private interface Act {
    void on(Node node) throws Failure;
  }

  private static void start(Configuration configuration, Act act) throws Failure {
    DataDirectory data =
        DataDirectory.take(configuration.data())
            .orElseThrow(() -> new Failure(configuration.data() + " is in use."));
    try (Node node = new Node(configuration, data)) {
      act.on(node);
    }
  }
}
