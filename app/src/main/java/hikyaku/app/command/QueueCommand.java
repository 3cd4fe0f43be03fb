package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Values;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Json;
import hikyaku.server.ops.QueueOperations;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hikyaku queue}. */
@Command(
    name = "queue",
    description = "Mail that waits to go out.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      QueueCommand.Listing.class,
      QueueCommand.Show.class,
      QueueCommand.Destinations.class,
      QueueCommand.Retry.class,
      QueueCommand.Hold.class,
      QueueCommand.Release.class,
      QueueCommand.Reroute.class,
      QueueCommand.Delete.class,
      QueueCommand.Tls.class
    })
public final class QueueCommand {
  /** Which messages are meant. */
  static final class Which {
    @Option(names = "--sender", paramLabel = "ADDRESS", description = "Of this sender.")
    private @Nullable String sender;

    @Option(
        names = "--recipient",
        paramLabel = "ADDRESS",
        description = "That wait for this recipient. An order is for this one alone.")
    private @Nullable String recipient;

    @Option(
        names = "--domain",
        paramLabel = "DOMAIN",
        description = "That wait for somebody in this domain. An order is for these alone.")
    private @Nullable String domain;

    @Option(
        names = "--account",
        paramLabel = "ADDRESS",
        description = "That this account sends, or its scripts.")
    private @Nullable String account;

    @Option(
        names = "--reason",
        paramLabel = "TEXT",
        description =
            "That wait for a reason with this text in it, as 450 or greylist. An order is for those"
                + " who wait for it.")
    private @Nullable String reason;

    @Option(
        names = "--older",
        paramLabel = "TIME",
        description = "That came longer ago than this, such as 10m, 2h or 1d.")
    private @Nullable String older;

    @Option(names = "--held", description = "That are held. An order is for those who are held.")
    private boolean held;

    private long olderMillis(Asking command) {
      try {
        return older == null ? 0 : Values.duration(older).toMillis();
      } catch (IllegalArgumentException e) {
        throw command.wrong(String.valueOf(e.getMessage()));
      }
    }

    private QueueOperations.Wanted wanted(
        Asking command, @Nullable String id, boolean all, @Nullable String to) {
      return new QueueOperations.Wanted(
          id, sender, recipient, domain, account, reason, olderMillis(command), held, all, to);
    }
  }

  /** {@code queue list}. */
  @Command(name = "list", description = "List what waits, the oldest first.")
  static final class Listing extends Asking {
    @Mixin private Which which;

    @Option(
        names = "--most",
        paramLabel = "N",
        defaultValue = "100",
        description = "How many at most; ${DEFAULT-VALUE} if it is not said.")
    private int most;

    @Override
    void run(Door door, Screen screen) throws Failure {
      Call call = Call.of("GET", "queue").with("limit", String.valueOf(most));
      QueueOperations.Wanted wanted = which.wanted(this, null, true, null);
      call = with(call, "sender", wanted.sender());
      call = with(call, "recipient", wanted.recipient());
      call = with(call, "domain", wanted.domain());
      call = with(call, "account", wanted.account());
      call = with(call, "reason", wanted.reason());
      call = with(call, "older", wanted.older() == 0 ? null : String.valueOf(wanted.older()));
      call = with(call, "held", wanted.held() ? "true" : null);
      JsonNode found = door.call(call);
      if (json()) {
        screen.json(found);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode message : found.get("messages")) {
        JsonNode waiting = message.get("waiting");
        String more = waiting.size() > 1 ? " and " + (waiting.size() - 1) + " more" : "";
        rows.add(
            List.of(
                text(message, "id"),
                age(text(message, "arrived")),
                Figures.octets(number(message, "octets")),
                sender(message),
                text(waiting.get(0), "address") + more,
                String.valueOf(number(message, "attempts")),
                next(message),
                text(message, "reason")));
      }
      screen.table(
          List.of("ID", "AGE", "SIZE", "SENDER", "WAITING", "ATTEMPTS", "NEXT", "REASON"),
          rows,
          "Nothing waits.");
      long all = number(found, "all");
      if (all > rows.size()) {
        screen.line("There are " + all + " in all; --most N shows more.");
      }
    }

    private static Call with(Call call, String name, @Nullable String value) {
      return value == null ? call : call.with(name, value);
    }
  }

  private static String sender(JsonNode message) {
    String sender = Asking.text(message, "sender");
    return sender.isEmpty() ? "<>" : sender;
  }

  private static String age(String instant) {
    return Figures.time(Duration.between(Instant.parse(instant), Instant.now()));
  }

  private static String next(JsonNode message) {
    return next(message, message);
  }

