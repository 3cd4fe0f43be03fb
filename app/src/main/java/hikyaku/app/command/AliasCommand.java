package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** {@code hikyaku alias}. */
@Command(
    name = "alias",
    description = "Addresses that stand for others.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      AliasCommand.Change.class,
      AliasCommand.Add.class,
      AliasCommand.Remove.class,
      AliasCommand.Show.class,
      AliasCommand.Listing.class,
      AliasCommand.Delete.class
    })
public final class AliasCommand {
  /** {@code alias set}. */
  @Command(
      name = "set",
      description = "Let an address stand for others, whatever it stood for before.")
  static final class Change extends Asking {
    @Parameters(index = "0", paramLabel = "ALIAS", description = "The address.")
    private String alias;

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "TARGET",
        description =
            "Addresses that its mail goes to: of accounts, of other aliases, of other servers.")
    private List<String> targets;

    @Option(
        names = "--writers",
        paramLabel = "WHO",
        description =
            "Who may write to it: anyone (the default), accounts of its domain, or its members.")
    private @Nullable String writers;

    @Override
    void run(Door door, Screen screen) throws Failure {
      DomainOperations.Targets body = new DomainOperations.Targets(targets, writers);
      tell(this, screen, door.call(Call.of("PUT", "aliases", alias).withBody(body)));
    }
  }

  private static void tell(Asking asking, Screen screen, JsonNode alias) {
    if (asking.json()) {
      screen.json(alias);
    } else {
      screen.line(
          Asking.text(alias, "address")
              + " stands for "
              + String.join(", ", Asking.texts(alias, "targets"))
              + "."
              + mayWrite(Asking.text(alias, "writers")));
    }
  }

  private static String mayWrite(String writers) {
    return switch (writers) {
      case "domain" -> " Only accounts of its domain may write to it.";
      case "members" -> " Only those behind it may write to it.";
      default -> "";
    };
  }

  /** {@code alias add}. */
  @Command(name = "add", description = "Let an alias stand for more addresses.")
  static final class Add extends Asking {
    @Parameters(index = "0", paramLabel = "ALIAS", description = "The address.")
    private String alias;

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "TARGET",
        description = "Addresses that its mail goes to as well.")
    private List<String> targets;

    @Override
    void run(Door door, Screen screen) throws Failure {
      DomainOperations.TargetsChange body = new DomainOperations.TargetsChange(targets, List.of());
      tell(this, screen, door.call(Call.of("POST", "aliases", alias, "targets").withBody(body)));
    }
  }

  /** {@code alias remove}. */
  @Command(name = "remove", description = "Let an alias no longer stand for some addresses.")
  static final class Remove extends Asking {
    @Parameters(index = "0", paramLabel = "ALIAS", description = "The address.")
    private String alias;

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "TARGET",
        description = "Addresses that its mail no longer goes to.")
    private List<String> targets;

    @Override
    void run(Door door, Screen screen) throws Failure {
      DomainOperations.TargetsChange body = new DomainOperations.TargetsChange(List.of(), targets);
      tell(this, screen, door.call(Call.of("POST", "aliases", alias, "targets").withBody(body)));
    }
  }

  /** {@code alias show}. */
  @Command(
      name = "show",
      description = "Show what an alias stands for, and with whom its mail ends up.")
  static final class Show extends Asking {
    @Parameters(paramLabel = "ALIAS", description = "The address.")
    private String alias;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer = door.call(Call.of("GET", "aliases", alias));
      if (json()) {
        screen.json(answer);
        return;
      }
      tell(this, screen, answer.get("alias"));
      Asking.texts(answer, "accounts").forEach(each -> screen.line("  " + each));
      Asking.texts(answer, "elsewhere").forEach(each -> screen.line("  " + each + " (elsewhere)"));
      Asking.texts(answer, "lists").forEach(each -> screen.line("  " + each + " (a mailing list)"));
      String problem = text(answer, "problem");
      if (!problem.isEmpty()) {
        screen.line("  nobody: " + problem);
      }
    }
  }

  /** {@code alias list}. */
  @Command(name = "list", description = "List aliases.")
  static final class Listing extends Asking {
    @Option(names = "--domain", paramLabel = "DOMAIN", description = "Of this domain only.")
    private @Nullable String domain;

    @Override
    void run(Door door, Screen screen) throws Failure {
      ArrayNode aliases = Json.MAPPER.createArrayNode();
      if (domain != null) {
        aliases.addAll(Pages.all(door, Call.of("GET", "domains", domain, "aliases"), "address"));
      } else {
        for (JsonNode each : Pages.all(door, Call.of("GET", "domains"), "name")) {
          Call call = Call.of("GET", "domains", text(each, "name"), "aliases");
          aliases.addAll(Pages.all(door, call, "address"));
        }
      }
      if (json()) {
        screen.json(aliases);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode alias : aliases) {
        rows.add(
            List.of(
                text(alias, "address"),
                text(alias, "writers"),
                String.join(", ", Asking.texts(alias, "targets"))));
      }
      screen.table(
          List.of("ALIAS", "WRITERS", "STANDS FOR"),
          rows,
          "There are no aliases; 'hikyaku alias set ALIAS TARGET' makes one.");
    }
  }

  /** {@code alias delete}. */
  @Command(name = "delete", description = "Delete an alias.")
  static final class Delete extends Asking {
    @Parameters(paramLabel = "ALIAS", description = "The address.")
    private String alias;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("DELETE", "aliases", alias));
      if (!json()) {
        screen.line("Alias " + alias + " deleted.");
      }
    }
  }
}
