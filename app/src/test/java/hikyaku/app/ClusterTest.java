package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationAccess;
import hikyaku.server.ops.NodeStatus.ListenerView;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node's name, roles and key, and the commands on the cluster. */
final class ClusterTest {
  private static final String ROLES = "[node]\nname = \"n7\"\nroles = [\"imap\", \"mx\"]\n";

  @TempDir Path directory;

  private Configuration configuration(String text) throws Exception {
    Configuration read = ConfigurationAccess.parse(text);
    return read.withHostname("mail.test")
        .withData(directory.resolve("data"))
        .withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  private static Node start(Configuration configuration) throws Failure {
    return new Node(configuration, DataDirectory.take(configuration.data()).orElseThrow());
  }

  private record Said(int exit, String out, String err) {}

  private Said run(String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--data", directory.resolve("data").toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine(words)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(line.toArray(String[]::new));
    return new Said(exit, out.toString(), err.toString());
  }

  private String ok(String... words) {
    Said said = run(words);
    assertThat(said.exit).as(said.err).isZero();
    return said.out;
  }

  private String refused(String... words) {
    Said said = run(words);
    assertThat(said.exit).isEqualTo(1);
    return said.err;
  }

  @Test
  void aNodeDoesWhatItsRolesSay() throws Exception {
    try (Node node = start(configuration(ROLES))) {
      assertThat(node.status().listeners())
          .extracting(ListenerView::name)
          .containsExactlyInAnyOrder("imap", "imaps", "smtp");
      try (Dialogue imap = new Dialogue(port(node, "imap"))) {
        imap.await("* OK");
        assertThat(ok("nodes"))
            .containsPattern(
                "n7 +up +mx,imap +" + Version.PROGRAM + " .* 100 +common +imap 1 +good\n");
      }
    }
  }

  private static int port(Node node, String listener) {
    return node.status().listeners().stream()
        .filter(view -> view.name().equals(listener))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whatIsWantedOfANodeOutlastsIt() throws Exception {
    Configuration configuration = configuration(ROLES);
    try (Node _ = start(configuration)) {
      assertThat(refused("node", "drain", "n7"))
          .contains("the role mx")
          .contains("the role imap")
          .contains("--force");
      assertThat(ok("node", "drain", "n7", "--force")).contains("n7 is drained");
      ok("node", "weight", "n7", "30");
      assertThat(refused("node", "weight", "n7", "2000")).contains("1000");
      assertThat(refused("node", "drain", "n8")).contains("There is no node n8");
      assertThat(refused("node", "forget", "n7")).contains("stop it first");
    }
    assertThat(ok("nodes")).contains(" left ");
    try (Node _ = start(configuration)) {
      assertThat(ok("node", "show", "n7")).contains("draining, weight 30").contains("good");
      assertThat(ok("nodes", "--json")).contains("\"state\" : \"draining\"");
      ok("node", "undrain", "n7");
      assertThat(ok("node", "show", "n7")).contains("active, weight 30");
    }
    ok("node", "forget", "n7");
    assertThat(ok("nodes")).contains("No node has ever run here.");
  }

  @Test
  void withoutTheRightKeyANodeDoesNotStart() throws Exception {
    Configuration configuration = configuration("");
    start(configuration).close();
    Path file = directory.resolve("data").resolve("secret.key");
    String right = ok("key", "show", "--secret").strip();
    String fingerprint = ok("key", "show").split(" ", 2)[0];
    assertThat(right).doesNotContain(fingerprint);

    Files.delete(file);
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> start(configuration))
        .withMessageContaining(fingerprint)
        .withMessageContaining("'hikyaku key install'");
    assertThat(file).doesNotExist();

    String wrong = "00".repeat(32);
    typed(wrong, () -> ok("key", "install"));
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> start(configuration))
        .withMessageContaining(fingerprint)
        .withMessageContaining("'hikyaku key show --secret'");
    typed(right, () -> assertThat(refused("key", "install")).contains("--replace"));
    typed("no key", () -> assertThat(refused("key", "install")).contains("no key"));
    typed(right, () -> ok("key", "install", "--replace"));
    try (Node _ = start(configuration)) {
      typed(right, () -> assertThat(refused("key", "install")).contains("in use"));
    }

    Files.delete(file);
    ok("key", "adopt", "--yes");
    assertThat(ok("key", "show").split(" ", 2)[0]).isNotEqualTo(fingerprint);
    start(configuration).close();
  }

  @Test
  void aKeyThatIsConfiguredIsNotMade() throws Exception {
    Path file = directory.resolve("mounted.key");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> start(configuration("[node]\nkey-file = \"" + file + "\"\n")))
        .withMessageContaining("There is no key in " + file);
    assertThat(file).doesNotExist();
  }

  private static void typed(String line, Runnable command) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream((line + "\n").getBytes(StandardCharsets.US_ASCII)));
    try {
      command.run();
    } finally {
      System.setIn(before);
    }
  }
}
