package hikyaku.app.docs;

import hikyaku.app.CommandLineAccess;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.Key;
import hikyaku.app.config.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** The documents that are made from the program, by their places in the checkout. */
final class GeneratedDocs {
  private static final int WIDTH = 96;

  /** Their defaults are the machine's. */
  private static final Set<String> MACHINE = Set.of("passwords.hashing.threads");

  private final Path root;
  private final Descriptions descriptions;

  GeneratedDocs(Path root) {
    this.root = root;
    this.descriptions = new Descriptions(root);
  }

  Map<Path, String> all() {
    Map<Path, String> files = new TreeMap<>();
    files.put(Path.of("app/src/main/resources/hikyaku/app/config/hikyaku.toml"), sample());
    files.put(Path.of("docs/manual/configuration.md"), configuration());
    files.put(Path.of("docs/manual/commands.md"), commands());
    files.put(Path.of("docs/protocols.md"), protocols());
    return files;
  }

  // ---- configuration

  private String description(Key key) {
    return descriptions.component(key.component());
  }

  private String sample() {
    StringBuilder text =
        new StringBuilder(
            """
            # Every key of the configuration, with its meaning and, behind the sign #, its default.
            # None is needed. To set one, take away the sign; the table that it stands in stays as it is.
            """);
    for (Key key : Key.of(Configuration.DEFAULTS)) {
      text.append('\n');
      wrap(text, "# ", capital(description(key)));
      if (key.isTable()) {
        text.append('[').append(key.dotted()).append("]\n");
      } else {
        text.append('#').append(assignment(key)).append('\n');
      }
    }
    return text.toString();
  }

  private static String assignment(Key key) {
    return key.path().getLast() + " = " + value(key);
  }

  private static String value(Key key) {
    return MACHINE.contains(key.dotted()) ? "2" : Values.toToml(key.value());
  }

  private String configuration() {
    StringBuilder text =
        new StringBuilder(
            """
            # Configuration

            <!-- Generated from the configuration records by `./hikyaku docs`; change those. -->

            A node is configured by one TOML file, named with `--config FILE`. No key is needed. A key that does
            not exist, or a value that does not fit, keeps the node from starting, and all such mistakes are told at
            once with their lines. `hikyaku config check` looks for them without starting anything,
            `hikyaku config show` prints what is in force, and `hikyaku config reference` prints all of
            this page as a file to begin with.

            Times are written as `"250ms"`, `"30s"`, `"10m"`, `"2h"` or `"7d"`; amounts as numbers or with K, M, G or
            T for powers of 1024, as in `"50M"`, or as `"unlimited"`. What may be empty is written `""`.

            ## Keys outside of tables

            | key | default | meaning |
            |---|---|---|
            """);
    for (Key key : Key.of(Configuration.DEFAULTS)) {
      if (key.isTable()) {
        text.append("\n## `[").append(key.dotted()).append("]`\n\n");
        wrap(text, "", capital(description(key)) + ".");
        boolean hasPlainKeys =
            Key.of((Record) key.value()).stream()
                .anyMatch(inner -> !inner.isTable() && inner.path().size() == 1);
        if (hasPlainKeys) {
          text.append("\n| key | default | meaning |\n|---|---|---|\n");
        }
      } else {
        text.append("| `").append(key.path().getLast()).append("` | ");
        text.append(MACHINE.contains(key.dotted()) ? "of the machine" : "`" + value(key) + "`");
        text.append(" | ").append(capital(description(key)).replace("|", "\\|")).append(" |\n");
      }
    }
    return text.toString();
  }

  // ---- commands

  private String commands() {
    StringBuilder text =
        new StringBuilder(
            """
            # Commands

            <!-- Generated from the command line by `./hikyaku docs`; change that. -->

            """);
    CommandLine main = CommandLineAccess.commandLine();
    text.append("```\n").append(usage(main)).append("```\n");
    main.getSubcommands().forEach((name, command) -> command(text, name, command, 2));
    return text.toString();
  }

  private static void command(StringBuilder text, String name, CommandLine command, int level) {
    boolean hidden = command.getCommandSpec().usageMessage().hidden();
    if (hidden) {
      return;
    }
    text.append('\n').append("#".repeat(level)).append(" hikyaku ").append(name).append("\n\n");
    text.append("```\n").append(usage(command)).append("```\n");
    command
        .getSubcommands()
        .forEach((sub, inner) -> command(text, name + " " + sub, inner, level + 1));
  }

  private static String usage(CommandLine command) {
    return command
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(WIDTH)
        .getUsageMessage(Ansi.OFF)
        .lines()
        .map(String::stripTrailing)
        .reduce("", (all, line) -> all + line + "\n");
  }

  // ---- protocols

  private String protocols() {
    List<String> lines;
    try {
      lines = Files.readAllLines(root.resolve("rfc/index.tsv"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    StringBuilder text =
        new StringBuilder(
            """
            # Protocols

            <!-- Generated from rfc/index.tsv by `./hikyaku docs`; change that. -->

            What of each RFC this release does. *yes*: all that a server of its kind must do, and what else is said
            under remarks; *part*: what the remarks say; *read*: understood in mail that comes in;
            *no*: left out, for the reason under remarks.

            | RFC | title | status | where | remarks |
            |---|---|---|---|---|
            """);
    for (String line : lines.subList(1, lines.size())) {
      List<String> cells = new ArrayList<>(List.of(line.split("\t", -1)));
      if (cells.size() != 5) {
        throw new AssertionError("rfc/index.tsv: five columns are wanted: " + line);
      }
      cells.set(0, "[%1$s](https://www.rfc-editor.org/rfc/rfc%1$s)".formatted(cells.get(0)));
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return text.toString();
  }

  // ---- text

  private static String capital(String text) {
    return text.isEmpty() ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }

  private static void wrap(StringBuilder out, String indent, String text) {
    StringBuilder line = new StringBuilder(indent);
    for (String word : text.split(" ")) {
      if (line.length() > indent.length() && line.length() + 1 + word.length() > WIDTH) {
        out.append(line).append('\n');
        line = new StringBuilder(indent);
      }
      line.append(line.length() > indent.length() ? " " : "").append(word);
    }
    out.append(line).append('\n');
  }
}
