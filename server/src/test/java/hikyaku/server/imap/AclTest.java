package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Sharing;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier.Plan;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Rights on folders of accounts that come and go, beyond the transcripts. */
class AclTest {
  private static final String INBOX = "\"Other Users/alice@demo.test/INBOX\"";

  private static ImapRig rig() throws IOException {
    return new ImapRig(ImapSettings.DEFAULTS, TlsMode.NONE, Optional.of(Plan.MOVES));
  }

  private static String last(ImapClient client, String command) throws IOException {
    return client.say("x", command).getLast();
  }

  @Test
  void aRemovedAccountSharesNothingAndIsNotMadeAgain() throws Exception {
    try (ImapRig rig = rig();
        ImapClient alice = rig.connect();
        ImapClient bob = rig.connect()) {
      alice.login("alice");
      bob.login("bob");
      assertThat(last(alice, "SETACL INBOX bob lr")).startsWith("x OK");
      assertThat(last(bob, "SELECT " + INBOX)).startsWith("x OK");
      assertThat(rig.carrier().orElseThrow().moves()).isGreaterThan(3);
      rig.directory.remove("alice");
      rig.mail.account("idalice").removeAll();
      assertThat(last(bob, "SEARCH ALL")).startsWith("x NO [NOPERM]");
      assertThat(bob.say("x", "LIST \"\" \"Other Users*\"")).hasSize(1);
      assertThat(last(bob, "STATUS " + INBOX + " (MESSAGES)")).startsWith("x NO [NONEXISTENT]");
      assertThat(last(bob, "NOOP")).startsWith("x OK");
      assertThat(rig.store.logs().head(AccountMail.foldersLog("idalice")).exists()).isFalse();
    }
  }

  /** RFC 4314 §4: what could be taken away when the mailbox was selected may not be any more. */
  @Test
  void whoMayNoLongerExpungeTakesNothingAwayByClose() throws Exception {
    for (boolean may : new boolean[] {false, true}) {
      try (ImapRig rig = new ImapRig();
          ImapClient alice = rig.connect();
          ImapClient bob = rig.connect()) {
        alice.login("alice");
        bob.login("bob");
        rig.deliver("alice", new byte[] {'a'});
        assertThat(last(alice, "SETACL INBOX bob lrte")).startsWith("x OK");
        assertThat(last(bob, "SELECT " + INBOX)).startsWith("x OK [READ-WRITE]");
        assertThat(last(bob, "STORE 1 +FLAGS (\\Deleted)")).startsWith("x OK");
        if (!may) {
          assertThat(last(alice, "SETACL INBOX bob -e")).startsWith("x OK");
        }
        assertThat(last(bob, "CLOSE")).startsWith("x OK");
        assertThat(rig.inbox("alice").refresh().size()).isEqualTo(may ? 0 : 1);
      }
    }
  }

  /** RFC 9051 §6.3.6: an INBOX is emptied by it, however its name is written. */
  @Test
  void anInboxIsItsOwnersToRename() throws Exception {
    try (ImapRig rig = new ImapRig();
        ImapClient alice = rig.connect();
        ImapClient bob = rig.connect()) {
      alice.login("alice");
      bob.login("bob");
      rig.deliver("alice", new byte[] {'a'});
      assertThat(last(alice, "CREATE Work")).startsWith("x OK");
      assertThat(last(alice, "SETACL Work bob lk")).startsWith("x OK");
      assertThat(last(alice, "SETACL INBOX bob lx")).startsWith("x OK");
      for (String spelling : new String[] {"INBOX", "inbox/", "INBOX//", "INBOX///"}) {
        String name = "\"Other Users/alice@demo.test/" + spelling + "\"";
        String to = "\"Other Users/alice@demo.test/Work/In\"";
        assertThat(last(bob, "RENAME " + name + " " + to)).as(spelling).startsWith("x NO");
      }
      assertThat(rig.inbox("alice").refresh().size()).isEqualTo(1);
      assertThat(last(alice, "SELECT INBOX")).startsWith("x OK");
      assertThat(alice.say("x", "RENAME inbox/ Old"))
          .anyMatch(line -> line.startsWith("* OK [CLOSED]"))
          .last()
          .asString()
          .startsWith("x OK");
    }
  }

  /** A new account of an old address has another id, and none of its rights. */
  @Test
  void rightsOfARemovedAccountAreNotToldAndMakeRoom() throws Exception {
    try (ImapRig rig = rig();
        ImapClient alice = rig.connect()) {
      alice.login("alice");
      assertThat(last(alice, "SETACL INBOX bob lr")).startsWith("x OK");
      assertThat(last(alice, "SETACL INBOX -bob w")).startsWith("x OK");
      assertThat(alice.say("x", "GETACL INBOX").getFirst()).contains("bob@demo.test lr");
      rig.directory.remove("bob");
      rig.mail.account("idbob").removeAll();
      assertThat(alice.say("x", "GETACL INBOX").getFirst())
          .isEqualTo("* ACL INBOX alice@demo.test lrswipkxteacd");
      assertThat(last(alice, "SETACL INBOX carol lr")).startsWith("x OK");
      AccountMail mail = rig.mail.account("idalice");
      assertThat(mail.tree().rights(mail.tree().inbox())).containsOnlyKeys("=idcarol");
      assertThat(rig.store.logs().head(Sharing.log("idbob")).exists()).isFalse();
    }
  }

  /** What is put into a folder counts for whose it is. */
  @Test
  void theOwnersQuotaHolds() throws Exception {
    try (ImapRig rig = rig();
        ImapClient small = rig.connect();
        ImapClient bob = rig.connect()) {
      small.login("small");
      bob.login("bob");
      String theirs = "\"Other Users/small@demo.test/INBOX\"";
      rig.deliver(
          "bob",
          "Subject: x\r\n\r\n".repeat(20).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
      assertThat(last(small, "SETACL INBOX bob lrite")).startsWith("x OK");
      assertThat(last(bob, "SELECT INBOX")).startsWith("x OK");
      assertThat(last(bob, "COPY 1 " + theirs)).startsWith("x NO [OVERQUOTA]");
      assertThat(last(bob, "MOVE 1 " + theirs)).startsWith("x NO [OVERQUOTA]");
      assertThat(last(bob, "APPEND " + theirs + " {300}")).startsWith("x NO [OVERQUOTA]");
      assertThat(last(bob, "COPY 1 INBOX")).startsWith("x OK");
    }
  }

  /** RFC 4314 §3: names are prepared by SASLprep, and what it refuses is BAD. */
  @Test
  void identifiersArePrepared() throws Exception {
    try (ImapRig rig = rig();
        ImapClient alice = rig.connect()) {
      alice.login("alice");
      String fullWidth = "\uff42\uff4f\uff42";
      assertThat(last(alice, "SETACL INBOX {9+}\r\n" + fullWidth + " lr")).startsWith("x OK");
      assertThat(last(alice, "SETACL INBOX {10+}\r\n-" + fullWidth + " w")).startsWith("x OK");
      assertThat(alice.say("x", "GETACL INBOX").getFirst())
          .isEqualTo("* ACL INBOX alice@demo.test lrswipkxteacd -bob@demo.test w bob@demo.test lr");
      assertThat(last(alice, "SETACL INBOX {6+}\r\nbob\ufffd lr")).startsWith("x BAD");
      assertThat(last(alice, "DELETEACL INBOX {2+}\r\n\u00ad")).startsWith("x BAD");
      assertThat(last(alice, "LISTRIGHTS INBOX -")).startsWith("x BAD");
    }
  }
}