  /**
   * @param waiting one of those who wait, or the message for all of them
   */
  private static String next(JsonNode message, JsonNode waiting) {
    if (Asking.flag(waiting, "held")) {
      return "held";
    }
    String due = Asking.text(waiting, "due");
    Instant now = Instant.now();
    String until = Asking.text(message, "until");
    if (!until.isEmpty() && Instant.parse(until).isAfter(now)) {
      return "until " + Instant.parse(until).truncatedTo(ChronoUnit.SECONDS);
    }
    return due.isEmpty() || !Instant.parse(due).isAfter(now)
        ? "now"
        : "in " + Figures.time(Duration.between(now, Instant.parse(due)));
  }

  /** {@code queue show}. */
  @Command(name = "show", description = "Show a message that waits.")
  static final class Show extends Asking {
    @Parameters(paramLabel = "ID", description = "As in 'queue list' and behind 'Queued as'.")
    private String id;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode message = door.call(Call.of("GET", "queue", id));
      if (json()) {
        screen.json(message);
        return;
      }
      screen.values(
          List.of(
              "id",
              "session",
              "sender",
              "return path",
              "account",
              "Message-ID",
              "size",
              "arrived",
              "recipients",
              "next",
              "in time",
              "given up",
              "priority"),
          List.of(
              text(message, "id"),
              text(message, "session"),
              sender(message),
              returnPath(message),
              account(message),
              text(message, "messageId"),
              Figures.octets(number(message, "octets")),
              text(message, "arrived"),
              String.valueOf(number(message, "recipients")),
              next(message),
              inTime(message),
              givenUp(message),
              String.valueOf(message.get("priority").asInt())));
      List<List<String>> waiting = new ArrayList<>();
      for (JsonNode each : message.get("waiting")) {
        waiting.add(
            List.of(
                text(each, "address"),
                text(each, "way").isEmpty() ? "the usual way" : text(each, "way"),
                String.valueOf(number(each, "attempts")),
                next(message, each),
                text(each, "reason")));
      }
      screen.line("");
      screen.table(
          List.of("WAITING", "BY", "ATTEMPTS", "NEXT", "REASON"), waiting, "Nobody waits.");
    }

    /** What other servers are told, which a forward's sender is not. */
    private static String returnPath(JsonNode message) {
      String path = text(message, "reversePath");
      return path.isEmpty() ? "<>" : path;
    }

    private static String account(JsonNode message) {
      String account = text(message, "account");
      return account.isEmpty()
          ? "none"
          : account + (flag(message, "script") ? ", by a script or a mailing list" : "");
    }

    /** Nobody tries what is held, and so nobody gives it up. */
    private static String givenUp(JsonNode message) {
      Instant end = Instant.parse(text(message, "givenUp"));
      Instant now = Instant.now();
      String when =
          end.isAfter(now)
              ? end.truncatedTo(ChronoUnit.SECONDS)
                  + ", in "
                  + Figures.time(Duration.between(now, end))
              : "if the next attempt fails";
      return flag(message, "held") ? "not while it is held; else " + when : when;
    }

