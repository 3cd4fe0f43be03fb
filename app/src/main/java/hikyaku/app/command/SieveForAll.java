package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.SieveOperations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku sieve all}. */
@Command(
    name = "all",
    description = "Sieve scripts for all accounts, which run around their own or are included.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SieveForAll.Listing.class,
      SieveForAll.Put.class,
      SieveForAll.Get.class,
      SieveForAll.Delete.class,
      SieveForAll.Choose.class
    })
final class SieveForAll {
  private SieveForAll() {}

  /** {@code sieve all list}. */
  @Command(
      name = "list",
      description = "List the scripts for all, which of them run, and why the last run failed.")
  static final class Listing extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer = door.call(Call.of("GET", "sieve"));
      if (json()) {
        screen.json(answer);
        return;
      }
      SieveCommand.Listing.told(answer, screen, "'hikyaku sieve all put NAME FILE'");
    }
  }

  /** {@code sieve all put}. */
  @Command(name = "put", description = "Store a script for all, in place of the one of its name.")
  static final class Put extends Asking {
    @Parameters(index = "0", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Parameters(index = "1", paramLabel = "FILE", description = "The file that has it.")
    private Path file;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("PUT", "sieve", name).withOctets(SieveTrial.octets(file)));
      if (!json()) {
        screen.line("Script " + name + " stored.");
      }
    }
  }

  /** {@code sieve all get}. */
  @Command(name = "get", description = "Print a script for all.")
  static final class Get extends Asking {
    @Parameters(index = "0", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      ByteArrayOutputStream script = new ByteArrayOutputStream();
      try {
        door.fetch(Call.of("GET", "sieve", name), script);
      } catch (IOException e) {
        throw new Failure("The script did not arrive whole: " + e.getMessage() + ".", e);
      }
      spec().commandLine().getOut().print(script.toString(StandardCharsets.UTF_8));
    }
  }

  /** {@code sieve all delete}. */
  @Command(name = "delete", description = "Delete a script for all that does not run.")
  static final class Delete extends Asking {
    @Parameters(index = "0", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("DELETE", "sieve", name));
      if (!json()) {
        screen.line("Script " + name + " deleted.");
      }
    }
  }

  /** {@code sieve all choose}. */
  @Command(
      name = "choose",
      description = {
        "Say which scripts for all run for each message, from now on.",
        "Those that are not named run no more."
      })
  static final class Choose extends Asking {
    @Option(
        names = "--before",
        paramLabel = "NAME",
        description = "Runs before the account's own script; repeat for more, in their order.")
    private List<String> before = new ArrayList<>();

    @Option(
        names = "--after",
        paramLabel = "NAME",
        description = "Runs behind the account's own script; repeat for more, in their order.")
    private List<String> after = new ArrayList<>();

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("PUT", "sieve").withBody(new SieveOperations.Chosen(before, after)));
      if (!json()) {
        screen.line(
            before.isEmpty() && after.isEmpty()
                ? "No script for all runs."
                : "Before: " + named(before) + ". After: " + named(after) + ".");
      }
    }

    private static String named(List<String> names) {
      return names.isEmpty() ? "none" : String.join(", ", names);
    }
  }
}
