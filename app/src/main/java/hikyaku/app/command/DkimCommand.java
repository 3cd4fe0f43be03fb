package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.DkimOperations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku domain dkim}. */
@Command(
    name = "dkim",
    description = {
      "Keys that a domain signs its mail with: create, publish, activate.",
      "To rotate, do the same with a new key; the old one is then retired."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DkimCommand.Create.class,
      DkimCommand.Import.class,
      DkimCommand.Listing.class,
      DkimCommand.Activate.class,
      DkimCommand.Retire.class,
      DkimCommand.Delete.class
    })
public final class DkimCommand {
  /** Octets of a file with a key. */
  private static final int LONGEST_FILE = 64 * 1024;

  /** {@code domain dkim create}. */
  @Command(
      name = "create",
      description =
          "Make keys, one of RSA and one of Ed25519, and say what to publish. They do not sign yet.")
  static final class Create extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String domain;

    @Option(
        names = "--algorithm",
        paramLabel = "NAME",
        description = "rsa (2048 bits) or ed25519: one key alone.")
    private @Nullable String algorithm;

    @Option(
        names = "--selector",
        paramLabel = "NAME",
        description = "What the key is called in DNS. Without it, by the day.")
    private @Nullable String selector;

    @Override
    void check() {
      if (selector != null && algorithm == null) {
        throw wrong("--selector is for one key; name its --algorithm");
      }
    }

