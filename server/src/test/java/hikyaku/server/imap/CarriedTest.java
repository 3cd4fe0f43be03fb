package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.Positions;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Remembered;
import hikyaku.server.imap.SessionState.Extension;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.Carrier.Plan;
import hikyaku.server.testing.FakeAuthenticator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What becomes of sessions that change nodes, beyond the transcripts. */
class CarriedTest {
  private static ImapRig rig(Plan plan) throws IOException {
    return new ImapRig(ImapSettings.DEFAULTS, TlsMode.NONE, Optional.of(plan));
  }

  @Test
  void aPositionIsReadAsItWasWritten() {
    ImapPosition.InMailbox selected =
        new ImapPosition.InMailbox(
            "idalice",
            3,
            true,
            new Positions(4_294_967_295L, 1L << 40, 7),
            5,
            UidSet.range(1, 4_294_967_295L),
            UidSet.of(1, 3, 4, 4_294_967_295L),
            List.of(
                new Context.State(
                    "tag",
                    new Remembered("SORT RETURN (UPDATE) (SIZE) UTF-8 ALL", false),
                    List.of(7L, 4_294_967_295L, 1L))),
            Rights.ALL);
    ImapPosition.Login login =
        new ImapPosition.Login("abcdefghijkl", 9, EnumSet.allOf(Extension.class));
    Remembered set = new Remembered("NOTIFY SET STATUS (personal (MailboxName))", false);
    Notifying.State notified =
        new Notifying.State(
            set,
            false,
            new LinkedHashMap<>(Map.of("idbob", 7L)),
            Map.of(new Notifying.Key("idbob", 3), new Notifying.Told(9, 8, 7)));
    for (ImapPosition position :
        List.of(
            new ImapPosition(0, 0, null, null, null, null),
            new ImapPosition(
                1, 2, new ImapPosition.Login("abcdefghijkl", 1, Set.of()), null, null, null),
            new ImapPosition(3, 4, login, selected, notified, new ImapPosition.InIdle("tag")),
            new ImapPosition(3, 4, login, selected, notified, new ImapPosition.InNotify("tag")),
            new ImapPosition(3, 4, login, selected, notified, new ImapPosition.InNews()),
            new ImapPosition(
                0,
                1,
                null,
                null,
                null,
                new ImapPosition.InExchange("tag", ByteString.copyFromUtf8("exchange"))),
            new ImapPosition(
                0,
                0,
                login,
                null,
                null,
                new ImapPosition.InMultiSearch(
                    "tag", new Remembered("ESEARCH IN (mailboxes \u00e9) ALL", true), 7, "a/b")),
            new ImapPosition(
                0,
                0,
                login,
                null,
                null,
                new ImapPosition.InList(
                    "tag",
                    new Command.ListMailboxes(
                        true,
                        EnumSet.allOf(Command.ListSelection.class),
                        "",
                        List.of("*", "a/%"),
                        EnumSet.allOf(Command.ListReturn.class),
                        EnumSet.allOf(Command.StatusItem.class),
                        List.of("/shared/comment")),
                    7,
                    "a/b")))) {
      assertThat(ImapPosition.decode(position.encode())).isEqualTo(position);
    }
    assertThat(ImapPosition.decode(new byte[0]))
        .isEqualTo(new ImapPosition(0, 0, null, null, null, null));
  }

  @Test
  void anIdleSessionIsASmallRecord() throws Exception {
    try (ImapRig rig = rig(Plan.MOVES);
        ImapClient client = rig.connect()) {
      for (int i = 0; i < 300; i++) {
        rig.deliver("bob", octets("Subject: " + i + "\r\n\r\nbody\r\n"));
      }
      client.login("bob");
      client.say("a", "ENABLE QRESYNC");
      client.say("b", "SELECT INBOX");
      client.say("c", "SEARCH RETURN (SAVE) ALL");
      client.sendLine("d IDLE");
      assertThat(client.line()).startsWith("+ ");
      rig.deliver("bob", octets("\r\nmore\r\n"));
      assertThat(client.line()).isEqualTo("* 301 EXISTS");
      assertThat(client.line()).isEqualTo("* 301 RECENT");
      client.sendLine("DONE");
      assertThat(client.until("d").getLast()).startsWith("d OK");
      Carrier carrier = rig.carrier().orElseThrow();
      assertThat(carrier.moves()).isGreaterThan(5);
      assertThat(carrier.largestPosition()).isBetween(20, 100);
    }
  }

