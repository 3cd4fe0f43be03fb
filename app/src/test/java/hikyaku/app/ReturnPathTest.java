package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DkimOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.LimitOperations;
import hikyaku.server.ops.SieveOperations;
import hikyaku.server.testing.DnsStub;
import hikyaku.server.testing.MailSink;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mail that a script sends on, and the reports that come back for it. */
final class ReturnPathTest {
  /** What users hear of their script, once a day. */
  private static final String NOTICE = "Your filter script \"main\" could not be carried out";

  private static final String ALICE = "alice@example.org";
  private static final String AUTHOR = "author@far.example";

  @TempDir Path directory;

  private Configuration configuration(MailSink other) throws Exception {
    return configuration(other, "enabled = false");
  }

  private Configuration configuration(MailSink other, String origin) throws Exception {
    return configuration(other, origin, "1s");
  }

  private Configuration configuration(MailSink other, String origin, String retry)
      throws Exception {
    Path file = directory.resolve("a.toml");
    Files.writeString(
        file,
        """
        hostname = "mx.example.org"
        [origin]
        %s
        [queue]
        relay = "smtp+plain://127.0.0.1:%d"
        first-retry = "%s"
        """
            .formatted(origin, other.port(), retry));
    Configuration read = ConfigurationFile.read(file);
    return read.withData(directory.resolve("a"))
        .withHostname("mx.example.org")
        .withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  private static int port(Node node) {
    return node.status().listeners().stream()
        .filter(view -> view.name().equals("smtp"))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }

  private static void redirects(Configuration configuration, String... to) throws Failure {
    account(configuration);
    StringBuilder script = new StringBuilder();
    for (String each : to) {
      script.append("redirect \"").append(each).append("\";\n");
    }
    activate(configuration, script.toString());
  }

  private static void account(Configuration configuration) throws Failure {
    try (Door door = Door.open(configuration)) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "accounts")
              .withBody(new AccountOperations.New(ALICE, "a long password", "Alice")));
    }
  }

  private static void activate(Configuration configuration, String script) throws Failure {
    try (Door door = Door.open(configuration)) {
      door.call(
          Call.of("PUT", "accounts", ALICE, "sieve", "main")
              .withOctets(script.getBytes(StandardCharsets.UTF_8)));
      door.call(
          Call.of("PUT", "accounts", ALICE, "sieve")
              .withBody(new SieveOperations.Activation("main")));
    }
  }

  private static void deliver(Node node, String from, String to, String subject) throws Exception {
    deliver(node, from, to, "Comments: a test", subject);
  }

  private static void deliver(Node node, String from, String to, String field, String subject)
      throws Exception {
    try (Dialogue smtp = new Dialogue(port(node))) {
      smtp.await("220");
      smtp.say("EHLO far.example", "250 ");
      smtp.say("MAIL FROM:<" + from + ">", "250");
      smtp.say("RCPT TO:<" + to + ">", "250");
      smtp.say("DATA", "354");
      smtp.say(field + "\r\nSubject: " + subject + "\r\n\r\nhello\r\n.", "250");
      smtp.say("QUIT", "221");
    }
  }

  @Test
  void whatIsSentOnComesBackToItsAuthorIfItFails() throws Exception {
    try (MailSink other =
        new MailSink((line, _) -> line.startsWith("RCPT TO:<no") ? "550 5.1.1 nobody" : null)) {
      Configuration configuration = configuration(other);
      String path;
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        redirects(configuration, "bob@else.test", "nobody@else.test");
        deliver(node, AUTHOR, ALICE, "one");
        // The next server refuses one of them; of that the author hears from here.
        List<MailSink.Taken> taken = other.await(2);
        MailSink.Taken on = of(taken, "bob@else.test");
        assertThat(on.from())
            .matches("SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=far.example=author@example.org");
        assertThat(on.text()).contains("\nSubject: one\n").doesNotContain("Return-Path");
        MailSink.Taken report = of(taken, AUTHOR);
        assertThat(report.from()).isEmpty();
        assertThat(report.text()).contains("nobody@else.test", "\nStatus: 5.1.1\n");
        path = on.from();
        // The other side has it before it is written down, and what is not is sent again.
        MailSink.until("an empty queue", () -> ask(configuration, "queue").contains("\"all\":0"));
      }
      // It is known after a restart, and to every node that has the key.
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        deliver(node, "", path, "two");
        MailSink.Taken bounce = other.await(3).getLast();
        assertThat(bounce.from()).isEmpty();
        assertThat(bounce.to()).containsExactly(AUTHOR);
        assertThat(bounce.text()).startsWith("Received: from far.example").contains("Subject: two");
        // A search has two seconds, and a machine may stand still for as long.
        MailSink.until(
            "its story",
            () ->
                Stream.of("message queued", "message sent", path)
                    .allMatch(ask(configuration, "cluster", "mail", AUTHOR)::contains));
      }
      try (Door door = Door.open(configuration)) {
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
    }
  }

  @Test
  void whatAnAliasSendsOnHasAReturnPathAndASeal() throws Exception {
    AtomicBoolean willing = new AtomicBoolean();
    try (DnsStub dns = new DnsStub();
        MailSink other =
            new MailSink((line, _) ->
                willing.get() || !line.startsWith("MAIL") ? null : "451 4.3.0 later")) {
      Configuration configuration =
          configuration(
              other, "trusted = []\n[dns]\nresolvers = [\"%s\"]".formatted(dns.address()));
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        String selector;
        try (Door door = Door.open(configuration)) {
          door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
          selector =
              door.call(
                      Call.of("POST", "domains", "example.org", "dkim")
                          .withBody(new DkimOperations.New(List.of("rsa"), null)))
                  .get(0)
                  .get("selector")
                  .asString();
          door.call(
              Call.of("POST", "domains", "example.org", "dkim", selector)
                  .withBody(new DkimOperations.Order("activate", true)));
          door.call(
              Call.of("PUT", "aliases", "team@example.org")
                  .withBody(Map.of("targets", List.of("bob@else.test"))));
        }
        deliver(node, AUTHOR, "team@example.org", "for all");
        String id = ask(configuration, "queue").replaceFirst("(?s).*?\"id\":\"([^\"]+)\".*", "$1");
        String shown = command("queue", "show", id);
        assertThat(shown)
            .containsPattern("(?m)^sender +" + AUTHOR + "$")
            .containsPattern("(?m)^return path +SRS0=.*=far.example=author@example.org$");
        willing.set(true);
        MailSink.Taken on = other.await(1).getFirst();
        assertThat(shown).contains(on.from());
        assertThat(on.to()).containsExactly("bob@else.test");
        assertThat(on.text())
            .startsWith("ARC-Seal: i=1; a=rsa-sha256;")
            .contains("\nARC-Message-Signature: i=1;", "\nARC-Authentication-Results: i=1;")
            .contains("\nDelivered-To: team@example.org\n", "\nSubject: for all\n");
        String key = selector + "._domainkey.example.org";
        awaitTrace(AUTHOR, "message queued", "sealed=" + key, "message sent");
        // The same of what a script sends on.
        try (Door door = Door.open(configuration)) {
          door.call(
              Call.of("POST", "accounts")
                  .withBody(new AccountOperations.New(ALICE, "a long password", "Alice")));
        }
        activate(configuration, "redirect \"carol@else.test\";");
        deliver(node, "second@far.example", ALICE, "for one");
        assertThat(other.await(2).getLast().text()).startsWith("ARC-Seal: i=1; a=rsa-sha256;");
        awaitTrace("second@far.example", "into=" + ALICE + " sent on", "sealed=" + key);
      }
    }
  }

  /** A script goes no way round what is wanted of its account. */
  @Test
  void scriptsSendNoMoreThanTheirAccountMay() throws Exception {
    try (MailSink other = MailSink.willing()) {
      Configuration configuration = configuration(other);
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        redirects(configuration, "bob@else.test");
        command("sending", "hold", ALICE, "--reason", "it was somebody else");
        assertThat(command("sending", "list", "--held")).contains(ALICE);
        assertThat(command("sending", "show", ALICE)).contains("it was somebody else");
        deliver(node, AUTHOR, ALICE, "held");
        assertThat(inbox(configuration)).containsExactlyInAnyOrder("held", NOTICE);
        command("sending", "release", ALICE);
        assertThat(command("sending", "list", "--held")).doesNotContain(ALICE);
        deliver(node, AUTHOR, ALICE, "released");
        assertThat(other.await(1).getFirst().text()).contains("\nSubject: released\n");
        try (Door door = Door.open(configuration)) {
          door.call(
              Call.of("PUT", "limits", "account:" + ALICE, "recipients-hour")
                  .withBody(new LimitOperations.Wanted(1, null)));
        }
        deliver(node, AUTHOR, ALICE, "one too many");
        assertThat(inbox(configuration)).containsExactlyInAnyOrder("held", NOTICE, "one too many");
        assertThat(command("sieve", "list", ALICE)).contains("send at most 1 mails in an hour");
      }
      assertThat(other.taken()).hasSize(1);
    }
  }

  /** What its scripts queued is its own, as far as it may go out. */
  @Test
  void whatScriptsQueuedIsHeldWithTheirAccount() throws Exception {
    AtomicBoolean willing = new AtomicBoolean();
    try (MailSink other =
        new MailSink(
            (line, _) -> willing.get() || !line.startsWith("MAIL") ? null : "451 4.3.0 later")) {
      Configuration configuration = configuration(other, "enabled = false", "1h");
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        account(configuration);
        activate(
            configuration,
            """
            require ["vacation", "enotify", "copy"];
            notify :message "news" "mailto:mobile@else.test";
            vacation :addresses "alice@example.org" "away";
            redirect :copy "bob@else.test";
            """);
        deliver(node, AUTHOR, ALICE, "To: alice@example.org", "one");
        try (Door door = Door.open(configuration)) {
          door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.net")));
          door.call(
              Call.of("PUT", "aliases", "team@example.net")
                  .withBody(Map.of("targets", List.of("eve@else.test"))));
        }
        deliver(node, AUTHOR, "team@example.net", "for the team");
        MailSink.until(
            "all were tried",
            () -> command("queue", "list").split("451 4.3.0 later", -1).length == 5);
        assertThat(command("queue", "list", "--account", ALICE).lines().skip(1)).hasSize(3);
        command("sending", "hold", ALICE, "--reason", "it was somebody else");
        willing.set(true);
        command("queue", "retry", "--all");
        // An alias is nobody's script.
        assertThat(other.await(1).getFirst().to()).containsExactly("eve@else.test");
        String held = command("queue", "list", "--held");
        assertThat(held).contains("bob@else.test", "mobile@else.test", AUTHOR);
        assertThat(held.lines().skip(1)).hasSize(3);
        String id = held.lines().skip(1).findFirst().orElseThrow().split(" ")[0];
        assertThat(command("queue", "show", id))
            .containsPattern("(?m)^account +alice@example.org, by a script or a mailing list$");
        deliver(node, "another@far.example", ALICE, "To: alice@example.org", "two");
        assertThat(inbox(configuration)).containsExactlyInAnyOrder("one", "two", NOTICE);
        assertThat(command("queue", "list").lines().skip(1)).hasSize(3);
        command("queue", "delete", "--account", ALICE, "--recipient", "bob@else.test", "--yes");
        command("sending", "release", ALICE);
        assertThat(recipients(other.await(3)))
            .containsExactlyInAnyOrder("eve@else.test", "mobile@else.test", AUTHOR);
        MailSink.until("an empty queue", () -> ask(configuration, "queue").contains("\"all\":0"));
      }
      assertThat(other.taken()).hasSize(3);
    }
  }

  /** On a node that has not heard of it when the account was stopped. */
  @Test
  void whatComesIntoTheQueueOfAStoppedAccountIsHeldInItsTurn() throws Exception {
    AtomicBoolean willing = new AtomicBoolean();
    try (MailSink other =
        new MailSink(
            (line, _) -> willing.get() || !line.startsWith("MAIL") ? null : "451 4.3.0 later")) {
      Configuration configuration = configuration(other, "enabled = false", "1h");
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        redirects(configuration, "bob@else.test");
        deliver(node, AUTHOR, ALICE, "one");
        MailSink.until("it was tried", () -> command("queue", "list").contains("451 4.3.0 later"));
        command("sending", "hold", ALICE, "--reason", "it was somebody else");
        command("queue", "release", "--all");
        willing.set(true);
        MailSink.until(
            "it is held again", () -> command("queue", "list", "--held").contains("bob@else.test"));
        assertThat(other.taken()).isEmpty();
      }
    }
  }

  @Test
  void theLimitOfADayHoldsForScripts() throws Exception {
    try (MailSink other = MailSink.willing()) {
      Configuration configuration = configuration(other);
      try (Node node = new Node(configuration, taken(configuration), Clock.systemUTC())) {
        redirects(configuration, "bob@else.test");
        try (Door door = Door.open(configuration)) {
          door.call(
              Call.of("PUT", "limits", "account:" + ALICE, "recipients-day")
                  .withBody(new LimitOperations.Wanted(2, null)));
        }
        for (String subject : List.of("one", "two", "three")) {
          deliver(node, AUTHOR, ALICE, subject);
        }
        assertThat(other.await(2)).hasSize(2);
        assertThat(inbox(configuration)).containsExactlyInAnyOrder("three", NOTICE);
        assertThat(command("sieve", "list", ALICE)).contains("send at most 2 mails in a day");
      }
      assertThat(other.taken()).hasSize(2);
    }
  }

  /** A search has two seconds, and a machine may stand still for as long. */
  private void awaitTrace(String whose, String... words) throws InterruptedException {
    MailSink.until(
        String.join(", ", words),
        () -> Stream.of(words).allMatch(command("trace", whose).replaceAll("\\s+", " ")::contains));
  }

  private static List<String> recipients(List<MailSink.Taken> taken) {
    return taken.stream().flatMap(each -> each.to().stream()).toList();
  }

  private static List<String> inbox(Configuration configuration) throws Failure {
    List<String> subjects = new ArrayList<>();
    try (Door door = Door.open(configuration)) {
      door.call(Call.of("GET", "accounts", ALICE, "mailboxes", "INBOX"))
          .get("newest")
          .forEach(each -> subjects.add(each.get("subject").asString()));
    }
    return subjects;
  }

  private String command(String... words) {
    StringWriter out = new StringWriter();
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(
        List.of(
            "--data",
            directory.resolve("a").toString(),
            "--config",
            directory.resolve("a.toml").toString()));
    int status =
        Main.commandLine(words).setOut(new PrintWriter(out)).execute(line.toArray(String[]::new));
    assertThat(status).isZero();
    return out.toString();
  }

  private static String ask(Configuration configuration, String... path) {
    try (Door door = Door.open(configuration)) {
      return door.call(Call.of("GET", path)).toString();
    } catch (Failure e) {
      throw new AssertionError(e);
    }
  }

  private static DataDirectory taken(Configuration configuration) throws Failure {
    return DataDirectory.take(configuration.data()).orElseThrow();
  }

  private static MailSink.Taken of(List<MailSink.Taken> taken, String recipient) {
    return taken.stream()
        .filter(each -> each.to().equals(List.of(recipient)))
        .findFirst()
        .orElseThrow();
  }
}
