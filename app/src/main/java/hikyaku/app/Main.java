package hikyaku.app;

import hikyaku.app.command.AccountCommand;
import hikyaku.app.command.AliasCommand;
import hikyaku.app.command.ConfigCommand;
import hikyaku.app.command.DomainCommand;
import hikyaku.app.command.MailboxCommand;
import hikyaku.app.command.NodeCommands;
import hikyaku.app.command.TransferCommands;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ScopeType;

/** The table of subcommands. */
@Command(
    name = "hikyaku",
    description = "A mail service that never stops.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      UpCommand.class,
      AccountCommand.class,
      AliasCommand.class,
      DomainCommand.class,
      MailboxCommand.class,
      TransferCommands.Import.class,
      TransferCommands.Export.class,
      NodeCommands.Stats.class,
      NodeCommands.Verify.class,
      NodeCommands.Sessions.class,
      NodeCommands.End.class,
      NodeCommands.Trace.class,
      NodeCommands.Log.class,
      ConfigCommand.class,
      TlsCommand.class,
      VersionCommand.class,
      CommandLine.HelpCommand.class,
      Rehearsal.class
    },
    exitCodeListHeading = "%nEnds with%n",
    exitCodeList = {
      "0:done",
      "1:refused or failed; one sentence on standard error says why",
      "2:the command line is wrong",
      "3:verify found a broken invariant",
      "70:the program could not be built or has a bug"
    },
    footer = {
      "",
      "Commands on accounts and mail reach a running node by its data",
      "directory, and work on the directory itself when no node runs.",
      "",
      "For work on the program itself: ./hikyaku build, test [ARGUMENT...],",
      "lint, format, docs, bench [WHAT], fuzz [TARGET] [--minutes N]."
    })
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    CommandLine commandLine = commandLine();
    int exit = commandLine.execute(arguments);
    // Only whole lines flush by themselves.
    commandLine.getOut().flush();
    System.exit(exit);
  }

  /** The command line, ready to be run or described. */
  static CommandLine commandLine() {
    IExecutionExceptionHandler failures =
        (failure, command, _) -> {
          PrintWriter err = command.getErr();
          if (failure instanceof Failure) {
            String.valueOf(failure.getMessage())
                .lines()
                .forEach(line -> err.println("hikyaku: " + line));
            return 1;
          }
          err.println("hikyaku: this is a bug; please report it with the lines below.");
          failure.printStackTrace(err);
          return 70;
        };
    CommandLine commandLine =
        new CommandLine(new Main())
            .setExecutionExceptionHandler(failures)
            .setUsageHelpAutoWidth(true)
            .setUsageHelpLongOptionsMaxWidth(32);
    addHelp(commandLine);
    return commandLine;
  }

  /** {@code --help} everywhere. */
  private static void addHelp(CommandLine commandLine) {
    if (commandLine.getCommand() instanceof CommandLine.HelpCommand) {
      return;
    }
    commandLine
        .getCommandSpec()
        .addOption(
            CommandLine.Model.OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .scopeType(ScopeType.LOCAL)
                .description("Show this help.")
                .build());
    commandLine.getSubcommands().values().forEach(Main::addHelp);
  }
}
