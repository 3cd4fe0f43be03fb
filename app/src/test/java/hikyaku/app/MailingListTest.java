package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.ListOperations;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** A mailing list on a running node, from the command that makes it to the member's mailbox. */
final class MailingListTest {
  private static final String LIST = "news@example.org";
  private static final String ALICE = "alice@example.org";
  private static final String PASSWORD = "correct horse battery";

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  @Test
  void whatWaitsIsThereAfterARestartAndReachesTheMembersOnce() throws Exception {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "accounts")
              .withBody(new AccountOperations.New(ALICE, PASSWORD, "Alice")));
      door.call(
          Call.of("POST", "lists")
              .withBody(
                  new ListOperations.New(
                      LIST, "moderated", "News", false, "keep", List.of(ALICE))));
      ListOperations.Members members = new ListOperations.Members(List.of(ALICE), List.of());
      door.call(Call.of("POST", "lists", LIST, "members").withBody(members));
      assertThat(door.call(Call.of("GET", "domains", "example.org", "lists"))).hasSize(1);
    }
    try (Dialogue smtp = new Dialogue(running.port("smtp"))) {
      smtp.await("220");
      smtp.say("EHLO client.example", "250 ");
      smtp.say("MAIL FROM:<bob@example.net>", "250");
      smtp.say("RCPT TO:<" + LIST + ">", "250");
      smtp.say("DATA", "354");
      smtp.say("From: Bob <bob@example.net>\r\nSubject: For all\r\n\r\nText\r\n.", "250");
      smtp.say("QUIT", "221");
    }
    // The owner is told.
    awaitMessages(1).close();
    running.stop();
    running.start();
    try (Door door = running.open()) {
      JsonNode waiting = door.call(Call.of("GET", "lists", LIST, "waiting"));
      assertThat(waiting).hasSize(1);
      assertThat(waiting.get(0).get("subject").asString()).isEqualTo("For all");
      String id = waiting.get(0).get("id").asString();
      door.call(
          Call.of("POST", "lists", LIST, "waiting", id).withBody(new ListOperations.Wanted(true)));
      assertThat(door.call(Call.of("GET", "lists", LIST, "waiting"))).isEmpty();
    }
    try (Dialogue imap = awaitMessages(2)) {
      imap.say("c SELECT INBOX", "c OK");
      assertThat(imap.say("d FETCH 2 BODY[HEADER.FIELDS (Subject)]", "Subject:"))
          .isEqualTo("Subject: For all");
      assertThat(imap.say("e FETCH 2 BODY[HEADER.FIELDS (List-Id)]", "List-Id:"))
          .isEqualTo("List-Id: \"News\"");
    }
  }

  /** A session that has seen so many messages in the INBOX. */
  private Dialogue awaitMessages(int count) throws IOException, InterruptedException {
    Dialogue imap = new Dialogue(running.port("imap"));
    imap.await("* OK");
    imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      String status = imap.say("b STATUS INBOX (MESSAGES)", "* STATUS");
      if (status.contains("(MESSAGES " + count + ")")) {
        return imap;
      }
      assertThat(System.nanoTime()).as(status).isLessThan(end);
      Thread.sleep(20);
    }
  }
}