  /** Between challenge and response the session may be anywhere, and a node may die there. */
  @Test
  void aLoginGoesOnWhereItsNodeLeftIt() throws Exception {
    List<Plan> plans = new ArrayList<>(List.of(Plan.MOVES));
    for (long seed = 1; seed <= 8; seed++) {
      plans.add(new Plan(2, 16 * 1024, seed));
    }
    int deaths = 0;
    for (Plan plan : plans) {
      try (ImapRig rig = rig(plan);
          ImapClient client = rig.connect()) {
        Carrier carrier = rig.carrier().orElseThrow();
        assertThat(client.line()).startsWith("* OK");
        client.sendLine("a AUTHENTICATE LOGIN");
        assertThat(client.line()).isEqualTo("+ VXNlcm5hbWU6");
        client.sendLine("Ym9i");
        assertThat(client.line()).isEqualTo("+ UGFzc3dvcmQ6");
        assertThat(carrier.moves() + carrier.deaths()).isGreaterThanOrEqualTo(2);
        client.sendLine("c2VjcmV0");
        assertThat(client.line()).startsWith("a OK");
        assertThat(client.say("b", "NOOP").getLast()).startsWith("b OK");
        deaths += carrier.deaths();
      }
    }
    assertThat(deaths).isPositive();
  }

  /** The position is told after each command, so what a search saves has a bound. */
  @Test
  void aResultThatIsTooScatteredIsNotSaved() throws Exception {
    try (ImapRig rig = rig(Plan.MOVES);
        ImapClient client = rig.connect()) {
      rig.deliverMany("bob", 2 * SearchAnswer.MOST_SAVED_RANGES);
      client.login("bob");
      client.say("a", "SELECT INBOX");
      assertThat(client.say("b", "SEARCH RETURN (SAVE) SEEN").getLast()).startsWith("b OK");
      assertThat(client.say("c", "SEARCH RETURN (COUNT) $").getFirst())
          .endsWith("COUNT " + SearchAnswer.MOST_SAVED_RANGES);
      assertThat(rig.carrier().orElseThrow().largestPosition())
          .isBetween(2 * SearchAnswer.MOST_SAVED_RANGES, 64 * 1024);
      rig.deliverMany("bob", 2);
      client.say("d", "NOOP");
      assertThat(client.say("e", "SEARCH RETURN (SAVE) SEEN").getLast())
          .startsWith("e NO [NOTSAVED]");
      assertThat(client.say("f", "SEARCH RETURN (COUNT) $").getFirst()).endsWith("COUNT 0");
    }
  }

  /** The changed password ends what was let in by the old one, at its next node. */
  @Test
  void theAccountIsLookedUpAgain() throws Exception {
    try (ImapRig rig = rig(Plan.MOVES)) {
      // The greeting is the first to move away from, the login the second.
      rig.carrier().orElseThrow().onMove(number -> rig.authenticator.epoch = number);
      ImapClient client = rig.connect();
      client.login("bob");
      assertThat(client.line()).isEqualTo("* BYE The account has changed, log in again");
      assertThat(client.closed()).isTrue();
      client.close();
      rig.authenticator.awaitNoLeases();
    }
  }

  /**
   * A long answer goes on octet for octet where its node died, whatever has happened to the
   * messages in between. Here each of its repeats finds another mailbox.
   */
  @Test
  void aLongAnswerGoesOnWhereItBrokeOff() throws Exception {
    String text = "Subject: long\r\n\r\n" + "0123456789abcdef\r\n".repeat(100);
    for (long seed = 1; seed <= 8; seed++) {
      try (ImapRig rig = rig(new Plan(20, 700, seed));
          ImapClient client = rig.connect()) {
        for (int i = 0; i < 20; i++) {
          rig.deliver("bob", octets(text));
        }
        client.login("bob");
        client.say("a", "ENABLE IMAP4rev2");
        client.say("b", "SELECT INBOX");
        Mailbox inbox = rig.inbox("bob");
        rig.carrier()
            .orElseThrow()
            .onDeath(() -> {
              rig.deliver("bob", octets("\r\n"));
              FlagChange answered = FlagChange.add(Flags.of(SystemFlag.ANSWERED));
              inbox.changeFlags(inbox.refresh(), UidSet.range(1, 20), answered, -1, Attempt.ONLY);
              inbox.expunge(UidSet.range(1, 3), Attempt.ONLY);
            });
        client.sendLine("c FETCH 1:* (FLAGS BODY[])");
        for (int number = 1; number <= 20; number++) {
          assertThat(client.line())
              .isEqualTo("* " + number + " FETCH (FLAGS (\\Seen) BODY[] {" + size(text) + "}");
          assertThat(new String(client.octets(size(text)), StandardCharsets.ISO_8859_1))
              .endsWith(text);
          assertThat(client.line()).isEqualTo(")");
        }
        assertThat(client.until("c").getLast()).startsWith("c OK");
        assertThat(rig.carrier().orElseThrow().deaths()).isPositive();
      }
    }
  }

