package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.Faults;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a node has in memory it answers although nothing can be read; of all else it says so. */
class KeptTest {
  private static final Set<Faults.Call> READS =
      EnumSet.of(
          Faults.Call.READ,
          Faults.Call.SNAPSHOT,
          Faults.Call.LIST,
          Faults.Call.BLOB_OPEN,
          Faults.Call.BLOB_READ);

  private static final List<String> OF_COLUMNS =
      List.of(
          "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
          "STATUS INBOX (MESSAGES UNSEEN SIZE)",
          "SEARCH UNSEEN LARGER 10",
          "SORT (REVERSE SIZE) UTF-8 ALL");

  private static final List<String> OF_BRIEFS =
      List.of(
          "SORT (SUBJECT) UTF-8 ALL",
          "THREAD REFERENCES UTF-8 ALL",
          "SEARCH FROM ann SUBJECT b",
          "SEARCH SENTSINCE 1-Jan-2020");

  private static final List<String> OF_NOTHING_KEPT =
      List.of(
          "FETCH 1 BODYSTRUCTURE",
          "FETCH 1 BODY.PEEK[]",
          "SEARCH TEXT something",
          "STATUS Sent (MESSAGES)",
          "SELECT Sent");

  @Test
  void whatIsKeptIsAnsweredAlthoughReadsFail() throws IOException {
    try (ImapRig rig = new ImapRig();
        ImapClient client = rig.connect()) {
      for (String subject : List.of("c", "a", "b")) {
        rig.deliver(
            "alice",
            ("Subject: " + subject + "\r\nFrom: ann@a.test\r\n\r\nText\r\n")
                .getBytes(StandardCharsets.US_ASCII));
      }
      client.login("alice");
      client.say("s", "SELECT INBOX");
      List<List<String>> ofColumns = answers(client, OF_COLUMNS);
      rig.store.faults().failWhile(READS::contains, Faults.When.BEFORE);
      assertThat(answers(client, OF_COLUMNS)).isEqualTo(ofColumns);
      assertRefused(client, OF_BRIEFS);
      rig.store.faults().clear();
      List<List<String>> ofBriefs = answers(client, OF_BRIEFS);
      assertThat(ofBriefs.getFirst()).contains("* SORT 2 3 1");
      rig.store.faults().failWhile(READS::contains, Faults.When.BEFORE);
      assertThat(answers(client, OF_COLUMNS)).isEqualTo(ofColumns);
      assertThat(answers(client, OF_BRIEFS)).isEqualTo(ofBriefs);
      assertRefused(client, OF_NOTHING_KEPT);
      rig.store.faults().clear();
      client.say("s", "SELECT INBOX");
      answers(client, OF_BRIEFS);
      answers(client, OF_NOTHING_KEPT);
    }
  }

  /** A mailbox that is not in memory takes a while to open, and the client hears that it does. */
  @Test
  void openingALargeMailboxIsShown() throws IOException {
    ImapSettings d = ImapSettings.DEFAULTS;
    ImapSettings restless =
        new ImapSettings(
            d.appendLimit(),
            d.messageLimit(),
            d.saveLimit(),
            d.enforcedLimit(),
            d.uidOnly(),
            d.unauthenticate(),
            d.keepAlive(),
            Duration.ZERO,
            d.login(),
            d.idle(),
            d.command(),
            d.errors(),
            d.failedLogins(),
            d.contact(),
            d.comment(),
            d.limits());
    try (ImapRig rig = new ImapRig(restless, TlsMode.NONE);
        ImapClient client = rig.connect();
        ImapClient other = rig.connect()) {
      rig.deliverManyElsewhere("bob", 12_000);
      other.login("bob");
      client.login("bob");
      List<String> cold = client.say("s", "SELECT INBOX");
      assertThat(cold).contains("* 12000 EXISTS");
      assertThat(cold.getLast()).startsWith("s OK");
      assertThat(cold.getFirst()).isEqualTo("* OK [INPROGRESS (\"s\" NIL NIL)] Still at work");
      List<String> warm = other.say("s", "SELECT INBOX");
      assertThat(warm).contains("* 12000 EXISTS").noneMatch(line -> line.contains("INPROGRESS"));
      rig.deliverManyElsewhere("bob", 12_000);
      assertThat(other.say("s", "STATUS INBOX (MESSAGES)"))
          .contains("* OK [INPROGRESS (\"s\" NIL NIL)] Still at work")
          .contains("* STATUS INBOX (MESSAGES 24000)");
    }
  }

  private static List<List<String>> answers(ImapClient client, List<String> commands)
      throws IOException {
    List<List<String>> answers = new ArrayList<>();
    for (String command : commands) {
      List<String> answer = client.say("t", command);
      assertThat(answer.getLast()).as(command).startsWith("t OK");
      answers.add(answer);
    }
    return answers;
  }

  private static void assertRefused(ImapClient client, List<String> commands) throws IOException {
    for (String command : commands) {
      assertThat(client.say("t", command).getLast())
          .as(command)
          .isEqualTo("t NO [UNAVAILABLE] The mail store cannot do this now, try again later");
    }
  }
}
