package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.text.TextIndex;
import hikyaku.protocol.imap.ImapLimits;
import hikyaku.server.net.TlsMode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Octets without sense to a session in each state. Whatever comes, what is said is well formed, and
 * the session answers the command that makes sense again.
 */
class StateFuzzTest {
  private static final int ROUNDS = 50;
  private static final int LINES = 40;
  private static final Pattern LITERAL = Pattern.compile(".*\\{([0-9]+)}$");

  enum At {
    GREETING(""),
    LOGGED_IN("login LOGIN u1 secret\r\n"),
    REV2("login LOGIN u1 secret\r\ne ENABLE IMAP4rev2 QRESYNC\r\n"),
    SELECTED("login LOGIN u1 secret\r\ns SELECT INBOX\r\n"),
    EXAMINED("login LOGIN u1 secret\r\nx EXAMINE INBOX\r\n"),
    QRESYNC("login LOGIN u1 secret\r\ne ENABLE QRESYNC\r\ns SELECT INBOX\r\n"),
    UID_ONLY("login LOGIN u1 secret\r\ne ENABLE UIDONLY\r\ns SELECT INBOX\r\n");

    private final String way;

    At(String way) {
      this.way = way;
    }
  }

  private static final List<String> WORDS =
      List.of(
          "CAPABILITY",
          "NOOP",
          "ID NIL",
          "LOGIN u1 secret",
          "UNAUTHENTICATE",
          "NOTIFY SET STATUS (selected (MessageNew (UID BODY.PEEK[]) MessageExpunge FlagChange))"
              + " (personal (MessageNew MessageExpunge MailboxName SubscriptionChange))",
          "NOTIFY SET (selected-delayed (MessageNew MessageExpunge)) (subtree \"Other Users\""
              + " (MessageNew MessageExpunge FlagChange MailboxName MailboxMetadataChange))",
          "NOTIFY NONE",
          "UID SEARCH RETURN (UPDATE (UID FLAGS) COUNT) OR SEEN TEXT a",
          "SORT RETURN (UPDATE ALL) (SUBJECT SIZE) UTF-8 UNDELETED",
          "CANCELUPDATE \"t1\" \"t2\"",
          "ESEARCH IN (personal subtree \"Other Users\") RETURN (ALL COUNT) TEXT a",
          "ESEARCH IN (selected subscribed mailboxes (INBOX Trash)) UNSEEN",
          "UID SEARCH RETURN (RELEVANCY) FUZZY (TEXT \"b a\")",
          "SORT (RELEVANCY) UTF-8 FUZZY BODY a",
          "AUTHENTICATE PLAIN",
          "ENABLE",
          "SELECT INBOX",
          "EXAMINE",
          "CREATE",
          "DELETE",
          "RENAME",
          "SUBSCRIBE",
          "LIST \"\" *",
          "LSUB",
          "STATUS INBOX (MESSAGES)",
          "GETMETADATA INBOX /private/comment",
          "SETMETADATA",
          "(/private/comment {1+}\r\nx)",
          "GETACL INBOX",
          "SETACL INBOX u2 lr",
          "DELETEACL INBOX u2",
          "\"Other Users/u2@demo.test/INBOX\"",
          "CHECK",
          "CLOSE",
          "UNSELECT",
          "EXPUNGE",
          "UID",
          "SEARCH",
          "SORT (REVERSE SUBJECT DATE) UTF-8",
          "THREAD REFERENCES UTF-8",
          "RETURN (PARTIAL 1:2)",
          "FETCH",
          "STORE",
          "COPY",
          "MOVE",
          "IDLE",
          "DONE",
          "INBOX",
          "Trash",
          "1",
          "2:*",
          "*",
          "$",
          "1:99999",
          "FLAGS",
          "+FLAGS",
          "(\\Seen)",
          "(\\Deleted)",
          "BODY[]",
          "BODY.PEEK[1.2]<0.5>",
          "BINARY[1]",
          "(FLAGS UID)",
          "ENVELOPE",
          "BODYSTRUCTURE",
          "RFC822",
          "ALL",
          "NOT",
          "OR",
          "TEXT a",
          "FROM b",
          "UNSEEN",
          "RETURN (SAVE)",
          "RETURN ()",
          "MODSEQ 1",
          "UIDAFTER 1",
          "UIDBEFORE 2",
          "(CHANGEDSINCE 1)",
          "(UNCHANGEDSINCE 9)",
          "APPEND INBOX {3+}\r\nabc",
          "APPEND INBOX (\\Seen) {2+}\r\n\r\n",
          "{2+}\r\nab",
          "CATENATE (",
          "CATENATE (TEXT {2+}\r\nab",
          "URL /INBOX/;UID=1)",
          "{3}",
          "\"",
          "(",
          ")",
          "",
          "=",
          "*",
          "\u00e9",
          "\0");