  /** Each node has its own idea of what is \\Recent, and a long answer is told by several. */
  @Test
  void aLongResynchronizationGoesOnWhereItBrokeOff() throws Exception {
    int deaths = 0;
    for (long seed = 1; seed <= 8; seed++) {
      try (ImapRig rig = rig(new Plan(20, 700, seed));
          ImapClient client = rig.connect()) {
        for (int i = 0; i < 200; i++) {
          rig.deliver("bob", octets("\r\n"));
        }
        client.login("bob");
        client.say("a", "ENABLE QRESYNC");
        Mailbox inbox = rig.inbox("bob");
        long uidValidity = inbox.refresh().uidValidity();
        Carrier carrier = rig.carrier().orElseThrow();
        int before = carrier.deaths();
        carrier.onDeath(() -> inbox.claimRecent(inbox.refresh()));
        List<String> told = client.say("b", "SELECT INBOX (QRESYNC (" + uidValidity + " 1))");
        assertThat(told.stream().filter(line -> line.contains(" FETCH "))).hasSize(200);
        assertThat(told).contains("* 200 EXISTS", "* 0 RECENT");
        assertThat(told.getLast()).startsWith("b OK");
        deaths += carrier.deaths() - before;
      }
    }
    assertThat(deaths).isPositive();
  }

  /** What comes while no node has the session is told by the next, with nothing to wake it. */
  @Test
  void inIdleNothingIsMissedBetweenTwoNodes() throws Exception {
    int deaths = 0;
    for (long seed = 1; seed <= 8; seed++) {
      try (ImapRig rig = rig(new Plan(3, 16 * 1024, seed));
          ImapClient client = rig.connect()) {
        client.login("bob");
        client.say("a", "SELECT INBOX");
        client.sendLine("b IDLE");
        assertThat(client.line()).startsWith("+ ");
        AtomicInteger delivered = new AtomicInteger();
        rig.carrier()
            .orElseThrow()
            .onDeath(() -> {
              rig.deliver("bob", octets("\r\n"));
              delivered.incrementAndGet();
            });
        for (int i = 1; i <= 20; i++) {
          rig.deliver("bob", octets("\r\n"));
          delivered.incrementAndGet();
          String exists = "";
          while (!exists.equals("* " + delivered.get() + " EXISTS")) {
            exists = client.line();
          }
        }
        client.sendLine("DONE");
        assertThat(client.until("b").getLast()).startsWith("b OK");
        deaths += rig.carrier().orElseThrow().deaths();
      }
    }
    assertThat(deaths).isGreaterThan(20);
  }

  /** Each of its parts is told once, though mail arrives in what was told before. */
  @Test
  void aListOfManyFoldersGoesOnWhereItBrokeOff() throws Exception {
    int deaths = 0;
    for (long seed = 1; seed <= 6; seed++) {
      try (ImapRig rig = rig(new Plan(400, 16 * 1024, seed));
          ImapClient client = rig.connect()) {
        client.login("bob");
        for (int i = 100; i < 700; i++) {
          client.say("c", "CREATE folder-of-a-longer-name-" + i);
        }
        AccountMail mail = rig.mail.account(FakeAuthenticator.account("bob").id());
        int before = rig.carrier().orElseThrow().deaths();
        rig.carrier()
            .orElseThrow()
            .onDeath(() -> {
              rig.deliver("bob", octets("\r\n"));
              mail.create("new" + System.nanoTime(), Set.of(), Attempt.ONLY);
            });
        client.say("s", "SELECT INBOX");
        List<String> answer =
            client.say("l", "LIST \"\" * RETURN (STATUS (MESSAGES HIGHESTMODSEQ))");
        List<String> names =
            answer.stream().filter(line -> line.startsWith("* LIST ")).map(this::last).toList();
        List<String> statuses =
            answer.stream().filter(line -> line.startsWith("* STATUS ")).toList();
        assertThat(names).doesNotHaveDuplicates().isSorted().hasSize(statuses.size());
        assertThat(names.stream().filter(name -> name.startsWith("folder-"))).hasSize(600);
        assertThat(answer.getLast()).isEqualTo("l OK LIST completed");
        deaths += rig.carrier().orElseThrow().deaths() - before;
      }
    }
    assertThat(deaths).isGreaterThan(6);
  }

  private String last(String line) {
    return line.substring(line.lastIndexOf(' ') + 1);
  }

  private static int size(String text) {
    return ImapRig.PREFIX.length() + text.length();
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
