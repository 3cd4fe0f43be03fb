package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.flow.Subject;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku account}. */
@Command(
    name = "account",
    description = "Accounts: who has mail here.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      AccountCommand.Add.class,
      AccountCommand.Listing.class,
      AccountCommand.Show.class,
      AccountCommand.SetPassword.class,
      AccountCommand.SetSecret.class,
      AccountCommand.SetName.class,
      AccountCommand.SetQuota.class,
      AccountCommand.SetServices.class,
      AccountCommand.Route.class,
      AccountCommand.Suspend.class,
      AccountCommand.Resume.class,
      AccountCommand.Delete.class
    })
public final class AccountCommand {
  /** A command on one account. */
  abstract static class OnAccount extends Asking {
    @Parameters(index = "0", paramLabel = "ADDRESS", description = "The account's address.")
    private String address;

    String address() {
      return address;
    }

    void change(Door door, Screen screen, AccountOperations.Change change) throws Failure {
      print(screen, door.call(Call.of("PUT", "accounts", address).withBody(change)));
    }

    void said(Screen screen, String sentence) {
      if (!json()) {
        screen.line(sentence);
      }
    }

    void print(Screen screen, JsonNode account) {
      if (json()) {
        screen.json(account);
        return;
      }
      List<String> services = new ArrayList<>();
      account.get("services").forEach(service -> services.add(service.asString()));
      screen.values(
          List.of(
              "Account",
              "Id",
              "Name",
              "State",
              "Quota",
              "Holds",
              "Services",
              "Pool",
              "Node",
              "Served"),
          List.of(
              text(account, "address"),
              text(account, "id"),
              DomainCommand.orNone(text(account, "displayName")),
              state(account),
              DomainCommand.quota(account),
              Figures.octets(number(account, "octets"))
                  + ", "
                  + Figures.count(number(account, "messages"))
                  + (number(account, "messages") == 1 ? " message" : " messages"),
              DomainCommand.orNone(String.join(", ", services)),
              DomainCommand.orAny(text(account, "pool")),
              DomainCommand.orAny(text(account, "node")),
              DomainCommand.served(account)));
    }
  }

  private static String state(JsonNode account) {
    return Asking.flag(account, "suspended") ? "suspended" : "active";
  }

  /** {@code account add}. */
  @Command(
      name = "add",
      description = {
        "Make an account, or all those of a file. Their domains must exist.",
        "A line of the file has an address, its password, a quota and a name, with tabs between"
            + " them; all but the address may be left out. {ARGON2ID} goes before a hash that takes"
            + " the place of the password, {PLAIN} before a password that begins with a brace."
      })
  static final class Add extends Asking {
    @Parameters(
        index = "0",
        arity = "0..1",
        paramLabel = "ADDRESS",
        description = "The account's address.")
    private @Nullable String address;

    @Option(
        names = "--from",
        paramLabel = "FILE",
        description = "Make the accounts of this file; - for standard input.")
    private @Nullable String file;

    @Mixin private PasswordOption password;

    @Option(names = "--no-password", description = "Make one that cannot log in yet.")
    private boolean noPassword;

    @Option(names = "--name", paramLabel = "NAME", description = "A name for people.")
    private @Nullable String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      if (file != null) {
        addAll(door, screen, file);
      } else if (address != null) {
        addOne(door, screen, address);
      }
    }

    @Override
    void check() {
      if ((address == null) == (file == null)) {
        throw wrong("Say either ADDRESS or --from.");
      }
      if (file != null && (noPassword || name != null || password.isFromStandardInput())) {
        throw wrong("With --from, passwords and names stand in the file.");
      }
    }

    private void addOne(Door door, Screen screen, String which) throws Failure {
      String secret = noPassword ? null : password.read("password");
      JsonNode answer =
          door.call(
              Call.of("POST", "accounts").withBody(new AccountOperations.New(which, secret, name)));
      if (json()) {
        screen.json(answer);
      } else {
        screen.line("Account " + text(answer, "address") + " added.");
      }
    }

