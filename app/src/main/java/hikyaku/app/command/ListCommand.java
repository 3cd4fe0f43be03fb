package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Json;
import hikyaku.server.ops.ListOperations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** {@code hikyaku list}. */
@Command(
    name = "list",
    description = "Mailing lists.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ListCommand.Add.class,
      ListCommand.Change.class,
      ListCommand.Show.class,
      ListCommand.Listing.class,
      ListCommand.Delete.class,
      ListCommand.Owner.class,
      ListCommand.Member.class,
      ListCommand.Waiting.class,
      ListCommand.Accept.class,
      ListCommand.Reject.class
    })
public final class ListCommand {
  private static final String KINDS =
      "discussion (members write to it), moderated (what others than owners write waits for an"
          + " owner), or announcement (owners write to it).";

  private static final String FROM =
      "Whom its mail says to be from: rewrite-if-needed (the author, and the list where the"
          + " author's domain would have the members' servers refuse it, by DMARC), or keep (always"
          + " the author).";

  /** {@code list add}. */
  @Command(name = "add", description = "Make a mailing list.")
  static final class Add extends Asking {
    @Parameters(index = "0", paramLabel = "LIST", description = "Its address.")
    private String list;

    @Option(
        names = "--owner",
        paramLabel = "ADDRESS",
        required = true,
        description = "Who looks after it; may be repeated.")
    private List<String> owners;

    @Option(
        names = "--kind",
        paramLabel = "KIND",
        defaultValue = "discussion",
        description = KINDS + " ${DEFAULT-VALUE} if it is not said.")
    private String kind;

    @Option(names = "--title", paramLabel = "TEXT", description = "What it is called, for people.")
    private @Nullable String title;

    @Option(names = "--open", description = "Let people become members by mail.")
    private boolean open;

    @Option(
        names = "--from",
        paramLabel = "WHO",
        defaultValue = "rewrite-if-needed",
        description = FROM + " ${DEFAULT-VALUE} if it is not said.")
    private String from;

    @Override
    void run(Door door, Screen screen) throws Failure {
      ListOperations.New made = new ListOperations.New(list, kind, title, open, from, owners);
      tell(this, screen, door.call(Call.of("POST", "lists").withBody(made)));
    }
  }

  private static void tell(Asking asking, Screen screen, JsonNode list) {
    if (asking.json()) {
      screen.json(list);
      return;
    }
    String title = Asking.text(list, "title");
    screen.line(
        Asking.text(list, "address")
            + " is a list ("
            + Asking.text(list, "kind")
            + (Asking.flag(list, "open") ? ", open" : "")
            + (Asking.text(list, "from").equals("keep") ? ", always from its authors" : "")
            + ")"
            + (title.isEmpty() ? "" : ", called " + title)
            + ", with "
            + Asking.number(list, "members")
            + " members, of "
            + String.join(", ", Asking.texts(list, "owners"))
            + ".");
    if (Asking.number(list, "disabled") > 0) {
      screen.line(
          Asking.number(list, "disabled") + " of them get nothing, as their mail came back.");
    }
    if (Asking.number(list, "waiting") > 0) {
      screen.line(Asking.number(list, "waiting") + " messages wait for an owner.");
    }
    if (Asking.flag(list, "unsignedLinks")) {
      screen.line(
          "Its domain has no active DKIM key, so that nobody can leave it at one click: 'hikyaku"
              + " domain dkim create'.");
    }
    if (Asking.number(list, "posts") > 0) {
      screen.line(
          Asking.number(list, "posts")
              + " messages went out, the last one "
              + Asking.text(list, "lastPost")
              + ".");
    }
  }

  /** {@code list set}. */
  @Command(name = "set", description = "Change a mailing list.")
  static final class Change extends Asking {
    @Parameters(paramLabel = "LIST", description = "Its address.")
    private String list;

    @Option(names = "--kind", paramLabel = "KIND", description = KINDS)
    private @Nullable String kind;

    @Option(names = "--title", paramLabel = "TEXT", description = "What it is called, for people.")
    private @Nullable String title;

    @Option(
        names = "--open",
        negatable = true,
        description = "Whether people may become members by mail.")
    private @Nullable Boolean open;

    @Option(names = "--from", paramLabel = "WHO", description = FROM)
    private @Nullable String from;

    @Override
    void run(Door door, Screen screen) throws Failure {
      ListOperations.Change change = new ListOperations.Change(kind, title, open, from);
      tell(this, screen, door.call(Call.of("PUT", "lists", list).withBody(change)));
    }
  }

  /** {@code list show}. */
  @Command(name = "show", description = "Show a mailing list.")
  static final class Show extends Asking {
    @Parameters(paramLabel = "LIST", description = "Its address.")
    private String list;

