package hikyaku.app;

import hikyaku.app.command.AccountCommand;
import hikyaku.app.command.AliasCommand;
import hikyaku.app.command.BackendCommand;
import hikyaku.app.command.ClusterCommands;
import hikyaku.app.command.ConfigCommand;
import hikyaku.app.command.ConnectionsCommand;
import hikyaku.app.command.DmarcCommand;
import hikyaku.app.command.DnsCommand;
import hikyaku.app.command.DomainCommand;
import hikyaku.app.command.ExamineCommand;
import hikyaku.app.command.LimitCommand;
import hikyaku.app.command.ListCommand;
import hikyaku.app.command.MailboxCommand;
import hikyaku.app.command.NodeCommands;
import hikyaku.app.command.QueueCommand;
import hikyaku.app.command.RollingRestart;
import hikyaku.app.command.SearchCommand;
import hikyaku.app.command.SendingCommand;
import hikyaku.app.command.SieveCommand;
import hikyaku.app.command.StoryCommands;
import hikyaku.app.command.TransferCommands;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ScopeType;

/** The table of subcommands. */
@Command(
    name = "hikyaku",
    description = "A mail service that never stops.",
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nEnds with%n",
    exitCodeList = {
      "0:done",
      "1:refused or failed; one sentence on standard error says why",
      "2:the command line is wrong",
      "3:verify found a broken invariant",
      "4:dns found a record that mail needs missing or different, or could not ask",
      "70:the program could not be built or has a bug"
    },
    footer = {
      "",
      "Commands on accounts and mail reach a running node by its data",
      "directory, and work on the directory itself when no node runs.",
      "",
      "For work on the program itself: ./hikyaku build, test [ARGUMENT...],",
      "lint, format, docs, bench [WHAT], fuzz [TARGET] [--minutes N],",
      "chaos [--minutes N] [--clients N] [--seed N] [--keep DIRECTORY]."
    })
public final class Main {
  private static final List<Map.Entry<String, Class<?>>> COMMANDS =
      List.of(
          Map.entry("up", UpCommand.class),
          Map.entry("front", FrontCommand.class),
          Map.entry("account", AccountCommand.class),
          Map.entry("alias", AliasCommand.class),
          Map.entry("list", ListCommand.class),
          Map.entry("domain", DomainCommand.class),
          Map.entry("dns", DnsCommand.class),
          Map.entry("backend", BackendCommand.class),
          Map.entry("mailbox", MailboxCommand.class),
          Map.entry("queue", QueueCommand.class),
          Map.entry("sending", SendingCommand.class),
          Map.entry("dmarc", DmarcCommand.class),
          Map.entry("sieve", SieveCommand.class),
          Map.entry("examine", ExamineCommand.class),
          Map.entry("import", TransferCommands.Import.class),
          Map.entry("export", TransferCommands.Export.class),
          Map.entry("stats", NodeCommands.Stats.class),
          Map.entry("verify", NodeCommands.Verify.class),
          Map.entry("search", SearchCommand.class),
          Map.entry("nodes", ClusterCommands.Nodes.class),
          Map.entry("node", ClusterCommands.class),
          Map.entry("rolling-restart", RollingRestart.class),
          Map.entry("key", KeyCommand.class),
          Map.entry("store", StoreCommand.class),
          Map.entry("sessions", NodeCommands.Sessions.class),
          Map.entry("end", NodeCommands.End.class),
          Map.entry("connections", ConnectionsCommand.class),
          Map.entry("limit", LimitCommand.class),
          Map.entry("session", StoryCommands.Session.class),
          Map.entry("trace", StoryCommands.Trace.class),
          Map.entry("dialogue", NodeCommands.Dialogue.class),
          Map.entry("log", NodeCommands.Log.class),
          Map.entry("config", ConfigCommand.class),
          Map.entry("tls", TlsCommand.class),
          Map.entry("version", VersionCommand.class),
          Map.entry("help", HelpCommand.class),
          Map.entry("rehearse", Rehearsal.class),
          Map.entry("rehearse-commands", RehearsedCommands.class));

  private Main() {}

  public static void main(String[] arguments) {
    CommandLine commandLine = commandLine(arguments);
    int exit = commandLine.execute(arguments);
    // Only whole lines flush by themselves.
    commandLine.getOut().flush();
    System.exit(exit);
  }

  /**
   * The command line for these arguments. Where they name a command, it has that one only: to read
   * what all of them can do takes longer than the rest of a start.
   */
  static CommandLine commandLine(String... arguments) {
    String first = arguments.length == 0 ? "" : arguments[0];
    List<Map.Entry<String, Class<?>>> named =
        first.equals("help")
            ? List.of()
            : COMMANDS.stream().filter(command -> command.getKey().equals(first)).toList();
    CommandLine commandLine = new CommandLine(new Main());
    for (Map.Entry<String, Class<?>> command : named.isEmpty() ? COMMANDS : named) {
      commandLine.addSubcommand(command.getKey(), command.getValue());
    }
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
    addHelp(commandLine);
    return commandLine
        .setExecutionExceptionHandler(failures)
        .setUsageHelpAutoWidth(true)
        .setUsageHelpLongOptionsMaxWidth(32);
  }

  /** {@code --help} everywhere. */
  private static void addHelp(CommandLine commandLine) {
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
