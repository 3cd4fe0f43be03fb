package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Figures;
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

/** {@code hikyaku sieve}. */
@Command(
    name = "sieve",
    description = "Sieve scripts, which say where an account's mail goes.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SieveCommand.Listing.class,
      SieveCommand.Put.class,
      SieveCommand.Get.class,
      SieveCommand.Activate.class,
      SieveCommand.Deactivate.class,
      SieveCommand.Delete.class,
      ForwardCommand.class,
      SieveForAll.class,
      SieveTrial.Check.class,
      SieveTrial.Try.class
    })
public final class SieveCommand {
  private SieveCommand() {}

  /** A command on the scripts of an account. */
  abstract static class OnAccount extends Asking {
    @Parameters(index = "0", paramLabel = "ADDRESS", description = "The account's address.")
    private String address;

    String address() {
      return address;
    }

    void told(Screen screen, String sentence) {
      if (!json()) {
        screen.line(sentence);
      }
    }
  }

  /** {@code sieve list}. */
  @Command(
      name = "list",
      description = "List an account's scripts, and why the last run failed that did.")
  static final class Listing extends OnAccount {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer = door.call(Call.of("GET", "accounts", address(), "sieve"));
      if (json()) {
        screen.json(answer);
        return;
      }
      told(answer, screen, "'hikyaku sieve put ADDRESS NAME FILE'");
    }

    /**
     * Shows scripts.
     *
     * @param maker the command that makes one
     */
    static void told(JsonNode answer, Screen screen, String maker) {
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode script : answer.get("scripts")) {
        rows.add(
            List.of(
                text(script, "name"),
                Figures.octets(number(script, "octets")),
                state(answer, script)));
      }
      screen.table(
          List.of("SCRIPT", "SIZE", "STATE"),
          rows,
          "There are no scripts; " + maker + " makes one.");
      JsonNode problem = answer.get("problem");
      if (problem != null && !problem.isNull()) {
        long line = number(problem, "line");
        screen.line("");
        screen.line(
            "%s failed at %s%s: %s. The message was kept in INBOX."
                .formatted(
                    text(problem, "script"),
                    text(problem, "time"),
                    line == 0 ? "" : " in line " + line,
                    text(problem, "sentence")));
      }
    }

    private static String state(JsonNode answer, JsonNode script) {
      List<String> states = new ArrayList<>();
      if (flag(script, "active")) {
        states.add("active");
      }
      for (String around : List.of("before", "after")) {
        int place = 0;
        for (JsonNode name : answer.get(around)) {
          place++;
          if (name.asString().equals(text(script, "name"))) {
            states.add(around + " " + place);
          }
        }
      }
      return String.join(", ", states);
    }
  }

  /** {@code sieve put}. */
  @Command(
      name = "put",
      description = "Store a script for an account, in place of the one of its name.")
  static final class Put extends OnAccount {
    @Parameters(index = "1", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Parameters(index = "2", paramLabel = "FILE", description = "The file that has it.")
    private Path file;

    @Option(names = "--activate", description = "Let it run from now on.")
    private boolean activate;

    @Override
    void run(Door door, Screen screen) throws Failure {
      byte[] script = SieveTrial.octets(file);
      door.call(Call.of("PUT", "accounts", address(), "sieve", name).withOctets(script));
      if (activate) {
        SieveCommand.activate(door, address(), name);
      }
      told(screen, "Script " + name + (activate ? " stored; it runs from now on." : " stored."));
    }
  }

  /** {@code sieve get}. */
  @Command(name = "get", description = "Print a script.")
  static final class Get extends OnAccount {
    @Parameters(index = "1", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      ByteArrayOutputStream script = new ByteArrayOutputStream();
      try {
        door.fetch(Call.of("GET", "accounts", address(), "sieve", name), script);
      } catch (IOException e) {
        throw new Failure("The script did not arrive whole: " + e.getMessage() + ".", e);
      }
      spec().commandLine().getOut().print(script.toString(StandardCharsets.UTF_8));
    }
  }

  /** {@code sieve activate}. */
  @Command(
      name = "activate",
      description = "Let a script run from now on, in place of the one that did.")
  static final class Activate extends OnAccount {
    @Parameters(index = "1", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      SieveCommand.activate(door, address(), name);
      told(screen, "Script " + name + " runs from now on.");
    }
  }

  /** {@code sieve deactivate}. */
  @Command(name = "deactivate", description = "Let no script run; all mail goes to INBOX.")
  static final class Deactivate extends OnAccount {
    @Override
    void run(Door door, Screen screen) throws Failure {
      SieveCommand.activate(door, address(), "");
      told(screen, "No script runs.");
    }
  }

  /** {@code sieve delete}. */
  @Command(name = "delete", description = "Delete a script that is not active.")
  static final class Delete extends OnAccount {
    @Parameters(index = "1", paramLabel = "NAME", description = "The script's name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("DELETE", "accounts", address(), "sieve", name));
      told(screen, "Script " + name + " deleted.");
    }
  }

  private static void activate(Door door, String address, String name) throws Failure {
    door.call(
        Call.of("PUT", "accounts", address, "sieve")
            .withBody(new SieveOperations.Activation(name)));
  }
}
