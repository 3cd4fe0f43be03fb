package hikyaku.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.SieveOperations;
import hikyaku.server.testing.MailSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Scripts on a node that runs: put by the operator's door, used for mail. */
final class SieveNodeTest {
  private static final String ALICE = "alice@example.org";

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  @BeforeEach
  void anAccount() throws Failure {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "accounts")
              .withBody(new AccountOperations.New(ALICE, "a long password", "Alice")));
    }
  }

  private static void put(Door door, String script) throws Failure {
    door.call(
        Call.of("PUT", "accounts", ALICE, "sieve", "main").withOctets(script.getBytes(UTF_8)));
    door.call(
        Call.of("PUT", "accounts", ALICE, "sieve")
            .withBody(new SieveOperations.Activation("main")));
  }

  private void deliver() throws IOException {
    try (Dialogue smtp = new Dialogue(running.port("smtp"))) {
      smtp.await("220");
      smtp.say("EHLO client.example", "250 ");
      smtp.say("MAIL FROM:<bob@example.net>", "250");
      smtp.say("RCPT TO:<" + ALICE + ">", "250");
      smtp.say("DATA", "354");
      smtp.say("From: Bob <bob@example.net>\r\nSubject: one\r\n\r\nText\r\n.", "250");
      smtp.say("QUIT", "221");
    }
  }

  private static long messages(Door door, String mailbox) throws Failure {
    return door.call(Call.of("GET", "accounts", ALICE, "mailboxes", mailbox))
        .get("messages")
        .longValue();
  }

  private static String story(Door door) {
    try {
      return door.call(Call.of("GET", "cluster", "mail", ALICE)).toString();
    } catch (Failure e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aScriptFilesMailAndItsFailuresAreTold() throws Exception {
    try (Door door = running.open()) {
      put(door, "require \"fileinto\"; fileinto \"Archive\";");
      deliver();
      assertThat(messages(door, "Archive")).isEqualTo(1);
      assertThat(messages(door, "INBOX")).isZero();
      MailSink.until(
          "the story of the script",
          () -> story(door).contains("alice@example.org: fileinto Archive, by main"));
      put(door, "require \"fileinto\";\nfileinto \"Nowhere\";");
      deliver();
      // With what its user is told.
      assertThat(messages(door, "INBOX")).isEqualTo(2);
    }
    running.stop();
    try (Door door = running.open()) {
      JsonNode answer = door.call(Call.of("GET", "accounts", ALICE, "sieve"));
      assertThat(answer.get("scripts").get(0).get("active").booleanValue()).isTrue();
      assertThat(answer.get("problem").get("sentence").asString())
          .isEqualTo("there is no mailbox Nowhere");
      ByteArrayOutputStream script = new ByteArrayOutputStream();
      door.fetch(Call.of("GET", "accounts", ALICE, "sieve", "main"), script);
      assertThat(script.toString(UTF_8)).endsWith("fileinto \"Nowhere\";");
    }
    running.start();
  }

  @Test
  void refusalsAreSentences() throws Exception {
    try (Door door = running.open()) {
      assertThatThrownBy(() -> put(door, "keep;\n nonsense;"))
          .hasMessage("Line 2, column 2: there is no command nonsense.");
      put(door, "keep;");
      assertThatThrownBy(() -> door.call(Call.of("DELETE", "accounts", ALICE, "sieve", "main")))
          .hasMessage("The active script cannot be deleted.");
      assertThatThrownBy(() -> door.call(Call.of("DELETE", "accounts", ALICE, "sieve", "other")))
          .hasMessage("There is no script of this name.");
    }
  }

  @Test
  void scriptsForAllAreChosenByOperators() throws Exception {
    try (Door door = running.open()) {
      door.call(
          Call.of("PUT", "sieve", "last")
              .withOctets("require \"fileinto\"; fileinto \"Archive\";".getBytes(UTF_8)));
      door.call(
          Call.of("PUT", "sieve").withBody(new SieveOperations.Chosen(List.of(), List.of("last"))));
      deliver();
      assertThat(messages(door, "Archive")).isEqualTo(1);
      JsonNode answer = door.call(Call.of("GET", "sieve"));
      assertThat(answer.get("after").get(0).asString()).isEqualTo("last");
      assertThatThrownBy(() -> door.call(Call.of("DELETE", "sieve", "last")))
          .hasMessage("The active script cannot be deleted.");
      ByteArrayOutputStream script = new ByteArrayOutputStream();
      door.fetch(Call.of("GET", "sieve", "last"), script);
      assertThat(script.toString(UTF_8)).endsWith("fileinto \"Archive\";");
    }
  }

  @Test
  void scriptsGoWithTheAccount() throws Exception {
    try (Door door = running.open()) {
      put(door, "keep;");
      door.call(Call.of("DELETE", "accounts", ALICE));
      assertThat(running.node().core().store().logs().list("sieve/", null, 10)).isEmpty();
    }
  }
}