  /** What makes sense in some state; half of the lines begin as one of these. */
  private static final List<String> COMMANDS =
      List.of(
          "FETCH 1:* (FLAGS UID ENVELOPE BODYSTRUCTURE)",
          "UID FETCH 1:* (BODY[] BINARY.PEEK[1])",
          "UID FETCH 1:2 (UID FLAGS MODSEQ)",
          "UID FETCH $ (RFC822.HEADER ENVELOPE)",
          "FETCH 1 (BODY[HEADER.FIELDS (From Subject)]<2.9> RFC822.SIZE INTERNALDATE)",
          "STORE 1:* +FLAGS.SILENT (\\Seen a)",
          "UID STORE 1:* -FLAGS (\\Seen)",
          "STORE 1 (UNCHANGEDSINCE 3) FLAGS (\\Deleted)",
          "SEARCH RETURN (SAVE ALL) TEXT a",
          "UID SEARCH OR FROM a NOT BODY b",
          "SEARCH MODSEQ 1 $",
          "GETQUOTAROOT INBOX",
          "SETQUOTA \"\" (STORAGE 512 MESSAGE 7)",
          "SETQUOTA u2@demo.test ()",
          "LANGUAGE en",
          "APPEND INBOX CATENATE (URL /INBOX/;UID=1/;SECTION=HEADER TEXT {3+}\r\nabc URL ;UID=2)",
          "APPEND Trash CATENATE (URL \"/INBOX;UIDVALIDITY=1795341600/;UID=2/;PARTIAL=1.9\")",
          "UID REPLACE 1 INBOX CATENATE (URL ;UID=1 TEXT {1+}\r\nx)",
          "REPLACE 1 INBOX {4+}\r\na: b",
          "UID REPLACE * Drafts (\\Draft) {4+}\r\na: b",
          "SEARCH OR EMAILID M1 SAVEDON 22-Nov-2026",
          "FETCH 1:* (SAVEDATE PREVIEW (LAZY) EMAILID THREADID)",
          "COPY 1 Trash",
          "UID MOVE 9 Junk",
          "EXPUNGE",
          "IDLE\r\nDONE",
          "LIST (SUBSCRIBED) \"\" % RETURN (STATUS (MESSAGES SIZE))",
          "SELECT INBOX",
          "SETMETADATA INBOX (/private/comment ~{3+}\r\na\0b /shared/a \"b\")",
          "GETMETADATA (DEPTH infinity MAXSIZE 2) INBOX (/private /shared)",
          "LIST \"\" * RETURN (METADATA (/private/comment))",
          "SETACL INBOX anyone +lrs",
          "LISTRIGHTS INBOX u2",
          "MYRIGHTS \"Other Users/u2@demo.test/INBOX\"",
          "LIST \"\" \"Other Users/*\" RETURN (MYRIGHTS)",
          "EXAMINE INBOX",
          "APPEND INBOX (\\Deleted) {4+}\r\na: b",
          "CREATE x/y",
          "RENAME x z",
          "DELETE z",
          "LOGIN u1 secret",
          "STATUS INBOX (UNSEEN HIGHESTMODSEQ)",
          "SELECT INBOX (QRESYNC (1795341600 1))");

