package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku sieve import-forward}, as operators use it who bring users from elsewhere. */
final class ForwardImportTest {
  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  @TempDir private Path homes;

  private record Said(int exit, String out, String err) {}

  @BeforeEach
  void accounts() throws Failure {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      for (String user : List.of("u1", "u2", "u3")) {
        door.call(
            Call.of("POST", "accounts")
                .withBody(
                    new AccountOperations.New(user + "@example.org", "a long password", null)));
      }
    }
  }

  private Said run(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--data", running.configuration().data().toString()));
    int exit =
        Main.commandLine(words)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(line.toArray(String[]::new));
    return new Said(exit, out.toString(), err.toString());
  }

  private Said forward(String... words) {
    List<String> line = new ArrayList<>(List.of("sieve", "import-forward"));
    line.addAll(List.of(words));
    return run(line.toArray(String[]::new));
  }

  private String script(String user) {
    Said said = run("sieve", "get", user + "@example.org", "forward");
    return said.exit == 0 ? said.out : "none";
  }

  private String home(String user, String forward) throws Exception {
    Path file = Files.createDirectories(homes.resolve(user)).resolve(".forward");
    return Files.writeString(file, forward).toString();
  }

  @Test
  void oneFile() throws Exception {
    String file = home("u1", "\\u1, a@b.example, \"|/usr/bin/vacation u1\"\n");
    Said said = forward("u1@example.org=" + file, "--activate");
    String script =
        """
        # From a .forward file.
        # Left out, line 1: |/usr/bin/vacation u1
        #   To answer while away: require "vacation"; vacation "TEXT";
        redirect "a@b.example";
        keep;
        """;
    assertThat(said)
        .isEqualTo(
            new Said(
                0,
                "u1@example.org: script forward stored; it runs from now on (1 address, 1 left"
                    + " out)\n"
                    + script.indent(2),
                ""));
    assertThat(script("u1")).isEqualTo(script);
    assertThat(run("sieve", "list", "u1@example.org").out).containsPattern("forward .*active");
    // Its address and the file may be two words.
    assertThat(forward("u2@example.org", file).exit).isZero();
    assertThat(script("u2")).endsWith("redirect \"u1@example.org\";\nredirect \"a@b.example\";\n");
    assertThat(run("sieve", "list", "u2@example.org").out).doesNotContain("active");
  }

  /** A run that redirects to more than sieve.redirects fails, and redirects to none. */
  @Test
  void whoHasMoreAddressesThanAScriptMayRedirectToIsWarned() throws Exception {
    int most = running.configuration().sieve().redirects();
    String many =
        IntStream.rangeClosed(0, most)
            .mapToObj(i -> "a" + i + "@b.example")
            .collect(Collectors.joining("\n"));
    String file = home("u1", many);
    String warning =
        "hikyaku: u1@example.org: %d addresses, and sieve.redirects allows %d: until it is raised,"
            + " mail stays in the account and goes to none of them.\n";
    for (String how : List.of("--dry-run", "--activate")) {
      Said said = forward("u1@example.org=" + file, how);
      assertThat(said.err).isEqualTo(warning.formatted(most + 1, most));
      assertThat(said.exit).isZero();
    }
    assertThat(script("u1").lines()).hasSize(most + 2);
    file = home("u2", many.substring(many.indexOf('\n')));
    assertThat(forward("u2@example.org=" + file).err).isEmpty();
  }

  @Test
  void aDirectoryOfHomes() throws Exception {
    home("u1", "a@b.example\n");
    home("u2", "\\u2\n\"|procmail\"\n");
    home("gone", "c@d.example\n");
    home("u3", "# Exim filter\n");
    Files.createDirectories(homes.resolve("without"));
    assertThat(forward(homes.toString()).err).contains("say --domain");
    Said dry = forward(homes.toString(), "--domain", "example.org", "--dry-run");
    assertThat(dry.out).contains("  redirect \"a@b.example\";\n").contains("can be taken");
    assertThat(script("u1")).isEqualTo("none");

    Said said = forward(homes.toString(), "--domain", "example.org", "--activate");
    assertThat(said.exit).isEqualTo(1);
    assertThat(said.out)
        .isEqualTo(
            """
            u1@example.org: script forward stored; it runs from now on (1 address)
            u2@example.org: script forward stored; it runs from now on (0 addresses, 1 left out)
              line 2: |procmail
            2 of 4 files taken, 1 of them with something left out; 2 refused.
            """);
    assertThat(said.err.lines())
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).startsWith("hikyaku: gone@example.org: "),
            line ->
                assertThat(line)
                    .startsWith("hikyaku: u3@example.org: ")
                    .endsWith("it is a filter of Exim, which must be written anew."));
    assertThat(script("u1")).endsWith("redirect \"a@b.example\";\n");
    assertThat(script("u2")).endsWith("keep;\n");
    assertThat(script("u3")).isEqualTo("none");
  }

  @Test
  void filesNamedByTheirUsersAndPairs() throws Exception {
    Path directory = Files.createDirectories(homes.resolve("copied"));
    Files.writeString(directory.resolve("u1.forward"), "a@b.example");
    Files.writeString(directory.resolve("u2@example.org"), "c@d.example");
    Files.writeString(directory.resolve("README"), "nothing of the kind");
    Said said =
        forward(
            directory.toString(),
            "u3@example.org=" + home("u3", "/dev/null"),
            "--domain",
            "example.org",
            "--json");
    assertThat(said.exit).as(said.err).isZero();
    JsonNode answer = Json.MAPPER.readTree(said.out);
    assertThat(answer).hasSize(3);
    assertThat(answer.get(2).get("account").asString()).isEqualTo("u3@example.org");
    assertThat(script("u1")).endsWith("redirect \"a@b.example\";\n");
    assertThat(script("u2")).endsWith("redirect \"c@d.example\";\n");
    assertThat(script("u3")).endsWith("discard;\n");
  }

  @Test
  void whatIsNotThereIsSaid() throws Exception {
    Said missing = forward("u1@example.org=" + homes.resolve("nothing"));
    assertThat(missing.exit).isEqualTo(1);
    assertThat(missing.err).contains("u1@example.org: The file ", "cannot be read");
    assertThat(forward("u1@example.org").exit).isEqualTo(2);
    assertThat(forward(homes.toString()).err).contains("no .forward files in " + homes);
  }
}