    private void addAll(Door door, Screen screen, String from) throws Failure {
      AddedAccounts added = AddedAccounts.make(door, AccountFile.read(from));
      int count = added.views().size();
      if (json()) {
        screen.json(Json.MAPPER.valueToTree(added.views()));
      } else {
        screen.line(count + (count == 1 ? " account" : " accounts") + " added.");
      }
      if (!added.refusals().isEmpty()) {
        throw new Failure(String.join("\n", added.refusals()));
      }
    }
  }

  /** {@code account list}. */
  @Command(name = "list", description = "List accounts.")
  static final class Listing extends Asking {
    @Option(names = "--domain", paramLabel = "DOMAIN", description = "Of this domain only.")
    private @Nullable String domain;

    @Override
    void run(Door door, Screen screen) throws Failure {
      Call call = Call.of("GET", "accounts");
      JsonNode accounts =
          Pages.all(door, domain == null ? call : call.with("domain", domain), "address");
      if (json()) {
        screen.json(accounts);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode account : accounts) {
        rows.add(
            List.of(
                text(account, "address"),
                state(account),
                Figures.count(number(account, "messages")),
                Figures.octets(number(account, "octets")),
                Figures.octets(number(account, "quotaOctets")),
                text(account, "displayName")));
      }
      screen.table(
          List.of("ADDRESS", "STATE", "MESSAGES", "SIZE", "QUOTA", "NAME"),
          rows,
          "There are no accounts; 'hikyaku account add ADDRESS' makes one.");
    }
  }

  /** {@code account show}. */
  @Command(name = "show", description = "Show one account.")
  static final class Show extends OnAccount {
    @Override
    void run(Door door, Screen screen) throws Failure {
      print(screen, door.call(Call.of("GET", "accounts", address())));
    }
  }

  /** {@code account password}. */
  @Command(name = "password", description = "Set the password. Sessions of the account end.")
  static final class SetPassword extends OnAccount {
    @Mixin private PasswordOption password;

    @Override
    void run(Door door, Screen screen) throws Failure {
      var body = new AccountOperations.Password(password.read("password"));
      door.call(Call.of("PUT", "accounts", address(), "password").withBody(body));
      said(screen, "The password of " + address() + " is set.");
    }
  }

  /** {@code account secret}. */
  @Command(
      name = "secret",
      description =
          "Set the secret for APOP and CRAM-MD5, which must be another than the password: it is kept"
              + " encrypted, not hashed.")
  static final class SetSecret extends OnAccount {
    @Mixin private PasswordOption password;

    @Option(names = "--remove", description = "Take it away.")
    private boolean remove;

    @Override
    void run(Door door, Screen screen) throws Failure {
      var body = new AccountOperations.Password(remove ? "" : password.read("secret"));
      door.call(Call.of("PUT", "accounts", address(), "secret").withBody(body));
      said(screen, "The secret of " + address() + " is " + (remove ? "taken away." : "set."));
    }
  }

  /** {@code account name}. */
  @Command(name = "name", description = "Set the name for people.")
  static final class SetName extends OnAccount {
    @Parameters(index = "1", paramLabel = "NAME", description = "The name; \"\" for none.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      change(door, screen, new AccountOperations.Change(name, null, false, null, null, null));
    }
  }

  /** {@code account quota}. */
  @Command(name = "quota", description = "Set how much the account may hold.")
  static final class SetQuota extends OnAccount {
    @Option(names = "--size", paramLabel = "SIZE", description = "500M, 5G, unlimited.")
    private @Nullable String size;

    @Option(
        names = "--messages",
        paramLabel = "NUMBER",
        description = "How many messages; unlimited for no bound.")
    private @Nullable String messages;

    @Option(names = "--as-domain", description = "As its domain says.")
    private boolean asDomain;

    @Override
    void run(Door door, Screen screen) throws Failure {
      if (!asDomain && size == null && messages == null) {
        throw new Failure("Say --size, --messages or --as-domain.");
      }
      change(
          door,
          screen,
          new AccountOperations.Change(
              null,
              null,
              asDomain,
              DomainCommand.amount(size),
              DomainCommand.amount(messages),
              null));
    }
  }

  /** {@code account services}. */
  @Command(
      name = "services",
      description = "Set what the account may use. Sessions of the account end.")
  static final class SetServices extends OnAccount {
    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "SERVICE",
        description = "imap, pop3, submission, managesieve, jmap; none for nothing.")
    private List<String> services;

    @Override
    void run(Door door, Screen screen) throws Failure {
      List<String> wanted = services.equals(List.of("none")) ? List.of() : services;
      change(door, screen, new AccountOperations.Change(null, wanted, false, null, null, null));
    }
  }

  /** {@code account route}. */
  @Command(
      name = "route",
      description = {
        "Say which nodes serve the sessions of an account best. What is not named stays.",
        "Sessions that are there move, unnoticed by their clients. Where none of the nodes is up, any"
            + " node serves."
      })
  static final class Route extends OnAccount {
    @Mixin private RoutingOptions routing;

    @Override
    void check() {
      if (!routing.areGiven()) {
        throw wrong("Say --pool, --node or --backend.");
      }
    }

    @Override
    void run(Door door, Screen screen) throws Failure {
      Subject subject = Subject.parse("account:" + address());
      JsonNode said = routing.set(this, door, "accounts", address(), subject);
      print(screen, door.call(Call.of("GET", "accounts", address())));
      if (!json()) {
        RoutingOptions.remarks(screen, said);
      }
    }
  }

  /** {@code account suspend}. */
  @Command(
      name = "suspend",
      description = "No login and no mail taken in, until it is resumed. Its mail stays.")
  static final class Suspend extends OnAccount {
    @Override
    void run(Door door, Screen screen) throws Failure {
      change(door, screen, new AccountOperations.Change(null, null, false, null, null, true));
    }
  }

  /** {@code account resume}. */
  @Command(name = "resume", description = "End the suspension.")
  static final class Resume extends OnAccount {
    @Override
    void run(Door door, Screen screen) throws Failure {
      change(door, screen, new AccountOperations.Change(null, null, false, null, null, false));
    }
  }

  /** {@code account delete}. */
  @Command(name = "delete", description = "Delete the account with all its mail.")
  static final class Delete extends OnAccount {
    @Mixin private Confirmation confirmation;

    @Override
    void run(Door door, Screen screen) throws Failure {
      confirmation.ask("Delete the account " + address() + " and all its mail?");
      door.call(Call.of("DELETE", "accounts", address()));
      said(screen, "Account " + address() + " deleted.");
    }
  }
}
