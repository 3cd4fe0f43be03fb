package hikyaku.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code hikyaku rehearse-commands}: what commands do that ask a node, so that the Java virtual
 * machine can keep what it learns of it in a cache of its own. In the nodes' cache are three times
 * as many classes, all of which a start has to link.
 */
@Command(
    name = "rehearse-commands",
    hidden = true,
    description = "Train the start-up cache of commands.")
final class RehearsedCommands implements Callable<Integer> {
  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("account", "list"),
          List.of("domain", "list"),
          List.of("domain", "add", "rehearsed.example"),
          List.of("domain", "set", "rehearsed.example", "--language", "ja"),
          List.of("queue", "list"),
          List.of("sessions"),
          List.of("stats"));

  @Parameters(paramLabel = "DIR", description = "The data directory of a node that runs.")
  private Path data;

  @Override
  public Integer call() throws Failure {
    for (List<String> command : COMMANDS) {
      List<String> words = new ArrayList<>(command);
      words.add("--data");
      words.add(data.toString());
      String[] arguments = words.toArray(String[]::new);
      StringWriter said = new StringWriter();
      CommandLine line = Main.commandLine(arguments);
      line.setOut(new PrintWriter(Writer.nullWriter()));
      line.setErr(new PrintWriter(said));
      if (line.execute(arguments) != 0) {
        throw new Failure(String.join(" ", command) + ": " + said);
      }
    }
    return 0;
  }
}
