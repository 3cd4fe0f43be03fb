package hikyaku.app;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The table of subcommands. */
@Command(
    name = "hikyaku",
    description = "A mail service that never stops.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {CommandLine.HelpCommand.class, VersionCommand.class})
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }
}