    @Override
    void run(Door door, Screen screen) throws Failure {
      List<String> algorithms = algorithm == null ? List.of("rsa", "ed25519") : List.of(algorithm);
      JsonNode made =
          door.call(
              Call.of("POST", "domains", domain, "dkim")
                  .withBody(new DkimOperations.New(algorithms, selector)));
      if (json()) {
        screen.json(made);
        return;
      }
      List<JsonNode> keys = new ArrayList<>();
      made.forEach(keys::add);
      toPublish(screen, keys);
    }
  }

  /** {@code domain dkim import}. */
  @Command(
      name = "import",
      description = {
        "Take over a key of another server, under the selector that it has in DNS. It does not",
        "sign yet."
      })
  static final class Import extends Asking {
    @Parameters(index = "0", paramLabel = "DOMAIN", description = "Its name.")
    private String domain;

    @Parameters(
        index = "1",
        paramLabel = "SELECTOR",
        description = "What the key is called in DNS.")
    private String selector;

    @Parameters(
        index = "2",
        paramLabel = "FILE",
        description = "The private key: PEM, or an Ed25519 key in base64.")
    private Path file;

    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode made =
          door.call(
              Call.of("PUT", "domains", domain, "dkim", selector)
                  .withBody(new DkimOperations.Import(read(file))));
      if (json()) {
        screen.json(made);
        return;
      }
      if (text(made, "algorithm").equals("rsa") && number(made, "bits") < 2048) {
        screen.line(
            "This key has only "
                + number(made, "bits")
                + " bits; replace it soon by one of 2048 ('hikyaku domain dkim create').");
      }
      toPublish(screen, List.of(made));
    }

    private static String read(Path file) throws Failure {
      try {
        if (Files.size(file) > LONGEST_FILE) {
          throw new Failure(file + " is too large for a key.");
        }
        return Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
      } catch (IOException e) {
        throw new Failure(file + " cannot be read: " + e.getMessage() + ".", e);
      }
    }
  }

  /** What to do with keys that are new. */
  private static void toPublish(Screen screen, List<JsonNode> keys) {
    screen.line(keys.size() == 1 ? "Publish this in DNS:" : "Publish these in DNS:");
    screen.line("");
    for (JsonNode key : keys) {
      screen.line(Asking.text(key, "line"));
    }
    screen.line("");
    screen.line("When they are there, which is looked for, let them sign:");
    screen.line("");
    for (JsonNode key : keys) {
      screen.line(
          "    hikyaku domain dkim activate "
              + Asking.text(key, "domain")
              + " "
              + Asking.text(key, "selector"));
    }
  }

  /** {@code domain dkim list}. */
  @Command(name = "list", description = "List the keys of a domain.")
  static final class Listing extends Asking {
    @Parameters(paramLabel = "DOMAIN", description = "Its name.")
    private String domain;

    @Override
    void run(Door door, Screen screen) throws Failure {
      print(this, screen, domain, door.call(Call.of("GET", "domains", domain, "dkim")));
    }
  }

  private static void print(Asking command, Screen screen, String domain, JsonNode keys) {
    if (command.json()) {
      screen.json(keys);
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode key : keys) {
      rows.add(
          List.of(
              Asking.text(key, "selector"),
              Asking.text(key, "algorithm") + " " + Asking.number(key, "bits"),
              Asking.text(key, "state"),
              day(key, "since"),
              next(key)));
    }
    screen.table(
        List.of("SELECTOR", "KEY", "STATE", "SINCE", "NEXT"),
        rows,
        "%s has no keys, so its mail is not signed; 'hikyaku domain dkim create %s' makes some."
            .formatted(domain, domain));
  }

  private static String day(JsonNode key, String name) {
    String time = Asking.text(key, name);
    return time.substring(0, Math.min(10, time.length()));
  }

  private static String next(JsonNode key) {
    return switch (Asking.text(key, "state")) {
      case "new" -> "publish it, then activate it";
      case "retired" ->
          isUnderWay(key)
              ? "leave it in DNS until " + day(key, "publishedUntil")
              : "take it out of DNS, then delete it";
      default -> "";
    };
  }

  /** Whether mail may be under way that it has signed. */
  private static boolean isUnderWay(JsonNode key) {
    String until = Asking.text(key, "publishedUntil");
    return !until.isEmpty() && Instant.now().isBefore(Instant.parse(until));
  }

  /** {@code domain dkim activate}. */
  @Command(
      name = "activate",
      description = {
        "Let a key sign from now on. One of the same algorithm that did so is retired: it must",
        "stay in DNS for two weeks."
      })
  static final class Activate extends Ordering {
    @Option(names = "--unchecked", description = "Do not look whether it is published.")
    private boolean unchecked;

    Activate() {
      super("activate");
    }

    @Override
    boolean unchecked() {
      return unchecked;
    }
  }

  /** {@code domain dkim retire}. */
  @Command(name = "retire", description = "Let a key sign no longer, without another in its place.")
  static final class Retire extends Ordering {
    Retire() {
      super("retire");
    }

    @Override
    boolean unchecked() {
      return false;
    }
  }

  /** An order for one key. */
  abstract static class Ordering extends Asking {
    @Parameters(index = "0", paramLabel = "DOMAIN", description = "Its name.")
    private String domain;

    @Parameters(index = "1", paramLabel = "SELECTOR", description = "The key, as in the list.")
    private String selector;

    private final String order;

    Ordering(String order) {
      this.order = order;
    }

    abstract boolean unchecked();

    @Override
    void run(Door door, Screen screen) throws Failure {
      print(
          this,
          screen,
          domain,
          door.call(
              Call.of("POST", "domains", domain, "dkim", selector)
                  .withBody(new DkimOperations.Order(order, unchecked()))));
    }
  }

  /** {@code domain dkim delete}. */
  @Command(name = "delete", description = "Forget a key that does not sign, the private half too.")
  static final class Delete extends Asking {
    @Parameters(index = "0", paramLabel = "DOMAIN", description = "Its name.")
    private String domain;

    @Parameters(index = "1", paramLabel = "SELECTOR", description = "The key, as in the list.")
    private String selector;

    @Mixin private Confirmation confirmation;

    @Override
    void run(Door door, Screen screen) throws Failure {
      confirmation.ask("Delete the key " + selector + " of " + domain + "?");
      JsonNode keys = door.call(Call.of("GET", "domains", domain, "dkim"));
      door.call(Call.of("DELETE", "domains", domain, "dkim", selector));
      if (json()) {
        return;
      }
      screen.line("The key " + selector + " of " + domain + " is deleted.");
      for (JsonNode key : keys) {
        if (text(key, "selector").equalsIgnoreCase(selector) && isUnderWay(key)) {
          screen.line(
              "Leave "
                  + text(key, "record")
                  + " in DNS until "
                  + day(key, "publishedUntil")
                  + ": mail may be under way that it has signed.");
        }
      }
    }
  }
}
