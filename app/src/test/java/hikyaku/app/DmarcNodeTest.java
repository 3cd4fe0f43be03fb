package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.Json;
import hikyaku.server.testing.DnsStub;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TestClock;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** From mail that passes and mail that does not to what the domain of its author reads of it. */
final class DmarcNodeTest {
  private static final String DMARC = "dmarc@example.org";

  @TempDir Path directory;

  private final TestClock clock = new TestClock();

  private Path config() {
    return directory.resolve("a.toml");
  }

  private Configuration configuration(MailSink other, DnsStub dns) throws Exception {
    Files.writeString(
        config(),
        """
        hostname = "mx.example.org"
        [queue]
        relay = "smtp+plain://127.0.0.1:%d"
        [dns]
        resolvers = ["%s"]
        [origin]
        trusted = []
        [dmarc-reports]
        enabled = true
        contact = "dmarc@example.org"
        address = "dmarc@example.org"
        [housekeeping]
        compact-every = "200ms"
        """
            .formatted(other.port(), dns.address()));
    Configuration read = ConfigurationFile.read(config());
    return read.withData(directory.resolve("a"))
        .withHostname("mx.example.org")
        .withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  private String command(int exit, String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(
        List.of("--data", directory.resolve("a").toString(), "--config", config().toString()));
    int status =
        Main.commandLine(words)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(line.toArray(String[]::new));
    assertThat(status).as(err.toString()).isEqualTo(exit);
    return out.toString();
  }

  private static int port(Node node) {
    return node.status().listeners().stream()
        .filter(view -> view.name().equals("smtp"))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }

  private static void send(
      Node node, String helo, String from, String to, String text, String answer) throws Exception {
    try (Dialogue smtp = new Dialogue(port(node))) {
      smtp.await("220");
      smtp.say("EHLO " + helo, "250 ");
      smtp.say("MAIL FROM:<" + from + ">", "250");
      smtp.say("RCPT TO:<" + to + ">", "250");
      smtp.say("DATA", "354");
      smtp.say(text + "\r\n.", answer);
    }
  }

  /** Of mail that was taken and of mail that was not, by whoever asks. */
  private boolean areVerdictsTold() {
    String told = command(0, "trace", "alice@example.org").replaceAll("\\s+", " ");
    return told.contains("message delivered")
        && told.contains("origin=spf=pass, spf=pass, dkim=none, dmarc=pass author=a.test")
        && told.contains("message refused")
        && told.contains("origin=spf=none, dkim=none, dmarc=fail author=a.test");
  }

  @Test
  void whatCameInIsReportedAndReadBySomebodyElse() throws Exception {
    try (MailSink other = MailSink.willing();
        DnsStub dns = new DnsStub()) {
      dns.publish(
          """
          a.test. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"
          _dmarc.a.test. 300 IN TXT "v=DMARC1; p=reject; rua=mailto:r@a.test"
          c.test. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"
          _dmarc.c.test. 300 IN TXT "v=DMARC1; p=none; rua=mailto:r@c.test"
          mx.example.org. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"
          _dmarc.example.org. 300 IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
          """);
      Configuration configuration = configuration(other, dns);
      try (Node node =
          new Node(configuration, DataDirectory.take(configuration.data()).orElseThrow(), clock)) {
        command(0, "domain", "add", "example.org");
        try (Door door = Door.open(configuration)) {
          door.call(
              Call.of("POST", "accounts")
                  .withBody(new AccountOperations.New(DMARC, "correct horse battery", null)));
          door.call(
              Call.of("POST", "accounts")
                  .withBody(
                      new AccountOperations.New(
                          "alice@example.org", "correct horse battery", null)));
        }
        String mail = "From: jo@a.test\r\nSubject: s\r\n\r\nhello";
        send(node, "a.test", "jo@a.test", "alice@example.org", mail, "250");
        send(node, "a.test", "jo@a.test", "alice@example.org", mail, "250");
        send(node, "b.test", "jo@b.test", "alice@example.org", mail, "550 5.7.26");
        MailSink.until("both verdicts", this::areVerdictsTold);
        clock.advance(Duration.ofHours(15));
        MailSink.Taken report = other.await(1).getFirst();
        assertThat(report.to()).containsExactly("r@a.test");
        assertThat(report.text())
            .contains("Subject: Report Domain: a.test Submitter: mx.example.org\n");

        // Now a.test is here too, and gets it back.
        assertThat(command(0, "dmarc", "reports")).isEqualTo("There are no reports.\n");
        command(0, "domain", "add", "a.test");
        send(
            node,
            "mx.example.org",
            "",
            DMARC,
            report.text().replace("\r\n", "\n").stripTrailing().replace("\n", "\r\n"),
            "250");
        MailSink.until("it was read", () -> command(0, "dmarc", "reports").contains("a.test: "));
        assertThat(command(0, "dmarc", "reports", "a.test"))
            .contains("a.test: 1 reports by example.org, of 2026-11-22T00:00:00Z to 2026-11-22T23:")
            .containsPattern("SOURCE +MESSAGES +PASS +DKIM +SPF +BECAME")
            .containsPattern("127.0.0.1 +3 +2 +0 +2 +pass 2, reject 1 +a.test +example.org");
        JsonNode json = Json.MAPPER.readTree(command(0, "dmarc", "reports", "A.test", "--json"));
        assertThat(json.get(0).get("sources").get(0).get("messages").asLong()).isEqualTo(3);
        assertThat(command(0, "dmarc", "reports", "example.org")).contains("no reports");

        // The next day is another report.
        clock.advance(Duration.ofDays(1));
        send(
            node,
            "c.test",
            "jo@c.test",
            "alice@example.org",
            mail.replace("a.test", "c.test"),
            "250");
        clock.advance(Duration.ofDays(1));
        assertThat(other.await(2))
            .extracting(taken -> taken.to().getFirst())
            .containsExactly("r@a.test", "r@c.test");
        String records = command(4, "dns", "a.test");
        assertThat(records)
            .contains(
                "rua=mailto:dmarc@example.org\"",
                "a.test._report._dmarc.example.org. 3600 IN TXT \"v=DMARC1\"");
      }
      try (Door door = Door.open(configuration)) {
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
    }
  }
}
