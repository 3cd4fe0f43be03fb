package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Values;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.LimitOperations;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku limit}. */
@Command(
    name = "limit",
    description = {
      "Limits on what clients take of the service, changed while it runs.",
      "They hold on all nodes within a second, for sessions that are there as well; none is ended"
          + " by them. What the configuration limits on each node stays as the outer bound."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      LimitCommand.Change.class,
      LimitCommand.Listing.class,
      LimitCommand.Show.class,
      LimitCommand.Remove.class
    })
public final class LimitCommand {
  private static final String SUBJECT =
      "account:u1@demo.test, domain:demo.test, address:192.0.2.7, prefix:192.0.2.0/24,"
          + " protocol:imap, listener:imaps, node:n1 or total; account:*, account:*@demo.test,"
          + " domain:* and so on for the default of each that has none of its own.";

  private static final String DIMENSION =
      "sessions at one time; new (sessions a second), commands, octets-in, octets-out a second; of"
          + " accounts, recipients-hour and recipients-day at other servers.";

  /** {@code limit set}. */
  @Command(
      name = "set",
      description = {
        "Set a limit.",
        "Who has too many sessions is turned away; who goes too fast waits."
      })
  static final class Change extends Asking {
    @Parameters(index = "0", paramLabel = "SUBJECT", description = SUBJECT)
    private String subject;

    @Parameters(index = "1", paramLabel = "DIMENSION", description = DIMENSION)
    private String dimension;

    @Parameters(
        index = "2",
        paramLabel = "VALUE",
        description =
            "How many; of octets also as 64K, 10M. 'unlimited' takes away what would be so by"
                + " default.")
    private String value;

    @Option(
        names = "--burst",
        paramLabel = "N",
        description = "Of a rate, how many may come at once after a rest. Else those of 5 seconds.")
    private @Nullable String burst;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode set =
          door.call(
              Call.of("PUT", "limits", subject, dimension)
                  .withBody(
                      new LimitOperations.Wanted(
                          amount(value), burst == null ? null : amount(burst))));
      if (json()) {
        screen.json(set);
      } else {
        screen.line(
            "%s has %s %s."
                .formatted(text(set, "subject"), value(set), dimension(text(set, "dimension"))));
      }
    }

    private long amount(String text) {
      try {
        return Values.amount(text);
      } catch (IllegalArgumentException e) {
        throw wrong(String.valueOf(e.getMessage()));
      }
    }
  }

  /** {@code limit list}. */
  @Command(name = "list", description = "List the limits that are set.")
  static final class Listing extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode limits = door.call(Call.of("GET", "limits"));
      if (json()) {
        screen.json(limits);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode limit : limits) {
        rows.add(
            List.of(
                text(limit, "subject"),
                dimension(text(limit, "dimension")),
                value(limit),
                burst(limit)));
      }
      screen.table(
          List.of("SUBJECT", "LIMIT ON", "VALUE", "BURST"),
          rows,
          "No limits are set; those of the configuration hold on each node.");
    }
  }

  /** {@code limit show}. */
  @Command(
      name = "show",
      description = {
        "Show what applies to somebody, where that comes from, and what is in use.",
        "Sessions are those on this node and those that other nodes have told of, which they do"
            + " when they may be near a limit. Rates are those of this node."
      })
  static final class Show extends Asking {
    @Parameters(paramLabel = "SUBJECT", description = SUBJECT)
    private String subject;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode standings = door.call(Call.of("GET", "limits", subject));
      if (json()) {
        screen.json(standings);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode standing : standings) {
        boolean sessions = text(standing, "dimension").equals("sessions");
        boolean counted = sessions || text(standing, "dimension").startsWith("recipients");
        boolean set = !text(standing, "source").isEmpty();
        rows.add(
            List.of(
                text(standing, "subject"),
                dimension(text(standing, "dimension")),
                set ? value(standing) : "unlimited",
                burst(standing),
                source(standing),
                counted
                    ? Figures.count(number(standing, "here"))
                    : set ? Figures.count(Math.round(decimal(standing, "perSecond"))) : "–",
                sessions ? Figures.count(number(standing, "elsewhere")) : "–"));
      }
      screen.table(
          List.of("SUBJECT", "LIMIT ON", "VALUE", "BURST", "SET FOR", "IN USE", "ELSEWHERE"),
          rows,
          "");
    }

    private static double decimal(JsonNode object, String name) {
      return object.get(name).doubleValue();
    }

    private static String source(JsonNode standing) {
      String source = text(standing, "source");
      return source.isEmpty() ? "nobody" : source;
    }
  }

  /** {@code limit remove}. */
  @Command(
      name = "remove",
      description = "Take away limits; what is set for all of a kind applies again.")
  static final class Remove extends Asking {
    @Parameters(index = "0", paramLabel = "SUBJECT", description = SUBJECT)
    private String subject;

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "DIMENSION",
        description = "Which one. Without it all of the subject.")
    private @Nullable String dimension;

    @Override
    void run(Door door, Screen screen) throws Failure {
      String only = dimension;
      JsonNode gone =
          door.call(
              only == null
                  ? Call.of("DELETE", "limits", subject)
                  : Call.of("DELETE", "limits", subject, only));
      if (json()) {
        screen.json(gone);
        return;
      }
      for (JsonNode limit : gone) {
        screen.line(
            "%s has no limit of its own on %s any more."
                .formatted(text(limit, "subject"), dimension(text(limit, "dimension"))));
      }
    }
  }

  private LimitCommand() {}

  private static boolean isOctets(JsonNode limit) {
    return Asking.text(limit, "dimension").startsWith("octets");
  }

  private static String value(JsonNode limit) {
    return amount(limit, "value", "unlimited");
  }

  private static String burst(JsonNode limit) {
    return amount(limit, "burst", "–");
  }

  private static String amount(JsonNode limit, String name, String otherwise) {
    if (Asking.text(limit, name).isEmpty()) {
      return otherwise;
    }
    long number = Asking.number(limit, name);
    return isOctets(limit) ? Figures.octets(number) : Figures.count(number);
  }

  private static String dimension(String label) {
    return switch (label) {
      case "sessions", "recipients-hour", "recipients-day" -> label;
      case "new" -> "new sessions/s";
      default -> label + "/s";
    };
  }
}
