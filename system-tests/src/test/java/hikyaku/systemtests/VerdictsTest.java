package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.fixtures.Machine;
import hikyaku.systemtests.internet.Internet;
import hikyaku.systemtests.internet.Judges;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whom mail is from, as this server sees it and as OpenDKIM, OpenDMARC, dkimpy and two tools for
 * SPF see it: each difference is known, and has its reason beside it.
 */
class VerdictsTest {
  private static final String USER = "anna@hikyaku.example";

  private static final String SETTINGS =
      """
      hostname = "mail.hikyaku.example"
      [listen]
      standard-ports = true
      [origin]
      trusted = []
      deadline = "2m"
      """;

  @TempDir Path directory;

  @Test
  void othersJudgeTheSame() throws Exception {
    String hindrance = Internet.hindrance();
    assumeTrue(hindrance.isEmpty(), "others are not asked: " + hindrance);
    Path programs = Node.unpackedServers(directory);
    // Has the packages for Python installed.
    Path home = Files.createDirectories(directory.resolve("keys"));
    Node.installClients(directory);
    String script = script().toString();
    Ran zone = Ran.in(directory, "/usr/bin/python3", "-B", script, "zone", home.toString()).ok();
    try (Judges judges = new Judges(directory.resolve("judges"), programs, zone.output())) {
      judges.start();
      Machine machine = judges.ours();
      try (Node node = Node.on(machine, directory.resolve("node"), SETTINGS, Map.of())) {
        node.start();
        node.command("", "domain", "add", "hikyaku.example").ok();
        node.command(Node.PASSWORD + "\n", "account", "add", USER, "--password-stdin").ok();
        List<String> compare =
            judges
                .tools()
                .line(
                    List.of(
                        "/usr/bin/python3",
                        "-B",
                        script,
                        "run",
                        home.toString(),
                        machine.address() + ",::1",
                        Node.PASSWORD));
        Ran compared = Ran.in(directory, compare.toArray(String[]::new));
        assertThat(compared.exit()).as(compared.output() + judges.logs() + node.logTail()).isZero();
      }
    }
  }

  private static Path script() throws Exception {
    URL script = Objects.requireNonNull(VerdictsTest.class.getResource("verdicts/compare.py"));
    return Path.of(script.toURI());
  }
}