    private static String inTime(JsonNode message) {
      String deadline = text(message, "deadline");
      String late =
          text(message, "late").equals("returned") ? "it is returned" : "its sender is told";
      return deadline.isEmpty() ? "whenever it is" : "until " + deadline + ", or " + late;
    }
  }

  /** {@code queue destinations}. */
  @Command(
      name = "destinations",
      description = {
        "Show where mail goes that waits, those first that rest since nobody there could be spoken"
            + " to.",
        "'queue retry --domain' ends a rest. Of each node the 1,000 with the most mail."
      })
  static final class Destinations extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      Everyone everyone = Everyone.ask(door, Call.of("GET", "destinations"));
      List<ObjectNode> all = new ArrayList<>();
      for (Everyone.Said said : everyone.said()) {
        // Fronts, and nodes that only have their data looked at, send nothing.
        if (said.status() < 300) {
          said.value().forEach(each -> all.add(((ObjectNode) each).put("node", said.name())));
        }
      }
      all.sort(
          Comparator.comparing((ObjectNode each) -> number(each, "rest") == 0)
              .thenComparing(each -> -number(each, "waiting")));
      if (json()) {
        screen.json(Json.MAPPER.valueToTree(all));
      } else {
        screen.table(
            List.of("DESTINATION", "NODE", "WAITING", "UNDER WAY", "STATE", "REASON"),
            all.stream().map(Destinations::row).toList(),
            "Nothing waits.");
      }
      everyone.tellSilent(notes());
    }

    private static List<String> row(ObjectNode destination) {
      long rest = number(destination, "rest");
      String state =
          rest > 0
              ? "rests for " + Figures.time(Duration.ofMillis(rest))
              : flag(destination, "paced") ? "waits for its rate" : "open";
      return List.of(
          text(destination, "destination"),
          text(destination, "node"),
          Figures.count(number(destination, "waiting")),
          Figures.count(number(destination, "underWay")),
          state,
          text(destination, "trouble"));
    }
  }

  /** What is done with messages. */
  abstract static class Ordering extends Asking {
    @Parameters(
        paramLabel = "ID",
        arity = "0..1",
        description = "One message, as in 'queue list' and behind 'Queued as'.")
    private @Nullable String id;

    @Mixin private Which which;

    @Option(names = "--all", description = "All that wait.")
    private boolean all;

    private final String action;
    private final String done;

    Ordering(String action, String done) {
      this.action = action;
      this.done = done;
    }

    /** The way of a new way; null for any other order. */
    @Nullable String way() {
      return null;
    }

    /** Asks whether it is meant. */
    void confirm() throws Failure {}

    @Override
    void run(Door door, Screen screen) throws Failure {
      confirm();
      QueueOperations.Wanted wanted = which.wanted(this, id, all, way());
      JsonNode answer = door.call(Call.of("POST", "queue", action).withBody(wanted));
      if (json()) {
        screen.json(answer);
        return;
      }
      long messages = number(answer, "messages");
      screen.line(
          messages == 0
              ? "No message fits."
              : "%s %s, for %s."
                  .formatted(
                      count(messages, "message"),
                      done,
                      count(number(answer, "recipients"), "recipient")));
    }

    private static String count(long number, String of) {
      return Figures.count(number) + " " + of + (number == 1 ? "" : "s");
    }
  }

  /** {@code queue retry}. */
  @Command(
      name = "retry",
      description = {
        "Try messages now, and a destination that rests with them.",
        "What its sender wants later goes before its time only if it is named by its ID."
      })
  static final class Retry extends Ordering {
    Retry() {
      super("retry", "to be tried now");
    }
  }

  /** {@code queue hold}. */
  @Command(
      name = "hold",
      description = "Keep messages back. They stay until they are released or deleted.")
  static final class Hold extends Ordering {
    Hold() {
      super("hold", "held");
    }
  }

  /** {@code queue release}. */
  @Command(
      name = "release",
      description = {
        "Let messages go on that are held.",
        "One that is named by its ID, and held by nobody but its sender, who wants it later, goes"
            + " now."
      })
  static final class Release extends Ordering {
    Release() {
      super("release", "released");
    }
  }

  /** {@code queue reroute}. */
  @Command(
      name = "reroute",
      description = {
        "Send messages that wait by a server that is named here, now.",
        "What comes later goes as the configuration says."
      })
  static final class Reroute extends Ordering {
    @Option(
        names = "--to",
        paramLabel = "SERVER",
        required = true,
        description =
            "smtp://HOST (with STARTTLS), smtps://HOST or smtp+plain://HOST (without TLS), with USER@"
                + " before the host and :PORT behind it, as in queue.relay.")
    private String to;

    Reroute() {
      super("reroute", "to go another way");
    }

    @Override
    String way() {
      return to;
    }
  }

  /** {@code queue delete}. */
  @Command(name = "delete", description = "Delete messages. Their senders are not told.")
  static final class Delete extends Ordering {
    @Mixin private Confirmation confirmation;

    Delete() {
      super("delete", "deleted");
    }

    @Override
    void confirm() throws Failure {
      confirmation.ask("Delete messages that somebody has been promised to have sent?");
    }
  }

  /** {@code queue tls}. */
  @Command(
      name = "tls",
      description =
          "Show where mail for a domain goes and over what TLS. Connects to no mail server.")
  static final class Tls extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Any domain.")
    private String domain;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode found = door.call(Call.of("GET", "queue-tls", domain));
      if (json()) {
        screen.json(found);
        return;
      }
      List<String> mx = new ArrayList<>();
      found.get("mx").forEach(each -> mx.add(each.asString()));
      String mode = text(found, "mode");
      String policy =
          mode.isEmpty()
              ? "none"
              : "%s, for %s, until %s (id %s)"
                  .formatted(
                      mode, String.join(", ", mx), text(found, "expires"), text(found, "id"));
      List<String> names = new ArrayList<>(List.of("goes to", "MTA-STS"));
      List<String> values = new ArrayList<>(List.of(text(found, "route"), policy));
      if (!text(found, "trouble").isEmpty()) {
        names.add("trouble");
        values.add(text(found, "trouble"));
      }
      screen.values(names, values);
      screen.line("");
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode server : found.get("servers")) {
        String refused = text(server, "refused");
        rows.add(
            List.of(
                text(server, "name"),
                text(server, "address"),
                text(server, "policy"),
                refused.isEmpty() ? text(server, "tls") : "not used: " + refused));
      }
      screen.table(List.of("SERVER", "ADDRESS", "POLICY", "TLS"), rows, "There is no server.");
    }
  }
}
