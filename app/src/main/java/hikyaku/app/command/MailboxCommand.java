package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Figures;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku mailbox}. */
@Command(
    name = "mailbox",
    description = "Mailboxes of an account.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      MailboxCommand.Listing.class,
      MailboxCommand.Inspect.class,
      MailboxCommand.Acl.class
    })
public final class MailboxCommand {
  /** {@code mailbox list}. */
  @Command(name = "list", description = "List the mailboxes of an account.")
  static final class Listing extends Asking {
    @Parameters(paramLabel = "ADDRESS", description = "The account's address.")
    private String address;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode mailboxes = door.call(Call.of("GET", "accounts", address, "mailboxes"));
      if (json()) {
        screen.json(mailboxes);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode mailbox : mailboxes) {
        rows.add(
            List.of(
                text(mailbox, "name"),
                Figures.count(number(mailbox, "messages")),
                Figures.count(number(mailbox, "unseen")),
                Figures.octets(number(mailbox, "octets")),
                text(mailbox, "specialUse")));
      }
      screen.table(
          List.of("MAILBOX", "MESSAGES", "UNSEEN", "SIZE", "USE"), rows, "There are no mailboxes.");
    }
  }

  /** {@code mailbox acl}. */
  @Command(
      name = "acl",
      description = "Show who may do what with a mailbox, or say what somebody may do with it.")
  static final class Acl extends Asking {
    @Parameters(index = "0", paramLabel = "ADDRESS", description = "The owner's address.")
    private String address;

    @Parameters(index = "1", paramLabel = "MAILBOX", description = "Its name, as INBOX or Sent.")
    private String name;

    @Parameters(
        index = "2",
        arity = "0..1",
        paramLabel = "WHO",
        description =
            "An account's address, an alias, or anyone; with ! before it, rights are taken away"
                + " that it has otherwise.")
    private @Nullable String who;

    @Parameters(
        index = "3",
        arity = "0..1",
        paramLabel = "RIGHTS",
        description =
            "Letters: l see it, r read, s change \\Seen, w other flags, i put messages in, p post,"
                + " k make mailboxes below, x delete it, t mark as deleted, e expunge, a administer;"
                + " none for nothing at all.")
    private @Nullable String rights;

    @Override
    void run(Door door, Screen screen) throws Failure {
      if (who != null) {
        String named = who.startsWith("!") ? "-" + who.substring(1) : who;
        String letters = rights == null || rights.equals("none") ? "" : rights;
        door.call(
            Call.of("PUT", "accounts", address, "mailboxes", name, "rights", named)
                .with("rights", letters));
      }
      JsonNode all = door.call(Call.of("GET", "accounts", address, "mailboxes", name, "rights"));
      if (json()) {
        screen.json(all);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode each : all) {
        rows.add(List.of(text(each, "who"), text(each, "rights")));
      }
      screen.table(List.of("WHO", "RIGHTS"), rows, "Nobody may do anything.");
    }
  }

  /** {@code mailbox inspect}. */
  @Command(
      name = "inspect",
      description = "Show a mailbox: its numbers, its log, and its newest messages.")
  static final class Inspect extends Asking {
    @Parameters(index = "0", paramLabel = "ADDRESS", description = "The account's address.")
    private String address;

    @Parameters(index = "1", paramLabel = "MAILBOX", description = "Its name, as INBOX or Sent.")
    private String name;

    @Option(
        names = "--messages",
        paramLabel = "NUMBER",
        defaultValue = "20",
        description = "How many messages to list; ${DEFAULT-VALUE} if not given.")
    private int messages;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode mailbox =
          door.call(
              Call.of("GET", "accounts", address, "mailboxes", name)
                  .with("newest", Integer.toString(Math.max(0, messages))));
      if (json()) {
        screen.json(mailbox);
        return;
      }
      screen.values(
          List.of(
              "Mailbox",
              "Log",
              "Position (HIGHESTMODSEQ)",
              "UIDVALIDITY",
              "UIDNEXT",
              "Messages",
              "Unseen",
              "Deleted",
              "Size",
              "Keywords"),
          List.of(
              text(mailbox, "name"),
              text(mailbox, "log"),
              text(mailbox, "position"),
              text(mailbox, "uidValidity"),
              text(mailbox, "uidNext"),
              Figures.count(number(mailbox, "messages")),
              Figures.count(number(mailbox, "unseen")),
              Figures.count(number(mailbox, "deleted")),
              Figures.octets(number(mailbox, "octets")),
              DomainCommand.orNone(words(mailbox.get("keywords")))));
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode message : mailbox.get("newest")) {
        rows.add(
            List.of(
                text(message, "uid"),
                text(message, "date"),
                Figures.octets(number(message, "octets")),
                words(message.get("flags")),
                text(message, "from"),
                text(message, "subject")));
      }
      screen.line("");
      screen.table(
          List.of("UID", "DATE", "SIZE", "FLAGS", "FROM", "SUBJECT"), rows, "It is empty.");
    }

    private static String words(JsonNode list) {
      List<String> words = new ArrayList<>();
      list.forEach(word -> words.add(word.asString()));
      return String.join(" ", words);
    }
  }
}
