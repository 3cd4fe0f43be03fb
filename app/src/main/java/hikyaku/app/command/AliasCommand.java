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
        description = "Addresses that its mail goes to.")
    private List<String> targets;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer =
          door.call(
              Call.of("PUT", "aliases", alias).withBody(new DomainOperations.Targets(targets)));
      if (json()) {
        screen.json(answer);
      } else {
        screen.line(text(answer, "address") + " stands for " + String.join(", ", targets) + ".");
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
        List<String> targets = new ArrayList<>();
        alias.get("targets").forEach(target -> targets.add(target.asString()));
        rows.add(List.of(text(alias, "address"), String.join(", ", targets)));
      }
      screen.table(
          List.of("ALIAS", "STANDS FOR"),
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
