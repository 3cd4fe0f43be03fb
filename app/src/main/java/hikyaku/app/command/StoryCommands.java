package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Values;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What happened: to a session, and to a message. */
public final class StoryCommands {
  private StoryCommands() {}

  /** {@code hikyaku session}. */
  @Command(
      name = "session",
      description = {
        "Tell what happened to a session, from the journals of all nodes and fronts that had it.",
        "Live or long over: as far back as journals go (log.journal)."
      })
  public static final class Session extends Asking {
    private static final List<String> OF_ALL =
        List.of("session", "protocol", "listener", "remote", "account");

    @Parameters(
        paramLabel = "SESSION",
        description = "Its id, as logs, 'hikyaku sessions' and Received fields have it.")
    private String session;

    @Override
    void check() {
      if (!session.matches("[0-9a-z]{1,32}")) {
        throw wrong("a session's id has digits and small letters only");
      }
    }

    @Override
    void run(Door door, Screen screen) throws Failure {
      Told told = Told.of(Everyone.ask(door, Call.of("GET", "story", session)));
      if (told.lines().isEmpty()) {
        told.tellLimits(notes());
        throw new Failure(
            "Nobody has anything of session "
                + session
                + "; journals begin at "
                + told.since().truncatedTo(ChronoUnit.SECONDS)
                + ".");
      }
      if (json()) {
        screen.json(told.json());
      } else {
        Set<String> known = new LinkedHashSet<>();
        List<String> head = head(told, known);
        screen.line("Session " + session + (head.isEmpty() ? "" : ": " + String.join(", ", head)));
        told.print(screen, known);
      }
      screen.flush();
      told.tellLimits(notes());
    }

    /** What is so of the whole session is said once. */
    private static List<String> head(Told told, Set<String> known) {
      Set<String> head = new LinkedHashSet<>();
      for (String key : OF_ALL) {
        String value = last(told, key);
        if (!value.isEmpty()) {
          known.add(key + "=" + value);
          if (!key.equals("session")) {
            head.add(key.equals("remote") ? "from " + value : value);
          }
        }
      }
      return List.copyOf(head);
    }

    private static String last(Told told, String key) {
      String last = "";
      for (Told.Line line : told.lines()) {
        String value = line.key(key);
        // A login names the account by a number of its own; its address is what people know.
        if (!value.isEmpty() && (!key.equals("account") || value.contains("@"))) {
          last = value;
        }
      }
      return last;
    }
  }

  /** {@code hikyaku trace}. */
  @Command(
      name = "trace",
      description = {
        "Tell what became of messages, from the journals of all nodes: taken by which session, and"
            + " put into which mailbox under which UID, or refused with which reply.",
        "As far back as journals go (log.journal)."
      })
  public static final class Trace extends Asking {
    @Parameters(
        index = "0",
        paramLabel = "MESSAGE-ID|ADDRESS",
        description =
            "A Message-ID, the address of a sender or recipient, or what the sender was told: 250"
                + " Delivered as …")
    private String whose;

    @Parameters(index = "1", arity = "0..1", hidden = true)
    private @Nullable String formerly;

    @Option(
        names = "--since",
        paramLabel = "TIME",
        description = "Only what happened since 2026-11-29T05:30:00Z, or in the last 2h, 30m, 7d.")
    private @Nullable String since;

    private @Nullable Instant from;

    @Override
    void check() {
      if (formerly != null) {
        throw wrong(
            whose.equals("on") || whose.equals("off")
                ? "to have what is said in sessions logged: hikyaku dialogue "
                    + whose
                    + " "
                    + formerly
                : "one Message-ID or address at a time");
      }
      if (since != null) {
        from = time(since);
      }
    }

    private Instant time(String text) {
      try {
        return Instant.parse(text);
      } catch (DateTimeParseException noTime) {
        try {
          return Instant.now().minus(Values.duration(text));
        } catch (IllegalArgumentException | ArithmeticException noDuration) {
          throw wrong("\"" + text + "\" is neither a time such as 2026-11-29T05:30:00Z nor 2h");
        }
      }
    }

    @Override
    void run(Door door, Screen screen) throws Failure {
      Call call = Call.of("GET", "mail", whose);
      Told told =
          Told.of(Everyone.ask(door, from == null ? call : call.with("since", from.toString())));
      if (json()) {
        screen.json(told.json());
      } else if (told.lines().isEmpty()) {
        screen.line(
            "Nothing is known of "
                + Screen.printable(whose)
                + "; journals begin at "
                + told.since().truncatedTo(ChronoUnit.SECONDS)
                + ".");
      } else {
        told.print(screen, Set.of());
      }
      screen.flush();
      told.tellLimits(notes());
    }
  }
}