    @Override
    void run(Door door, Screen screen) throws Failure {
      tell(this, screen, door.call(Call.of("GET", "lists", list)));
    }
  }

  /** {@code list list}. */
  @Command(name = "list", description = "List mailing lists.")
  static final class Listing extends Asking {
    @Option(names = "--domain", paramLabel = "DOMAIN", description = "Of this domain only.")
    private @Nullable String domain;

    @Override
    void run(Door door, Screen screen) throws Failure {
      ArrayNode lists = Json.MAPPER.createArrayNode();
      if (domain != null) {
        lists.addAll(Pages.all(door, Call.of("GET", "domains", domain, "lists"), "address"));
      } else {
        for (JsonNode each : Pages.all(door, Call.of("GET", "domains"), "name")) {
          Call call = Call.of("GET", "domains", text(each, "name"), "lists");
          lists.addAll(Pages.all(door, call, "address"));
        }
      }
      if (json()) {
        screen.json(lists);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode list : lists) {
        rows.add(
            List.of(
                text(list, "address"),
                text(list, "kind"),
                String.valueOf(number(list, "members")),
                String.valueOf(number(list, "waiting")),
                String.valueOf(number(list, "posts")),
                String.join(", ", Asking.texts(list, "owners"))));
      }
      screen.table(
          List.of("LIST", "KIND", "MEMBERS", "WAITING", "POSTS", "OWNERS"),
          rows,
          "There are no mailing lists; 'hikyaku list add LIST --owner ADDRESS' makes one.");
    }
  }

  /** {@code list delete}. */
  @Command(name = "delete", description = "Delete a mailing list, with its members.")
  static final class Delete extends Asking {
    @Parameters(paramLabel = "LIST", description = "Its address.")
    private String list;

