package hikyaku.app;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hikyaku help}. */
@Command(name = "help", description = "Show what there is, or all about one command.")
final class HelpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "COMMAND",
      arity = "0..*",
      description = "The command, as in 'help account add'.")
  private List<String> command = List.of();

  @Override
  public Integer call() {
    CommandLine asked = spec.commandLine().getParent();
    for (String name : command) {
      CommandLine next = asked.getSubcommands().get(name);
      if (next == null) {
        throw new ParameterException(
            asked, "There is no command '" + String.join(" ", command) + "'.");
      }
      asked = next;
    }
    asked.usage(spec.commandLine().getOut());
    return 0;
  }
}
