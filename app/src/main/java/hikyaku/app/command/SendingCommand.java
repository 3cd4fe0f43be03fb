package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.SendingOperations;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku sending}. */
@Command(
    name = "sending",
    description = {
      "What accounts send to other servers, and those that may not.",
      "An account that sends as one does whose password somebody else has is stopped: what it has in"
          + " the queue is held, and the postmaster is told."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SendingCommand.Listing.class,
      SendingCommand.Show.class,
      SendingCommand.Hold.class,
      SendingCommand.Release.class
    })
public final class SendingCommand {
  private static final String ACCOUNT = "The address that the account was made with.";

  /** {@code sending list}. */
  @Command(
      name = "list",
      description = "List who sends: those that are stopped first, then the heaviest.")
  static final class Listing extends Asking {
    @Option(names = "--held", description = "Those that are stopped only.")
    private boolean held;

    @Option(
        names = "--most",
        paramLabel = "N",
        defaultValue = "20",
        description = "How many at most; ${DEFAULT-VALUE} if it is not said.")
    private int most;

    @Override
    void run(Door door, Screen screen) throws Failure {
      Call call = Call.of("GET", "sending").with("limit", String.valueOf(most));
      JsonNode found = door.call(held ? call.with("held", "true") : call);
      if (json()) {
        screen.json(found);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode each : found) {
        rows.add(
            List.of(
                text(each, "account"),
                used(each, "hour", "mostInHour"),
                used(each, "day", "mostInDay"),
                Figures.count(number(each, "busiest")),
                Figures.count(number(each, "hourFailed")),
                text(each, "stopped")));
      }
      screen.table(
          List.of("ACCOUNT", "HOUR", "DAY", "BUSIEST", "REFUSED", "STOPPED"),
          rows,
          held ? "Nobody is stopped." : "Nobody has sent anything.");
    }
  }

  private static String used(JsonNode each, String name, String most) {
    String used = Figures.count(Asking.number(each, name));
    return each.get(most).isNull()
        ? used
        : used + " of " + Figures.count(Asking.number(each, most));
  }

  /** {@code sending show}. */
  @Command(name = "show", description = "Show what an account sends, and whether it may.")
  static final class Show extends Asking {
    @Parameters(paramLabel = "ACCOUNT", description = ACCOUNT)
    private String account;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode found = door.call(Call.of("GET", "sending", account));
      if (json()) {
        screen.json(found);
        return;
      }
      boolean stopped = !found.get("stopped").isNull();
      screen.values(
          List.of(
              "account",
              "recipients in the last hour",
              "in the last day",
              "in the busiest hour before",
              "refused in the last hour",
              "in the last day",
              "may send"),
          List.of(
              text(found, "account"),
              used(found, "hour", "mostInHour"),
              used(found, "day", "mostInDay"),
              Figures.count(number(found, "busiest")),
              Figures.count(number(found, "hourFailed")),
              Figures.count(number(found, "dayFailed")),
              stopped
                  ? "no, since " + text(found, "since") + ": " + text(found, "stopped")
                  : "yes"));
    }
  }

  /** {@code sending hold}. */
  @Command(
      name = "hold",
      description = "Stop an account: it may send nothing more, and what it has waiting is held.")
  static final class Hold extends Asking {
    @Parameters(index = "0", paramLabel = "ACCOUNT", description = ACCOUNT)
    private String account;

    @Option(
        names = "--reason",
        paramLabel = "TEXT",
        defaultValue = "an operator wanted it",
        description = "Why, for other operators.")
    private String reason;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer =
          door.call(
              Call.of("POST", "sending", account, "hold")
                  .withBody(new SendingOperations.Wanted(reason)));
      say(this, screen, answer, "%s may send nothing any more, %s held.", account);
    }
  }

  /** {@code sending release}. */
  @Command(name = "release", description = "Let an account send again, with what is held of it.")
  static final class Release extends Asking {
    @Parameters(paramLabel = "ACCOUNT", description = ACCOUNT)
    private String account;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer = door.call(Call.of("POST", "sending", account, "release"));
      say(this, screen, answer, "%s may send again, %s released.", account);
    }
  }

  private static void say(
      Asking command, Screen screen, JsonNode answer, String sentence, String account) {
    if (command.json()) {
      screen.json(answer);
      return;
    }
    long count = Asking.number(answer, "messages");
    screen.line(
        sentence.formatted(
            account, count == 1 ? "1 message is" : Figures.count(count) + " messages are"));
  }
}
