package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.LimitOperations;
import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two nodes on one PostgreSQL: what comes in at one is read at the other. */
final class PostgresNodesTest {
  private static final String ALICE = "alice@example.org";
  private static final String PASSWORD = "correct horse battery";

  @TempDir Path directory;

  private Configuration configuration(String name, LocalPostgres server) throws Exception {
    Path file = directory.resolve(name + ".toml");
    Files.writeString(
        file,
        """
        hostname = "%s.test"
        [cluster]
        lease = "5m"
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
                name,
                directory.resolve("a/secret.key"),
                server.url(),
                LocalPostgres.USER,
                server.passwordFile()));
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

  @Test
  void mailThatComesInAtOneNodeIsTakenFromTheOther() throws Exception {
    try (LocalPostgres server =
        LocalPostgres.start(
            directory.resolve("pg"), LocalPostgres.Options.DEFAULT.with("fsync", "off"))) {
      Configuration first = configuration("a", server);
      makeKey(first);
      Configuration second = configuration("b", server);
      try (Node a = start(first);
          Node b = start(second)) {
        try (Door door = Door.open(first)) {
          door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
          door.call(
              Call.of("POST", "accounts")
                  .withBody(new AccountOperations.New(ALICE, PASSWORD, null)));
        }
        try (Dialogue imap = new Dialogue(port(b, "imap"))) {
          imap.await("* OK");
          imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
          imap.say("b SELECT INBOX", "b OK");
          imap.say("c IDLE", "+ ");
          deliver(port(a, "smtp"));
          imap.await("* 1 EXISTS");
          imap.say("DONE", "c OK");
          assertThat(imap.say("d FETCH 1 BODY[TEXT]", "* 1 FETCH")).contains("BODY[TEXT]");
        }
      }
      try (Door door = Door.open(second)) {
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
      Configuration embedded = Configuration.DEFAULTS.withData(first.data()).withHostname("a.test");
      assertThatThrownBy(() -> Door.open(embedded).close())
          .isInstanceOf(Failure.class)
          .hasMessageContaining("store.engine");
      copyToEmbedded(first.data());
      try (Door door = Door.open(embedded)) {
        Call inbox = Call.of("GET", "accounts", ALICE, "mailboxes", "INBOX");
        assertThat(door.call(inbox).get("newest").get(0).get("subject").asString())
            .isEqualTo("Hello");
        assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
      }
    }
  }

  private void copyToEmbedded(Path data) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(
                "store",
                "copy",
                "--to",
                "embedded",
                "--data",
                data.toString(),
                "--config",
                directory.resolve("a.toml").toString());
    assertThat(err.toString()).isEmpty();
    assertThat(status).isZero();
    assertThat(out.toString()).contains("The two are the same.");
  }

  @Test
  void aLimitThatIsSetAtOneNodeHoldsAtTheOtherAndCountsTheSessionsOfBoth() throws Exception {
    try (LocalPostgres server =
        LocalPostgres.start(
            directory.resolve("pg"), LocalPostgres.Options.DEFAULT.with("fsync", "off"))) {
      Configuration first = configuration("a", server);
      makeKey(first);
      Configuration second = configuration("b", server);
      try (Node a = start(first);
          Node b = start(second);
          Door atA = Door.open(first);
          Door atB = Door.open(second)) {
        atA.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
        atA.call(
            Call.of("POST", "accounts").withBody(new AccountOperations.New(ALICE, PASSWORD, null)));
        List<Dialogue> clients = new ArrayList<>();
        for (Node node : List.of(a, a, b)) {
          Dialogue imap = new Dialogue(port(node, "imap"));
          imap.await("* OK");
          imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
          clients.add(imap);
        }
        atA.call(
            Call.of("PUT", "limits", "account:*", "sessions")
                .withBody(new LimitOperations.Wanted(3, null)));
        String subject = "account:" + ALICE;
        awaitElsewhere(atB, subject, 2);
        awaitLimit(atB, subject, 3);
        try (Dialogue imap = new Dialogue(port(b, "imap"))) {
          imap.await("* OK");
          imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a NO [LIMIT]");
          clients.getFirst().close();
          awaitElsewhere(atB, subject, 1);
          imap.say("b LOGIN " + ALICE + " \"" + PASSWORD + "\"", "b OK");
        }
        for (Dialogue client : clients) {
          client.close();
        }
      }
    }
  }

  /** Whoever sets it, by IMAP or as the operator, and also where it was read before. */
  @Test
  void aQuotaThatIsSetAtOneNodeHoldsAtTheOther() throws Exception {
    try (LocalPostgres server =
        LocalPostgres.start(
            directory.resolve("pg"), LocalPostgres.Options.DEFAULT.with("fsync", "off"))) {
      Configuration first = configuration("a", server);
      makeKey(first);
      Configuration second = configuration("b", server);
      try (Node a = start(first);
          Node b = start(second);
          Door atA = Door.open(first);
          Door atB = Door.open(second)) {
        atA.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
        atA.call(
            Call.of("POST", "accounts").withBody(new AccountOperations.New(ALICE, PASSWORD, null)));
        atA.call(Call.of("PUT", "domains", "example.org", "admins", ALICE));
        try (Dialogue imapA = new Dialogue(port(a, "imap"));
            Dialogue imapB = new Dialogue(port(b, "imap"))) {
          for (Dialogue each : List.of(imapA, imapB)) {
            each.await("* OK");
            each.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
            append(each, "b", "b OK");
          }
          // Two messages of two KiB are there.
          imapA.say("c SETQUOTA " + ALICE + " (STORAGE 5)", "c OK");
          assertThat(imapB.say("c GETQUOTA " + ALICE, "* QUOTA")).contains("(STORAGE 4 5)");
          append(imapB, "d", "d NO [OVERQUOTA]");
          offer(port(b, "smtp"), "452 4.2.2");
          assertThat(quota(atB)).isEqualTo(5 * 1024);
          // The other way round, and by the operator.
          atB.call(
              Call.of("PUT", "accounts", ALICE)
                  .withBody(
                      new AccountOperations.Change(null, null, false, 7 * 1024L, null, null)));
          append(imapA, "e", "e OK");
          append(imapA, "f", "f NO [OVERQUOTA]");
          assertThat(quota(atA)).isEqualTo(7 * 1024);
          imapB.say("g SETQUOTA " + ALICE + " ()", "g OK");
          append(imapA, "h", "h OK");
          offer(port(a, "smtp"), "250");
        }
      }
    }
  }

  private static long quota(Door door) throws Failure {
    return door.call(Call.of("GET", "accounts", ALICE)).get("quotaOctets").longValue();
  }

  private static void append(Dialogue imap, String tag, String answer) throws IOException {
    String message = "Subject: x\r\n\r\n" + "x".repeat(78).concat("\r\n").repeat(25);
    imap.say(tag + " APPEND INBOX {" + message.length() + "+}\r\n" + message, answer);
  }

  /** What the recipient of a message of two KiB is answered by. */
  private static void offer(int port, String answer) throws IOException {
    try (Dialogue smtp = new Dialogue(port)) {
      smtp.await("220");
      smtp.say("EHLO client.example", "250 ");
      smtp.say("MAIL FROM:<bob@example.net> SIZE=2048", "250");
      smtp.say("RCPT TO:<" + ALICE + ">", answer);
      smtp.say("QUIT", "221");
    }
  }

  /** Until the other node's next sign of life tells of so many sessions. */
  private static void awaitElsewhere(Door door, String subject, long sessions) throws Failure {
    long elsewhere = -1;
    while (elsewhere != sessions) {
      elsewhere = door.call(Call.of("GET", "limits", subject)).get(0).get("elsewhere").longValue();
    }
  }

  /** Until the other node knows of the limit, too. */
  private static void awaitLimit(Door door, String subject, long sessions) throws Failure {
    JsonNode value;
    do {
      value = door.call(Call.of("GET", "limits", subject)).get(0).path("value");
    } while (!value.isNumber() || value.longValue() != sessions);
  }

  /** A key file that the configuration names is somebody's to put there. */
  private static void makeKey(Configuration configuration) throws Exception {
    Files.createDirectories(configuration.data());
    Object unused = hikyaku.server.auth.KeyFile.open(configuration.node().keyFile().orElseThrow());
  }

  private static void deliver(int port) throws Exception {
    try (Dialogue smtp = new Dialogue(port)) {
      smtp.await("220");
      smtp.say("EHLO client.example", "250 ");
      smtp.say("MAIL FROM:<bob@example.net>", "250");
      smtp.say("RCPT TO:<" + ALICE + ">", "250");
      smtp.say("DATA", "354");
      smtp.say("From: Bob <bob@example.net>\r\nSubject: Hello\r\n\r\nText\r\n.", "250");
      smtp.say("QUIT", "221");
    }
  }
}
