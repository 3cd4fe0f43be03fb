package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who may see nothing of a user's mailboxes hears the same as if there were no such user (RFC 4314
 * §6).
 */
class HiddenUsersTest {
  private static final String THERE = "alice@demo.test";

  private static final String NOT_THERE = "nobody@demo.test";

  private static List<String> heard(ImapRig rig, String command, String user) throws Exception {
    try (ImapClient bob = rig.connect()) {
      bob.login("bob");
      assertThat(bob.say("x", "SELECT INBOX").getLast()).startsWith("x OK");
      return heard(bob, command, user);
    }
  }

  private static List<String> heard(ImapClient client, String command, String user)
      throws Exception {
    String line = command.replace("%", "\"Other Users/" + user).replace("^", "\"");
    if (!line.endsWith("{3}")) {
      return told(client.say("x", line), user);
    }
    client.sendLine("x " + line);
    String first = client.line();
    if (!first.startsWith("+")) {
      return told(List.of(first), user);
    }
    client.sendLine("a\r\n");
    return told(client.until("x"), user);
  }

  private static List<String> told(List<String> lines, String user) {
    return lines.stream().map(line -> line.replace(user, "USER")).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT %/INBOX^",
        "EXAMINE %/Own^",
        "STATUS %/INBOX^ (MESSAGES)",
        "CREATE %/New^",
        "CREATE %^",
        "CREATE %/New^ (USE (\\Sent))",
        "DELETE %/INBOX^",
        "DELETE %/Own^",
        "DELETE %^",
        "RENAME %/INBOX^ %/New^",
        "RENAME %/Own^ %/New^",
        "RENAME %/Own^ Mine",
        "RENAME INBOX %/New^",
        "RENAME Drafts %/Own^",
        "RENAME Drafts %^",
        "SUBSCRIBE %/INBOX^",
        "UNSUBSCRIBE %/INBOX^",
        "LIST ^^ %*^",
        "LIST ^^ %/INBOX^ RETURN (STATUS (MESSAGES) MYRIGHTS)",
        "LSUB ^^ %*^",
        "GETQUOTAROOT %/INBOX^",
        "GETQUOTAROOT %^",
        "GETACL %/INBOX^",
        "MYRIGHTS %/INBOX^",
        "LISTRIGHTS %/INBOX^ bob",
        "SETACL %/INBOX^ bob lr",
        "DELETEACL %/Own^ bob",
        "GETMETADATA %/INBOX^ /private/comment",
        "SETMETADATA %/INBOX^ (/private/comment ^x^)",
        "SETMETADATA %/Own^ (/private/specialuse ^x^)",
        "APPEND %/INBOX^ {3}",
        "APPEND %/New^ {3}",
        "COPY 1 %/INBOX^",
        "COPY 1 %/Own^",
        "MOVE 1 %/INBOX^",
        "REPLACE 1 %/INBOX^ {3}",
        "ESEARCH IN (mailboxes %/INBOX^) ALL",
        "ESEARCH IN (subtree %^) ALL",
        "NOTIFY SET STATUS (mailboxes %/INBOX^ (MessageNew MessageExpunge MailboxName))"
      })
  void nobodyLearnsWhoIsThere(String command) throws Exception {
    try (ImapRig rig = new ImapRig();
        ImapClient alice = rig.connect()) {
      alice.login("alice");
      assertThat(alice.say("x", "CREATE Own").getLast()).startsWith("x OK");
      rig.deliver("bob", new byte[] {'a'});
      List<String> unknown = heard(rig, command, NOT_THERE);
      assertThat(heard(rig, command, THERE)).isEqualTo(unknown);
    }
  }

  /** RFC 9208 §6. */
  @Test
  void theQuotaRootTakesTheRightToRead() throws Exception {
    try (ImapRig rig = new ImapRig();
        ImapClient alice = rig.connect();
        ImapClient bob = rig.connect()) {
      alice.login("alice");
      bob.login("bob");
      String command = "GETQUOTAROOT \"Other Users/alice@demo.test/INBOX\"";
      assertThat(alice.say("x", "SETACL INBOX bob l").getLast()).startsWith("x OK");
      assertThat(bob.say("x", command).getLast()).startsWith("x NO [NOPERM]");
      assertThat(alice.say("x", "SETACL INBOX bob lr").getLast()).startsWith("x OK");
      assertThat(bob.say("x", command).getLast()).startsWith("x OK");
    }
  }
}
