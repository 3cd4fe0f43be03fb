package hikyaku.app;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.DomainSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
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

  @Parameters(index = "0", paramLabel = "DIR", description = "An empty directory.")
  private Path directory;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "PROGRAM",
      description =
          "What to run beside a node: it is given the node's data directory, and has to succeed.")
  private List<String> beside = List.of();

  @Override
  public Integer call() throws Failure {
    Main.commandLine("up").parseArgs("up", "--data", data().toString());
    Configuration configuration = configuration(Optional.empty());
    Logging.use(configuration.log());
    List<Demo.Login> logins = new ArrayList<>();
    start(
        configuration,
        node -> {
          Optional<List<Demo.Login>> demo = Demo.create(node.core());
          new Welcome(NOBODY, node).print(Duration.ZERO, demo);
          logins.addAll(demo.orElseThrow());
          RehearsedSessions.run(node, logins);
          RehearsedLogins.run(node, logins.getFirst());
        });
    start(
        configuration,
        node -> {
          Optional<List<Demo.Login>> none = Demo.create(node.core());
          new Welcome(NOBODY, node).print(Duration.ZERO, none);
          // First: a door of this process lets go of the directory's lock, which others then take.
          runBeside();
          try (Door door = Door.open(node.core().configuration())) {
            door.call(Call.of("GET", "accounts"));
          }
        });
    mail(configuration, logins.getFirst());
    Configuration linked = configuration.withListen(configuration.listen().withLink());
    start(linked, node -> move(node, logins.getFirst()));
    return 0;
  }

  private Path data() {
    return directory.resolve("data");
  }

  private void runBeside() throws Failure {
    if (beside.isEmpty()) {
      return;
    }
    List<String> line = new ArrayList<>(beside);
    line.add(data().toString());
    try {
      int status = new ProcessBuilder(line).inheritIO().start().waitFor();
      if (status != 0) {
        throw new Failure(beside.getFirst() + " ended with " + status + ".");
      }
    } catch (IOException e) {
      throw new Failure(beside.getFirst() + " cannot be run: " + Reason.of(e) + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }

  private Configuration configuration(Optional<Path> file) throws Failure {
    Configuration configuration = Settings.of(Optional.of(data()), file).configuration();
    return configuration
        .withHostname("localhost")
        .withListen(configuration.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  /** Mail comes in and goes out, to another server in this process. */
  private void mail(Configuration configuration, Demo.Login login) throws Failure {
    Configuration elsewhere =
        configuration
            .withData(directory.resolve("elsewhere"))
            .withHostname(RehearsedMail.ELSEWHERE);
    start(
        elsewhere,
        other -> {
          try {
            other
                .core()
                .directoryAdmin()
                .createDomain(RehearsedMail.ELSEWHERE, DomainSettings.DEFAULTS);
            other
                .core()
                .directoryAdmin()
                .createAccount(
                    Address.parse(RehearsedMail.RECIPIENT).orElseThrow(),
                    login.password().getBytes(StandardCharsets.US_ASCII));
          } catch (DirectoryException e) {
            throw new Failure("The other server of a rehearsal has no account.", e);
          }
          int port = RehearsedSessions.port(other.status().listeners(), "smtp").orElseThrow();
          Path relay = directory.resolve("relay.toml");
          try {
            Files.writeString(relay, "queue.relay = \"smtp+plain://127.0.0.1:" + port + "\"\n");
          } catch (IOException e) {
            throw new Failure("A rehearsal cannot be configured: " + Reason.of(e) + ".", e);
          }
          start(configuration(Optional.of(relay)), node -> RehearsedMail.run(node, login, other));
        });
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
