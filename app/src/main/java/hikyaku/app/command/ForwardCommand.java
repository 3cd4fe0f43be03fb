package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Json;
import hikyaku.server.ops.SieveOperations;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hikyaku sieve import-forward}. */
@Command(
    name = "import-forward",
    description = {
      "Store what .forward files of another mail server say as scripts of accounts.",
      "Addresses, names of users and /dev/null are taken. Programs, files and lists are left out: a"
          + " comment in the script says what to do in place of them.",
      "Ends with 1 if a file could not be taken; the others are."
    })
final class ForwardCommand extends Asking {
  /** The script's name. */
  private static final String NAME = "forward";

  private static final Pattern PAIR = Pattern.compile("(.+@[^@=/]+)=(.+)");

  @Parameters(
      arity = "1..*",
      paramLabel = "WHAT",
      description =
          "ADDRESS=FILE for an account's file, or a directory: one of home directories with a"
              + " .forward each, or of files named by addresses. An ADDRESS and a FILE behind it"
              + " are taken too.")
  private List<String> what;

  @Option(
      names = "--domain",
      paramLabel = "DOMAIN",
      description = "Of the accounts of users in a directory.")
  private String domain = "";

  @Option(names = "--activate", description = "Let them run from now on.")
  private boolean activate;

  @Option(names = "--dry-run", description = "Only show the scripts.")
  private boolean dryRun;

  private int refused;

  @Override
  void run(Door door, Screen screen) throws Failure {
    List<ForwardSource> sources = sources();
    ArrayNode answer = Json.MAPPER.createArrayNode();
    int incomplete = 0;
    int most = door.call(Call.of("GET", "sieve")).path("redirects").asInt();
    for (ForwardSource source : sources) {
      ObjectNode told = answer.addObject().put("account", source.account());
      told.put("file", source.file().toString());
      try {
        ForwardFile.Script script = read(source);
        if (!dryRun) {
          store(door, source.account(), script);
        }
        incomplete += script.leftOut().isEmpty() ? 0 : 1;
        told.put("script", script.sieve());
        told.set("leftOut", Json.MAPPER.valueToTree(script.leftOut()));
        told.put("tooMany", script.redirects() > most);
        if (!json()) {
          tell(screen, source, script, sources.size() == 1);
        }
        if (script.redirects() > most) {
          warn(source, script.redirects(), most);
        }
      } catch (Failure e) {
        refused++;
        told.put("refused", e.getMessage());
        notes()
            .line(
                "hikyaku: "
                    + source.account()
                    + ": "
                    + Screen.printable(String.valueOf(e.getMessage())));
      }
    }
    if (json()) {
      screen.json(answer);
    } else if (sources.size() > 1) {
      int taken = sources.size() - refused;
      screen.line(
          "%d of %d files %s, %d of them with something left out; %d refused."
              .formatted(
                  taken, sources.size(), dryRun ? "can be taken" : "taken", incomplete, refused));
    }
  }

  @Override
  int exitCode() {
    return refused == 0 ? 0 : 1;
  }

  private List<ForwardSource> sources() throws Failure {
    List<ForwardSource> sources = new ArrayList<>();
    for (int i = 0; i < what.size(); i++) {
      String each = what.get(i);
      Matcher pair = PAIR.matcher(each);
      if (Files.isDirectory(Path.of(each))) {
        sources.addAll(ForwardSource.in(Path.of(each), domain));
      } else if (pair.matches()) {
        sources.add(new ForwardSource(pair.group(1), Path.of(pair.group(2))));
      } else if (each.contains("@") && i + 1 < what.size()) {
        i++;
        sources.add(new ForwardSource(each, Path.of(what.get(i))));
      } else {
        throw wrong("\"" + each + "\" is neither ADDRESS=FILE nor a directory.");
      }
    }
    return sources;
  }

  private static ForwardFile.Script read(ForwardSource source) throws Failure {
    String text = new String(SieveTrial.octets(source.file()), StandardCharsets.UTF_8);
    try {
      return ForwardFile.toSieve(text, source.account());
    } catch (IllegalArgumentException e) {
      throw new Failure(source.file() + " cannot be taken: " + e.getMessage() + ".", e);
    }
  }

  /** The script runs as it is once more redirects are allowed. */
  private void warn(ForwardSource source, int redirects, int most) {
    notes()
        .line(
            "hikyaku: "
                + Screen.printable(source.account())
                + ": "
                + redirects
                + " addresses, and sieve.redirects allows "
                + most
                + ": until it is raised, mail stays in the account and goes to none of them.");
  }

  private void store(Door door, String account, ForwardFile.Script script) throws Failure {
    door.call(
        Call.of("PUT", "accounts", account, "sieve", NAME)
            .withOctets(script.sieve().getBytes(StandardCharsets.UTF_8)));
    if (activate) {
      door.call(
          Call.of("PUT", "accounts", account, "sieve")
              .withBody(new SieveOperations.Activation(NAME)));
    }
  }

  /**
   * @param alone whether it is the only one, so that there is room for all of it
   */
  private void tell(Screen screen, ForwardSource source, ForwardFile.Script script, boolean alone) {
    String state = dryRun ? "" : activate ? " stored; it runs from now on" : " stored";
    String left = script.leftOut().isEmpty() ? "" : ", " + script.leftOut().size() + " left out";
    screen.line(
        Screen.printable(source.account())
            + ": script "
            + NAME
            + state
            + " ("
            + (script.redirects() == 1 ? "1 address" : script.redirects() + " addresses")
            + left
            + ")");
    if (alone || dryRun) {
      script.sieve().lines().forEach(line -> screen.line("  " + Screen.printable(line)));
      return;
    }
    for (ForwardFile.LeftOut each : script.leftOut()) {
      screen.line("  line " + each.line() + ": " + each.entry());
    }
  }
}
