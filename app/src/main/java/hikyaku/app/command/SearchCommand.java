package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Figures;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku search}. */
@Command(
    name = "search",
    description = "The index of texts that a node keeps, by which searches are fast.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {SearchCommand.Status.class, SearchCommand.Rebuild.class})
public final class SearchCommand {
  /** {@code search status}. */
  @Command(name = "status", description = "Show how the index fares.")
  static final class Status extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode status = door.call(Call.of("GET", "search"));
      if (json()) {
        screen.json(status);
        return;
      }
      screen.values(
          List.of("State", "Directory", "Messages", "Size", "Walking through", "Problem"),
          List.of(
              text(status, "state").toLowerCase(Locale.ROOT),
              DomainCommand.orNone(text(status, "folder")),
              Figures.count(number(status, "messages")),
              Figures.octets(number(status, "octets")),
              DomainCommand.orNone(text(status, "walked")),
              DomainCommand.orNone(text(status, "problem"))));
    }
  }

  /** {@code search rebuild}. */
  @Command(
      name = "rebuild",
      description =
          "Throw the index away and make it anew from the mail, in the background. Searches find"
              + " the same meanwhile, and take longer.")
  static final class Rebuild extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode status = door.call(Call.of("POST", "search", "rebuild"));
      if (json()) {
        screen.json(status);
        return;
      }
      screen.line("The index is made anew; 'hikyaku search status' shows how far it is.");
    }
  }
}