  /** In every second state a command may have one message. */
  private static ImapRig rig(At at, ImapSettings settings) throws IOException {
    MessageLimit limit =
        at.ordinal() % 2 == 0 ? MessageLimit.NONE : new MessageLimit(MessageLimit.Scope.ALL, 1, 1);
    return new ImapRig(settings, limit, TlsMode.NONE, Optional.empty(), TextIndex.NONE);
  }

  @ParameterizedTest
  @EnumSource(At.class)
  void anyLines(At at) throws IOException {
    long seed = 3501 + at.ordinal();
    Random random = new Random(seed);
    ImapSettings d = ImapSettings.DEFAULTS;
    Duration patience = Duration.ofSeconds(9);
    ImapSettings settings =
        new ImapSettings(
            1000,
            d.messageLimit(),
            d.saveLimit(),
            d.enforcedLimit(),
            true,
            d.unauthenticate(),
            patience,
            patience,
            patience,
            patience,
            patience,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            d.contact(),
            d.comment(),
            d.limits());
    assertThat(d.limits()).isEqualTo(ImapLimits.DEFAULT);
    try (ImapRig rig = rig(at, settings)) {
      rig.deliver("u1", octets("From: a@b\r\nSubject: a\r\n\r\nbody\r\n"));
      rig.deliver("u1", octets("Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\n--b"));
      for (int round = 0; round < ROUNDS; round++) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        said.writeBytes(octets(at.way));
        for (int line = 0; line < LINES; line++) {
          said.writeBytes(line(random, line));
        }
        // Whatever exchange or IDLE was begun is over now.
        said.writeBytes(octets("*\r\nthe-end NOOP\r\nthe-end NOOP\r\nthe-end NOOP\r\n"));
        String told = "seed " + seed + " round " + round;
        try (ImapClient client = rig.connect()) {
          client.send(said.toByteArray());
          readToEnd(client, told);
        } catch (IOException e) {
          throw new AssertionError(told, e);
        }
      }
      // What is said is not all nonsense: in the states with a mailbox it is fetched from.
      double fetched =
          rig.meters.find("hikyaku.imap.commands").tags("result", "ok").timers().stream()
              .filter(timer -> String.valueOf(timer.getId().getTag("command")).endsWith("fetch"))
              .mapToDouble(timer -> timer.count())
              .sum();
      boolean inMailbox = at.compareTo(At.SELECTED) >= 0;
      assertThat(fetched).isGreaterThan(inMailbox ? 20 : -1);
    }
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] line(Random random, int number) {
    StringBuilder line = new StringBuilder("t" + number);
    boolean sensible = random.nextBoolean();
    if (sensible) {
      line.append(' ').append(COMMANDS.get(random.nextInt(COMMANDS.size())));
    }
    int words = sensible ? random.nextInt(4) / 2 : 1 + random.nextInt(4);
    for (int word = 0; word < words; word++) {
      line.append(' ').append(WORDS.get(random.nextInt(WORDS.size())));
    }
    byte[] octets = octets(line + (random.nextInt(4) == 0 ? "\n" : "\r\n"));
    if (random.nextInt(8) == 0) {
      octets[random.nextInt(octets.length - 2)] = (byte) random.nextInt(256);
    }
    return octets;
  }

  /** Reads responses, literals included, up to the last or to BYE. */
  private static void readToEnd(ImapClient client, String told) throws IOException {
    while (true) {
      StringBuilder response = new StringBuilder(client.line());
      Matcher literal = LITERAL.matcher(response);
      while (literal.matches()) {
        client.octets(Integer.parseInt(literal.group(1)));
        response.append(client.line());
        literal = LITERAL.matcher(response);
      }
      assertThat(response.toString()).as(told).matches("(?s)\\* .+|\\+ .*|[^ ]+ (OK|NO|BAD) .+");
      if (response.toString().startsWith("the-end OK") || response.indexOf("* BYE") == 0) {
        return;
      }
    }
  }
}
