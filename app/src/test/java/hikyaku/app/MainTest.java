package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class MainTest {
  private record Said(int exit, String out, String err) {}

  private static Said run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine(arguments)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Said(exit, out.toString(), err.toString());
  }

  /** One that is named is built alone, and must be the one that the whole table has. */
  @Test
  void eachCommandIsThereByItself() {
    CommandLine all = Main.commandLine();
    for (String name : all.getSubcommands().keySet()) {
      CommandLine alone = Main.commandLine(name).getSubcommands().get(name);
      assertThat(alone.getCommandName()).isEqualTo(name);
      assertThat(alone.getUsageMessage())
          .isEqualTo(all.getSubcommands().get(name).getUsageMessage());
    }
  }

  @Test
  void helpSpeaksOfEveryCommand() {
    for (List<String> path : paths(Main.commandLine(), List.of())) {
      List<String> words = new ArrayList<>(List.of("help"));
      words.addAll(path);
      Said said = run(words.toArray(String[]::new));
      assertThat(said.exit).as("%s", words).isZero();
      assertThat(said.out)
          .contains("Usage: " + String.join(" ", "hikyaku", String.join(" ", path)).strip());
    }
    assertThat(run("help", "nothing").exit).isEqualTo(2);
  }

  @Test
  void everyCommandAnswersHelp() {
    List<List<String>> paths = paths(Main.commandLine(), List.of());
    assertThat(paths).contains(List.of("queue", "hold"), List.of("sieve", "all", "put"));
    for (List<String> path : paths) {
      for (String option : List.of("-h", "--help")) {
        List<String> words = new ArrayList<>(path);
        words.add(option);
        Said said = run(words.toArray(String[]::new));
        assertThat(said.exit).as("%s: %s", words, said.err).isZero();
        assertThat(said.out)
            .startsWith("Usage: " + String.join(" ", "hikyaku", String.join(" ", path)).strip());
      }
    }
  }

  /** For work on the program itself: no JDK is looked for, and nothing is built. */
  @Test
  void theScriptTellsOfItsOwnCommands() throws Exception {
    for (String name : List.of("build", "test", "chaos", "fuzz", "lint", "format", "docs")) {
      Process script =
          new ProcessBuilder("../hikyaku", name, "--help").redirectErrorStream(true).start();
      String said = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(script.waitFor()).as(said).isZero();
      assertThat(said).startsWith("Usage: hikyaku " + name);
    }
  }

  private static List<List<String>> paths(CommandLine commandLine, List<String> path) {
    List<List<String>> paths = new ArrayList<>(List.of(path));
    commandLine
        .getSubcommands()
        .forEach((name, command) -> {
          List<String> longer = new ArrayList<>(path);
          longer.add(name);
          paths.addAll(paths(command, longer));
        });
    return paths;
  }

  @Test
  void aWrongCommandLineEndsWithTwo() {
    Said said = run("acount");
    assertThat(said.exit).isEqualTo(2);
    assertThat(said.err).contains("account");
    assertThat(run("account", "add").exit).isEqualTo(2);
    assertThat(run("account", "add", "a@x.test", "--from", "-").exit).isEqualTo(2);
    assertThat(run("account", "add", "--from", "-", "--password-stdin").exit).isEqualTo(2);
  }

  @Test
  void aFailureIsOneSentenceAndEndsWithOne() {
    Said said = run("stats", "--data", "no/such/directory");
    assertThat(said.exit).isEqualTo(1);
    assertThat(said.err.lines()).hasSize(1);
    assertThat(said.err).startsWith("hikyaku: There is no data in ").contains("'hikyaku up'");
  }
}
