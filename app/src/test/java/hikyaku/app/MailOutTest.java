package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.auth.KeyFile;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DkimOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.testing.MailSink;
import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mail of users that goes to other servers, from submission to the reply of the other side. */
final class MailOutTest {
  private static final String ALICE = "alice@example.org";
  private static final String PASSWORD = "correct horse battery";

  @TempDir Path directory;

  private static MailSink other() throws IOException {
    return new MailSink((line, _) -> line.startsWith("RCPT TO:<no") ? "550 5.1.1 nobody" : null);
  }

  private Configuration configuration(String name, String store, MailSink other) throws Exception {
    Path file = directory.resolve(name + ".toml");
    Files.writeString(
        file,
        """
        hostname = "%s.test"
        [queue]
        relay = "smtp+plain://127.0.0.1:%d"
        [cluster]
        heartbeat = "500ms"
        lease = "5m"
        """
                .formatted(name, other.port())
            + store);
    Configuration read = ConfigurationFile.read(file);
    return read.withData(directory.resolve(name))
        .withHostname(name + ".test")
        .withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  private static Node start(Configuration configuration) throws Failure {
    return new Node(
        configuration, DataDirectory.take(configuration.data()).orElseThrow(), Clock.systemUTC());
  }

  private static int port(Node node, String listener) {
    return node.status().listeners().stream()
        .filter(view -> view.name().equals(listener))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }

  private static void addAlice(Configuration configuration) throws Failure {
    try (Door door = Door.open(configuration)) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "accounts").withBody(new AccountOperations.New(ALICE, PASSWORD, null)));
    }
  }

  private static void login(Dialogue submission) throws IOException {
    submission.await("220");
    submission.say("EHLO c", "250 ");
    byte[] login = ("\0" + ALICE + "\0" + PASSWORD).getBytes(StandardCharsets.UTF_8);
    submission.say("AUTH PLAIN " + Base64.getEncoder().encodeToString(login), "235");
  }

  private static void send(Node node, String subject, String... to) throws IOException {
    sendAs(ALICE, node, subject, to);
  }

  private static void sendAs(String sender, Node node, String subject, String... to)
      throws IOException {
    try (Dialogue submission = new Dialogue(port(node, "submission"))) {
      login(submission);
      submission.say("MAIL FROM:<" + sender + ">", "250");
      for (String each : to) {
        submission.say("RCPT TO:<" + each + ">", "250");
      }
      submission.say("DATA", "354");
      submission.say("Subject: " + subject + "\r\nBcc: secret@else.test\r\n\r\nhello\r\n.", "250");
    }
  }

  @Test
  void aUsersMailGoesOutAndItsFailuresComeBack() throws Exception {
    try (MailSink other = other()) {
      Configuration configuration = configuration("a", "", other);
      try (Node node = start(configuration)) {
        addAlice(configuration);
        send(node, "one", "bob@else.test", "nobody@else.test", ALICE);
        MailSink.Taken taken = other.await(1).getFirst();
        assertThat(taken.from()).isEqualTo(ALICE);
        assertThat(taken.to()).containsExactly("bob@else.test");
        assertThat(taken.text())
            .startsWith("Received: from c ([127.0.0.1])\n\tby a.test (Hikyaku) with ESMTPA\n")
            .contains("\nDate: ", "\nMessage-ID: <", "\nSubject: one\n\nhello\n")
            .doesNotContain("secret");
        try (Dialogue imap = new Dialogue(port(node, "imap"))) {
          imap.await("* OK");
          imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
          imap.say("b SELECT INBOX", "b OK");
          // The copy for the sender itself came with the submission; the report comes behind it.
          MailSink.until("the report", () -> unseen(imap).contains("(MESSAGES 2"));
          imap.say("c NOOP", "c OK");
          assertThat(imap.say("d FETCH 2 BODY[2]", "Status:")).isEqualTo("Status: 5.1.1");
        }
        try (Door door = Door.open(configuration)) {
          // A search has two seconds, and a machine may stand still for as long.
          MailSink.until(
              "its story",
              () ->
                  Stream.of("message queued", "message sent", "250 2.0.0 taken")
                      .allMatch(story(door)::contains));
        }
      }
      try (Door door = Door.open(configuration)) {
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
    }
  }

  @Test
  void aDomainSaysInWhichLanguageItsSendersAreTold() throws Exception {
    try (MailSink other = other()) {
      Configuration configuration = configuration("l", "", other);
      try (Node node = start(configuration);
          Door door = Door.open(configuration)) {
        addAlice(configuration);
        assertThatThrownBy(() -> door.call(language("fr")))
            .isInstanceOf(Failure.class)
            .hasMessageContaining("The language is en or ja");
        assertThat(door.call(language("ja")).get("language").asString()).isEqualTo("ja");
        send(node, "one", "nobody@else.test");
        try (Dialogue imap = new Dialogue(port(node, "imap"))) {
          imap.await("* OK");
          imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
          MailSink.until("the report", () -> unseen(imap).contains("(MESSAGES 1"));
          imap.say("b SELECT INBOX", "b OK");
          assertThat(imap.say("c FETCH 1 BODY[1.MIME]", "Content-Language:"))
              .isEqualTo("Content-Language: ja");
        }
        assertThat(door.call(language("")).get("language").asString()).isEmpty();
      }
    }
  }

  private static Call language(String tag) {
    return Call.of("PUT", "domains", "example.org")
        .withBody(new DomainOperations.Change(null, null, null, null, null, tag, null));
  }

  /** Whoever asks by whatever names the message, of what it went out as and of who signed it. */
  @Test
  void whatWasDoneToAMessageIsTold() throws Exception {
    try (MailSink old =
        new MailSink(
            (line, _) -> line.startsWith("EHLO") ? "250-sink\r\n250 SIZE 1000000" : null)) {
      Configuration configuration = configuration("a", "", old);
      try (Node node = start(configuration)) {
        addAlice(configuration);
        String key;
        try (Door door = Door.open(configuration)) {
          String selector =
              door.call(
                      Call.of("POST", "domains", "example.org", "dkim")
                          .withBody(new DkimOperations.New(List.of("ed25519"), null)))
                  .get(0)
                  .get("selector")
                  .asString();
          door.call(
              Call.of("POST", "domains", "example.org", "dkim", selector)
                  .withBody(new DkimOperations.Order("activate", true)));
          key = selector + "._domainkey.example.org";
        }
        send(
            node,
            "one\r\nFrom: "
                + ALICE
                + "\r\nMessage-ID: <one@example.org>\r\nMIME-Version: 1.0"
                + "\r\nContent-Type: text/plain; charset=iso-8859-1"
                + "\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\u00e9\r\nX: x",
            "bob@else.test");
        assertThat(old.await(1).getFirst().text())
            .contains("DKIM-Signature: ", "Content-Transfer-Encoding: quoted-printable", "caf=E9");
        for (String whose : List.of(ALICE, "bob@else.test", "<one@example.org>")) {
          MailSink.until(
              "the story of " + whose,
              () -> {
                String told = command("trace", whose).replaceAll("\\s+", " ");
                return told.contains("message queued")
                    && told.contains("signed=" + key)
                    && told.contains("message sent")
                    && told.contains("converted=7bit");
              });
        }
        assertThat(command("trace", ALICE))
            .containsPattern("(?m)^\\d\\d:\\d\\d:\\d\\d.* message sent");
      }
    }
  }

  private static String story(Door door) {
    try {
      return door.call(Call.of("GET", "cluster", "mail", "bob@else.test")).toString();
    } catch (Failure e) {
      throw new AssertionError(e);
    }
  }

  private static String unseen(Dialogue imap) {
    try {
      return imap.say("s STATUS INBOX (MESSAGES)", "* STATUS");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void twoNodesOnOneDatabaseShareTheQueue() throws Exception {
    try (MailSink other = other();
        LocalPostgres server =
            LocalPostgres.start(
                directory.resolve("pg"), LocalPostgres.Options.DEFAULT.with("fsync", "off"))) {
      String store =
          """
          [node]
          key-file = "%s"
          [store]
          engine = "postgres"
          [store.postgres]
          url = "%s"
          user = "%s"
          password-file = "%s"
          """
              .formatted(
                  directory.resolve("a/secret.key"),
                  server.url(),
                  LocalPostgres.USER,
                  server.passwordFile());
      Configuration first = configuration("a", store, other);
      Configuration second = configuration("b", store, other);
      Object unused = KeyFile.open(makeDirectory("a").resolve("secret.key"));
      try (Node b = start(second)) {
        try (Node a = start(first)) {
          addAlice(first);
          for (int i = 0; i < 20; i++) {
            send(i % 2 == 0 ? a : b, "m" + i, "bob" + i + "@else.test");
          }
          other.await(20);
        }
        // The one that is left has all parts.
        for (int i = 20; i < 40; i++) {
          send(b, "m" + i, "bob" + i + "@else.test");
        }
        other.await(40);
        assertThat(other.taken()).hasSize(40);
      }
      try (Door door = Door.open(second)) {
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
    }
  }

  private Path makeDirectory(String name) throws IOException {
    return Files.createDirectories(directory.resolve(name));
  }

  /** As lists show them: whoever has to get rid of reports must be able to say which these are. */
  @Test
  void mailWithoutASenderIsListedAndDeletedAsListsShowIt() throws Exception {
    try (MailSink busy =
        new MailSink((line, _) -> line.startsWith("RCPT") ? "450 4.2.0 not now" : null)) {
      Configuration configuration = configuration("a", "", busy);
      try (Node node = start(configuration)) {
        addAlice(configuration);
        send(node, "one", "bob@else.test");
        sendAs("", node, "two", "carol@third.test");
        MailSink.until("both", () -> command("queue", "list").lines().count() == 3);
        assertThat(command("queue", "list", "--sender", "<>"))
            .contains("carol@third.test")
            .doesNotContain("bob@else.test");
        assertThat(command("queue", "list", "--sender", "<" + ALICE + ">"))
            .contains("bob@else.test")
            .doesNotContain("carol@third.test");
        assertThat(command("queue", "delete", "--sender", "<>", "--yes"))
            .isEqualTo("1 message deleted, for 1 recipient.\n");
        assertThat(command("queue", "list")).contains("bob@else.test");
      }
    }
  }

  /** At three in the morning: why does nothing go, and how long is there left? */
  @Test
  void whatRestsIsShownAndWhenMailIsGivenUp() throws Exception {
    Configuration configuration;
    int port;
    try (MailSink gone = new MailSink((_, _) -> null)) {
      configuration = configuration("a", "", gone);
      port = gone.port();
    }
    try (Node node = start(configuration)) {
      addAlice(configuration);
      assertThat(command("queue", "destinations")).isEqualTo("Nothing waits.\n");
      send(node, "one", "bob@else.test");
      MailSink.until("a rest", () -> command("queue", "destinations").contains("rests for"));
      assertThat(command("queue", "destinations"))
          .startsWith("DESTINATION")
          .contains("127.0.0.1:" + port)
          .containsPattern(" 1 +0 +rests for .* no session with ");
      String id = command("queue", "list").lines().toList().get(1).split(" ")[0];
      assertThat(command("queue", "show", id)).containsPattern("given up +20.*Z, in 4d 23h");
      assertThat(command("queue", "hold", id)).isEqualTo("1 message held, for 1 recipient.\n");
      assertThat(command("queue", "show", id)).contains("not while it is held; else 20");
    }
  }

  @Test
  void whatWaitsIsListedHeldAndDeleted() throws Exception {
    try (MailSink busy =
        new MailSink((line, _) -> line.startsWith("RCPT") ? "450 4.2.0 not now" : null)) {
      Configuration configuration = configuration("a", "", busy);
      try (Node node = start(configuration)) {
        addAlice(configuration);
        send(node, "one", "bob@else.test");
        send(node, "two", "carol@third.test", "dan@third.test");
        MailSink.until(
            "two attempts", () -> command("queue", "list").split("not now", -1).length == 3);
        String list = command("queue", "list");
        assertThat(list)
            .contains("bob@else.test", "carol@third.test and 1 more", ALICE, "450 4.2.0 not now");
        assertThat(command("queue", "list", "--domain", "third.test"))
            .contains("carol@third.test")
            .doesNotContain("bob@else.test");
        assertThat(command("queue", "list", "--reason", "NOT now"))
            .contains("bob@else.test", "carol@third.test and 1 more");
        assertThat(command("queue", "list", "--reason", "greylist")).isEqualTo("Nothing waits.\n");
        assertThat(command("queue", "list", "--older", "1h")).isEqualTo("Nothing waits.\n");
        assertThat(command("queue", "list", "--older", "1ms"))
            .contains("bob@else.test", "carol@third.test and 1 more");
        assertThat(command("queue", "list", "--sender", "ALICE@example.org"))
            .contains("bob@else.test", "carol@third.test and 1 more");
        assertThat(command("queue", "list", "--sender", "bob@else.test"))
            .isEqualTo("Nothing waits.\n");
        assertThat(command("queue", "list", "--sender", ALICE, "--recipient", "bob@else.test"))
            .contains("bob@else.test")
            .doesNotContain("carol@third.test");
        assertThat(command("queue", "retry", "--domain", "Third.test"))
            .isEqualTo("1 message to be tried now, for 2 recipients.\n");
        MailSink.until("a second attempt there", () -> attempts("third.test") == 2);
        assertThat(attempts("else.test")).isEqualTo(1);
        assertThat(command("queue", "hold", "--recipient", "DAN@third.test"))
            .isEqualTo("1 message held, for 1 recipient.\n");
        assertThat(command("queue", "list", "--held"))
            .contains("dan@third.test and 1 more", "held");
        assertThat(statusPage(node))
            .containsPattern("<td>smtp\\+plain://127.0.0.1:\\d+<td[^>]*>2<")
            .contains("Mail that goes out");
        int before = busy.connections();
        assertThat(command("queue", "retry", "--all"))
            .isEqualTo("2 messages to be tried now, for 3 recipients.\n");
        MailSink.until("another attempt", () -> busy.connections() > before);
        String id =
            command("queue", "list", "--domain", "else.test")
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow()
                .split(" ")[0];
        MailSink.until(
            "its outcome",
            () -> command("queue", "show", id).matches("(?s).*bob@else.test +the usual way +2 .*"));
        assertThat(command("queue", "release", "--held"))
            .isEqualTo("1 message released, for 1 recipient.\n");
        assertThat(command("queue", "delete", "--all", "--yes"))
            .isEqualTo("2 messages deleted, for 3 recipients.\n");
        assertThat(command("queue", "list")).isEqualTo("Nothing waits.\n");
        assertThat(busy.taken()).isEmpty();
        assertThat(command("trace", "dan@third.test"))
            .contains("held in the queue", "released from hold", "deleted from the queue")
            .contains("the administrator");
        assertThat(command("trace", "bob@else.test"))
            .contains("deleted from the queue")
            .doesNotContain("held in the queue");
      }
      try (Door door = Door.open(configuration)) {
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
    }
  }

  /** Of the only message that waits for somebody there. */
  private int attempts(String domain) {
    String row =
        command("queue", "list", "--domain", domain).lines().skip(1).findFirst().orElseThrow();
    return Integer.parseInt(row.replaceAll(".*test(?: and 1 more)? +(\\d+) .*", "$1"));
  }

  /** Defaults for the accounts of a domain, before those of all and behind an account's own. */
  @Test
  void recipientsAreLimitedByTheDomainOfTheAccount() throws Exception {
    try (MailSink other = MailSink.willing()) {
      Configuration configuration = configuration("a", "", other);
      try (Node node = start(configuration)) {
        addAlice(configuration);
        for (String dimension : List.of("recipients-hour", "recipients-day")) {
          command("limit", "set", "account:*", dimension, "1");
          command("limit", "set", "account:*@else.test", dimension, "9");
        }
        command("limit", "set", "account:*@example.org", "recipients-hour", "2");
        command("limit", "set", "account:*@example.org", "recipients-day", "3");
        assertThat(refusals(node, 3)).containsExactly("2 recipients an hour");
        send(node, "one", "a@else.test", "b@else.test");
        assertThat(refusals(node, 1)).containsExactly("2 recipients an hour");
        command("limit", "set", "account:*@example.org", "recipients-hour", "unlimited");
        assertThat(refusals(node, 2)).containsExactly("3 recipients a day");
        assertThat(command("limit", "show", "account:" + ALICE))
            .containsPattern("recipients-hour +unlimited +– +account:\\*@example.org +2 ")
            .containsPattern("recipients-day +3 +– +account:\\*@example.org +2 ");
        command("limit", "set", "account:" + ALICE, "recipients-day", "4");
        assertThat(refusals(node, 3)).containsExactly("4 recipients a day");
        command("limit", "remove", "account:" + ALICE, "recipients-day");
        command("limit", "remove", "account:*@example.org", "recipients-day");
        assertThat(refusals(node, 1)).containsExactly("1 recipients a day");
        assertThat(other.await(1).getFirst().to()).containsExactly("a@else.test", "b@else.test");
      }
      assertThat(other.taken()).hasSize(1);
    }
  }

  /** Which of so many recipients of a message that is not sent are refused, and why. */
  private static List<String> refusals(Node node, int recipients) throws IOException {
    List<String> refusals = new ArrayList<>();
    try (Dialogue submission = new Dialogue(port(node, "submission"))) {
      login(submission);
      submission.say("MAIL FROM:<" + ALICE + ">", "250");
      for (int i = 1; i <= recipients; i++) {
        String reply = submission.say("RCPT TO:<x" + i + "@else.test>", "");
        if (!reply.startsWith("250")) {
          assertThat(reply).startsWith("450 4.7.1 This account may send to ");
          assertThat(i).as("the first that is refused is the last").isEqualTo(recipients);
          refusals.add(reply.replaceAll(".* send to (.*), .*", "$1"));
        }
      }
    }
    return refusals;
  }

  private static String statusPage(Node node) throws IOException {
    try (InputStream page =
        URI.create("http://127.0.0.1:" + node.adminAddress().getPort() + "/")
            .toURL()
            .openStream()) {
      return new String(page.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** What a command prints. */
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
        Main.commandLine().setOut(new PrintWriter(out)).execute(line.toArray(String[]::new));
    assertThat(status).as(String.join(" ", words)).isZero();
    return out.toString();
  }
}
