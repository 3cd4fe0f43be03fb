package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.app.config.Values;
import hikyaku.server.flow.Subject;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.Figures;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku domain}. */
@Command(
    name = "domain",
    description = "Domains whose mail is ours.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DomainCommand.Add.class,
      DomainCommand.Listing.class,
      DomainCommand.Show.class,
      DomainCommand.Change.class,
      DomainCommand.Admin.class,
      DomainCommand.Suspend.class,
      DomainCommand.Resume.class,
      DkimCommand.class,
      DomainCommand.Delete.class
    })
public final class DomainCommand {
  /** {@code domain add}. */
  @Command(name = "add", description = "Take mail for a domain from now on.")
  static final class Add extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode answer =
          door.call(Call.of("POST", "domains").withBody(new DomainOperations.New(name)));
      if (json()) {
        screen.json(answer);
      } else {
        screen.line("Domain " + text(answer, "name") + " added.");
      }
    }
  }

  /** {@code domain list}. */
  @Command(name = "list", description = "List the domains.")
  static final class Listing extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode domains = Pages.all(door, Call.of("GET", "domains"), "name");
      if (json()) {
        screen.json(domains);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode domain : domains) {
        rows.add(
            List.of(
                text(domain, "name"),
                flag(domain, "suspended") ? "suspended" : "active",
                Figures.octets(number(domain, "quotaOctets")),
                text(domain, "catchAll"),
                text(domain, "postmaster")));
      }
      screen.table(
          List.of("DOMAIN", "STATE", "QUOTA", "CATCH-ALL", "POSTMASTER"),
          rows,
          "There are no domains; 'hikyaku domain add DOMAIN' makes one.");
    }
  }

  /** {@code domain show}. */
  @Command(name = "show", description = "Show one domain.")
  static final class Show extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      print(this, screen, door.call(Call.of("GET", "domains", name)));
    }
  }

  /** {@code domain set}. */
  @Command(
      name = "set",
      description = "Change the settings of a domain. What is not named stays; \"\" takes it away.")
  static final class Change extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Option(
        names = "--catch-all",
        paramLabel = "ADDRESS",
        description = "Where mail goes for addresses that nobody has.")
    private @Nullable String catchAll;

    @Option(
        names = "--postmaster",
        paramLabel = "ADDRESS",
        description = "Where mail for postmaster goes.")
    private @Nullable String postmaster;

    @Option(
        names = "--quota",
        paramLabel = "SIZE",
        description = "What accounts without a quota of their own may hold: 500M, 5G, unlimited.")
    private @Nullable String quota;

    @Option(
        names = "--messages",
        paramLabel = "NUMBER",
        description = "How many messages they may hold; unlimited for no bound.")
    private @Nullable String messages;

    @Option(
        names = "--separators",
        paramLabel = "CHARACTERS",
        description = "What may stand between a user and a detail, as + in user+detail.")
    private @Nullable String separators;

    @Option(
        names = "--language",
        paramLabel = "LANGUAGE",
        description = {
          "In which language senders of the domain are told what became of their mail where the",
          "message does not say it: en or ja; \"\" for queue.report-language."
        })
    private @Nullable String language;

    @Mixin private RoutingOptions routing;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode routed = null;
      if (routing.areGiven()) {
        Subject subject = Subject.parse("domain:" + name);
        routed = routing.set(this, door, "domains", name, subject);
      }
      var change =
          new DomainOperations.Change(
              catchAll, postmaster, amount(quota), amount(messages), separators, language, null);
      print(this, screen, door.call(Call.of("PUT", "domains", name).withBody(change)));
      if (routed != null && !json()) {
        RoutingOptions.remarks(screen, routed);
      }
    }
  }

  /** {@code domain admin}. */
  @Command(
      name = "admin",
      description = {
        "Name an account of a domain that looks after it.",
        "It may set quotas of the domain's accounts by IMAP, and the first one that is named gets",
        "mail for postmaster where nobody else is."
      })
  static final class Admin extends Asking {
    @Parameters(index = "0", paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Parameters(index = "1", paramLabel = "ADDRESS", description = "The account's address.")
    private String address;

    @Option(names = "--remove", description = "It looks after the domain no longer.")
    private boolean remove;

    @Override
    void run(Door door, Screen screen) throws Failure {
      String method = remove ? "DELETE" : "PUT";
      print(this, screen, door.call(Call.of(method, "domains", name, "admins", address)));
    }
  }

  /** {@code domain suspend}. */
  @Command(
      name = "suspend",
      description = "Suspend all accounts of a domain: no login, no mail taken in.")
  static final class Suspend extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      print(this, screen, setSuspended(door, name, true));
    }
  }

  /** {@code domain resume}. */
  @Command(name = "resume", description = "End the suspension of a domain.")
  static final class Resume extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      print(this, screen, setSuspended(door, name, false));
    }
  }

  /** {@code domain delete}. */
  @Command(name = "delete", description = "Delete a domain that has no accounts or aliases left.")
  static final class Delete extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String name;

    @Mixin private Confirmation confirmation;

    @Override
    void run(Door door, Screen screen) throws Failure {
      confirmation.ask("Delete the domain " + name + "?");
      door.call(Call.of("DELETE", "domains", name));
      if (!json()) {
        screen.line("Domain " + name + " deleted.");
      }
    }
  }

  private static JsonNode setSuspended(Door door, String name, boolean suspended) throws Failure {
    var change = new DomainOperations.Change(null, null, null, null, null, null, suspended);
    return door.call(Call.of("PUT", "domains", name).withBody(change));
  }

  /** An amount given as an option; null stays null. */
  static @Nullable Long amount(@Nullable String text) throws Failure {
    try {
      return text == null ? null : Values.amount(text);
    } catch (IllegalArgumentException e) {
      throw new Failure(e.getMessage() + ".", e);
    }
  }

  private static void print(Asking command, Screen screen, JsonNode domain) {
    if (command.json()) {
      screen.json(domain);
      return;
    }
    String language = Asking.text(domain, "language");
    screen.values(
        List.of(
            "Domain",
            "State",
            "Catch-all",
            "Postmaster",
            "Admins",
            "Quota of an account",
            "Separators",
            "Language",
            "Pool",
            "Node",
            "Served"),
        List.of(
            Asking.text(domain, "name"),
            Asking.flag(domain, "suspended") ? "suspended" : "active",
            orNone(Asking.text(domain, "catchAll")),
            orNone(Asking.text(domain, "postmaster")),
            orNone(admins(domain)),
            quota(domain),
            orNone(Asking.text(domain, "separators")),
            language.isEmpty() ? "the server's" : language,
            orAny(Asking.text(domain, "pool")),
            orAny(Asking.text(domain, "node")),
            served(domain)));
  }

  private static String admins(JsonNode domain) {
    List<String> admins = new ArrayList<>();
    domain.path("admins").forEach(admin -> admins.add(admin.asString()));
    return String.join(", ", admins);
  }

  static String quota(JsonNode holder) {
    long messages = Asking.number(holder, "quotaMessages");
    return Figures.octets(Asking.number(holder, "quotaOctets"))
        + (messages == Long.MAX_VALUE ? "" : ", " + Figures.count(messages) + " messages");
  }

  static String served(JsonNode holder) {
    String backend = Asking.text(holder, "backend");
    return backend.isEmpty() || backend.equals("here") ? "here" : "by " + backend;
  }

  static String orAny(String text) {
    return text.isEmpty() ? "any" : text;
  }

  static String orNone(String text) {
    return text.isEmpty() ? "none" : text;
  }
}
