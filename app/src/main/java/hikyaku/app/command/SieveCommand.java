package hikyaku.app.command;

import picocli.CommandLine.Command;

/** {@code hikyaku sieve}. */
@Command(
    name = "sieve",
    description = "Sieve scripts, which say where an account's mail goes.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {SieveTrial.Check.class, SieveTrial.Try.class})
public final class SieveCommand {
  private SieveCommand() {}
}