    @Mixin private Confirmation confirmation;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode there = door.call(Call.of("GET", "lists", list));
      confirmation.ask(
          "Delete the list "
              + text(there, "address")
              + ", with its "
              + number(there, "members")
              + " members and "
              + number(there, "waiting")
              + " messages that wait?");
      door.call(Call.of("DELETE", "lists", list));
      if (!json()) {
        screen.line("List " + list + " deleted.");
      }
    }
  }

  /** {@code list owner}. */
  @Command(name = "owner", description = "Let an address look after a mailing list.")
  static final class Owner extends Asking {
    @Parameters(index = "0", paramLabel = "LIST", description = "Its address.")
    private String list;

    @Parameters(index = "1", paramLabel = "OWNER", description = "The owner's address.")
    private String owner;

    @Option(names = "--remove", description = "Let it do so no longer.")
    private boolean remove;

    @Override
    void run(Door door, Screen screen) throws Failure {
      String method = remove ? "DELETE" : "PUT";
      tell(this, screen, door.call(Call.of(method, "lists", list, "owners", owner)));
    }
  }

  /** {@code list member}. */
  @Command(
      name = "member",
      description = "Who is on a mailing list.",
      synopsisSubcommandLabel = "COMMAND",
      subcommands = {Member.Adding.class, Member.Removing.class, Member.Listing.class})
  static final class Member {

    /** {@code list member add}. */
    @Command(
        name = "add",
        description =
            "Put addresses on a list, or let them get mail again to which nothing was sent any"
                + " more.")
    static final class Adding extends Asking {
      @Parameters(index = "0", paramLabel = "LIST", description = "The list's address.")
      private String list;

      @Parameters(
          index = "1..*",
          arity = "0..*",
          paramLabel = "ADDRESS",
          description = "Addresses, here or elsewhere.")
      private @Nullable List<String> addresses;

      @Option(
          names = "--from",
          paramLabel = "FILE",
          description =
              "A file with an address in each line, - for standard input. Lines that are blank or"
                  + " begin with # say nothing.")
      private @Nullable String file;

      @Override
      void run(Door door, Screen screen) throws Failure {
        List<String> all = addresses(addresses, file);
        change(this, door, screen, list, new ListOperations.Members(all, List.of()), "on the list");
      }
    }

    /** {@code list member remove}. */
    @Command(name = "remove", description = "Take addresses off a list.")
    static final class Removing extends Asking {
      @Parameters(index = "0", paramLabel = "LIST", description = "The list's address.")
      private String list;

      @Parameters(
          index = "1..*",
          arity = "1..*",
          paramLabel = "ADDRESS",
          description = "Addresses that are on it.")
      private List<String> addresses;

      @Override
      void run(Door door, Screen screen) throws Failure {
        ListOperations.Members body = new ListOperations.Members(List.of(), addresses);
        change(this, door, screen, list, body, "off the list");
      }
    }

    private static List<String> addresses(@Nullable List<String> named, @Nullable String file)
        throws Failure {
      List<String> all = new ArrayList<>(named == null ? List.of() : named);
      if (file != null) {
        try (Stream<String> lines =
            file.equals("-")
                ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8).lines()
                : Files.lines(Path.of(file))) {
          lines
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .forEach(all::add);
        } catch (IOException e) {
          throw new Failure("The file " + file + " cannot be read: " + e.getMessage() + ".", e);
        }
      }
      return all;
    }

    private static void change(
        Asking asking,
        Door door,
        Screen screen,
        String list,
        ListOperations.Members body,
        String done)
        throws Failure {
      JsonNode answer = door.call(Call.of("POST", "lists", list, "members").withBody(body));
      if (asking.json()) {
        screen.json(answer);
        return;
      }
      screen.line(answer.get("changed").size() + " now " + done + ".");
      int unchanged = answer.get("unchanged").size();
      if (unchanged > 0) {
        screen.line(
            unchanged + " were so before: " + String.join(", ", Asking.texts(answer, "unchanged")));
      }
    }

    /** {@code list member list}. */
    @Command(name = "list", description = "List who is on a list.")
    static final class Listing extends Asking {
      @Parameters(paramLabel = "LIST", description = "The list's address.")
      private String list;

      @Override
      void run(Door door, Screen screen) throws Failure {
        JsonNode members = door.call(Call.of("GET", "lists", list, "members"));
        if (json()) {
          screen.json(members);
          return;
        }
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode member : members) {
          long days = number(member, "bounceDays");
          rows.add(
              List.of(
                  text(member, "address"),
                  text(member, "since"),
                  flag(member, "disabled") ? "no" : "yes",
                  days == 0
                      ? ""
                      : days + (days == 1 ? " day, " : " days, ") + text(member, "status")));
        }
        screen.table(
            List.of("MEMBER", "SINCE", "GETS MAIL", "CAME BACK"), rows, "Nobody is on this list.");
      }
    }
  }

  /** {@code list waiting}. */
  @Command(name = "waiting", description = "List messages that wait for an owner.")
  static final class Waiting extends Asking {
    @Parameters(paramLabel = "LIST", description = "The list's address.")
    private String list;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode waiting = door.call(Call.of("GET", "lists", list, "waiting"));
      if (json()) {
        screen.json(waiting);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode each : waiting) {
        rows.add(
            List.of(
                text(each, "id"),
                text(each, "since"),
                text(each, "from"),
                text(each, "subject"),
                text(each, "decided")));
      }
      screen.table(List.of("ID", "SINCE", "FROM", "SUBJECT", "DECIDED"), rows, "Nothing waits.");
    }
  }

  /** {@code list accept}. */
  @Command(
      name = "accept",
      description = {
        "Let a message that waits go to the members.",
        "Who comes too late is told what was decided, by whom and when. What was let through and did"
            + " not go out, as 'list waiting' shows it, goes out if it is accepted once more."
      })
  static final class Accept extends Asking {
    @Parameters(index = "0", paramLabel = "LIST", description = "The list's address.")
    private String list;

    @Parameters(index = "1", paramLabel = "ID", description = "As 'list waiting' shows it.")
    private String id;

    @Override
    void run(Door door, Screen screen) throws Failure {
      decide(this, door, screen, list, id, true);
    }
  }

  /** {@code list reject}. */
  @Command(
      name = "reject",
      description = {
        "Throw a message that waits away.",
        "Who comes too late is told what was decided, by whom and when."
      })
  static final class Reject extends Asking {
    @Parameters(index = "0", paramLabel = "LIST", description = "The list's address.")
    private String list;

    @Parameters(index = "1", paramLabel = "ID", description = "As 'list waiting' shows it.")
    private String id;

    @Override
    void run(Door door, Screen screen) throws Failure {
      decide(this, door, screen, list, id, false);
    }
  }

  private static void decide(
      Asking asking, Door door, Screen screen, String list, String id, boolean accept)
      throws Failure {
    JsonNode answer =
        door.call(
            Call.of("POST", "lists", list, "waiting", id)
                .withBody(new ListOperations.Wanted(accept)));
    if (asking.json()) {
      screen.json(answer);
    } else if (!Asking.flag(answer, "now")) {
      screen.line("It was decided before: " + Asking.text(answer, "told") + ".");
    } else {
      screen.line(
          "The message of "
              + Asking.text(answer, "from")
              + (accept ? " goes to the members." : " is thrown away."));
    }
  }
}
