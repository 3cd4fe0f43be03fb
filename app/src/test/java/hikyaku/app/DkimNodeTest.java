package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.testing.DnsStub;
import hikyaku.server.testing.MailSink;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Keys and DNS records by commands, from none to signed mail and on to the next key. */
final class DkimNodeTest {
  private static final String ALICE = "alice@example.org";
  private static final String PASSWORD = "correct horse battery";

  @TempDir Path directory;

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
        """
            .formatted(other.port(), dns.address()));
    Configuration read = ConfigurationFile.read(config());
    return read.withData(directory.resolve("a"))
        .withHostname("mx.example.org")
        .withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  private record Said(int exit, String out, String err) {
    Said ok() {
      assertThat(exit).as(err).isZero();
      return this;
    }
  }

  private Said command(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(
        List.of("--data", directory.resolve("a").toString(), "--config", config().toString()));
    int exit =
        Main.commandLine(words)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(line.toArray(String[]::new));
    return new Said(exit, out.toString(), err.toString());
  }

  private static int port(Node node) {
    return node.status().listeners().stream()
        .filter(view -> view.name().equals("submission"))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }

  private static void send(Node node) throws Exception {
    try (Dialogue submission = new Dialogue(port(node))) {
      submission.await("220");
      submission.say("EHLO c", "250 ");
      byte[] login = ("\0" + ALICE + "\0" + PASSWORD).getBytes(StandardCharsets.UTF_8);
      submission.say("AUTH PLAIN " + Base64.getEncoder().encodeToString(login), "235");
      submission.say("MAIL FROM:<" + ALICE + ">", "250");
      submission.say("RCPT TO:<bob@else.test>", "250");
      submission.say("DATA", "354");
      submission.say("From: " + ALICE + "\r\nSubject: s\r\n\r\nhello\r\n.", "250");
    }
  }

  private static List<String> selectors(String text) {
    return text.lines()
        .filter(line -> line.contains("dkim activate"))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .toList();
  }

  private static List<String> signedBy(MailSink.Taken taken) {
    return taken
        .text()
        .lines()
        .filter(line -> line.startsWith("\ts="))
        .map(line -> line.replaceAll("\ts=(.*); t=.*", "$1"))
        .toList();
  }

  @Test
  void aDomainComesToSignAndItsKeysAreReplaced() throws Exception {
    try (MailSink other = MailSink.willing();
        DnsStub dns = new DnsStub()) {
      Configuration configuration = configuration(other, dns);
      try (Node node = start(configuration)) {
        follow(node, configuration, other, dns);
      }
    }
  }

  private void follow(Node node, Configuration configuration, MailSink other, DnsStub dns)
      throws Exception {
    command("domain", "add", "example.org").ok();
    try (Door door = Door.open(configuration)) {
      door.call(
          Call.of("POST", "accounts").withBody(new AccountOperations.New(ALICE, PASSWORD, null)));
    }
    assertThat(command("domain", "dkim", "list", "example.org").out()).contains("has no keys");
    send(node);
    assertThat(signedBy(other.await(1).getFirst())).isEmpty();

    String created = command("domain", "dkim", "create", "example.org").ok().out();
    List<String> keys = selectors(created);
    assertThat(keys).hasSize(2);
    Said early = command("domain", "dkim", "activate", "example.org", keys.getFirst());
    assertThat(early.exit()).isEqualTo(1);
    assertThat(early.err()).contains("is not published");
    Said missing = command("dns", "example.org");
    assertThat(missing.exit()).isEqualTo(4);
    assertThat(missing.out()).contains("; MISSING", " IN MX 10 mx.example.org.");

    // What is printed is what a name server reads.
    dns.publish(missing.out() + "mx.example.org. 60 IN A 192.0.2.7\n");
    dns.publish("7.2.0.192.in-addr.arpa. 60 IN PTR mx.example.org.\n");
    Said right = command("dns", "example.org").ok();
    assertThat(right.out()).doesNotContain("MISSING", "DIFFERS", "NOT TO BE");
    assertThat(command("dns", "example.org", "--host", "other.example.org").exit()).isEqualTo(4);
    for (String key : keys) {
      assertThat(command("domain", "dkim", "activate", "example.org", key).ok().out())
          .contains(key);
    }
    send(node);
    assertThat(signedBy(other.await(2).getLast())).isEqualTo(keys);

    Path pem = directory.resolve("old.pem");
    Files.writeString(pem, "fL+5V9EquCZAovKik3pA6Lk9zwCzoEtjIuIqK9ZXHHA=\n");
    String imported =
        command("domain", "dkim", "import", "example.org", "Old", pem.toString()).ok().out();
    assertThat(imported).contains("p=yi50DjK5O9pqbFpNHklsv9lqaS0ArSYu02qp1S0DW1Y=");
    command("domain", "dkim", "activate", "example.org", "old", "--unchecked").ok();
    send(node);
    assertThat(signedBy(other.await(3).getLast())).containsExactly(keys.getFirst(), "old");
    String list = command("domain", "dkim", "list", "example.org").ok().out();
    assertThat(list).contains("leave it in DNS until", "retired", "active");

    assertThat(command("domain", "dkim", "delete", "example.org", "old", "--yes").err())
        .contains("signs; activate another or retire it before");
    String deleted =
        command("domain", "dkim", "delete", "example.org", keys.getLast(), "--yes").ok().out();
    assertThat(deleted).contains("Leave " + keys.getLast() + "._domainkey.example.org in DNS");
    command("domain", "dkim", "retire", "example.org", "old").ok();
    assertThat(states()).isEqualTo(keys.getFirst() + " active, old retired");

    command("account", "delete", ALICE, "--yes").ok();
    command("domain", "delete", "example.org", "--yes").ok();
    command("domain", "add", "example.org").ok();
    assertThat(states()).isEmpty();
  }

  private static Node start(Configuration configuration) throws Failure {
    return new Node(
        configuration, DataDirectory.take(configuration.data()).orElseThrow(), Clock.systemUTC());
  }

  private String states() throws Failure {
    List<String> states = new ArrayList<>();
    String json = command("domain", "dkim", "list", "example.org", "--json").ok().out();
    for (JsonNode key : hikyaku.server.ops.Json.MAPPER.readTree(json)) {
      states.add(key.get("selector").asString() + " " + key.get("state").asString());
    }
    return states.stream().collect(Collectors.joining(", "));
  }
}
