package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGTERM: every idle session is told goodbye in its protocol, one inside a command may finish, and
 * the program ends with 0 in time; a second signal ends it at once.
 */
@ExtendWith(SharedNode.class)
class StopTest {
  /** How a program ends that a signal has ended, as a shell reports it. */
  private static final int SIGTERM = 128 + 15;

  @TempDir Path directory;

  @Test
  void saysGoodbye() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      Mail.deliver(node, account, "stays", "body");
      try (Line smtp = new Line(node.port(Port.SMTP));
          Line submission = new Line(node.port(Port.SUBMISSION));
          Line lmtp = new Line(node.port(Port.LMTP));
          Line pop3 = Line.pop3(node, account);
          Line newPop3 = new Line(node.port(Port.POP3));
          Line newImap = new Line(node.port(Port.IMAP));
          Line imap = new Line(node.port(Port.IMAP));
          Line idling = new Line(node.port(Port.IMAP))) {
        smtp.reply();
        smtp.smtp("EHLO client.test.example", "250");
        submission.reply();
        lmtp.reply();
        newPop3.read();
        newImap.read();
        pop3.pop3("DELE 1");
        for (Line line : new Line[] {imap, idling}) {
          line.read();
          line.send("a LOGIN " + account.address() + " " + account.password() + "\r\n");
          assertThat(line.readTo("a ")).startsWith("a OK");
          line.send("b SELECT INBOX\r\n");
          assertThat(line.readTo("b ")).startsWith("b OK");
        }
        idling.send("c IDLE\r\n");
        assertThat(idling.readTo("+")).startsWith("+ ");

        node.terminate();
        assertThat(smtp.reply()).startsWith("421 ");
        assertThat(submission.reply()).startsWith("421 ");
        assertThat(lmtp.reply()).startsWith("421 ");
        assertThat(pop3.read()).startsWith("-ERR [SYS/TEMP] ");
        assertThat(newPop3.read()).startsWith("-ERR [SYS/TEMP] ");
        assertThat(newImap.readTo("* BYE")).startsWith("* BYE ");
        assertThat(imap.readTo("* BYE")).startsWith("* BYE ");
        assertThat(idling.readTo("* BYE")).startsWith("* BYE ");
        for (Line line : new Line[] {smtp, submission, lmtp, pop3, newPop3, newImap, imap}) {
          assertThat(line.rest()).isEmpty();
        }
        // The command that was under way has its end.
        assertThat(idling.rest()).matches("c OK .*\r\n");
      }
      assertThat(node.exitCode()).isZero();

      // What POP3 had marked is there, since nobody said QUIT.
      node.start();
      assertThat(Mail.subjects(node, account)).containsExactly("stays");
    }
  }

  /** A message whose text is coming in, up to where only its end is missing. */
  private static Line sending(Node node, Account account, String subject) throws IOException {
    Line line = new Line(node.port(Port.SMTP));
    line.reply();
    line.smtp("EHLO client.test.example", "250");
    line.smtp("MAIL FROM:<sender@elsewhere.example>", "250");
    line.smtp("RCPT TO:<" + account.address() + ">", "250");
    line.smtp("DATA", "354");
    line.send("Subject: " + subject + "\r\n\r\nText\r\n");
    return line;
  }

  @Test
  void aMessageOnItsWayArrives() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      try (Line idle = new Line(node.port(Port.SMTP));
          Line sending = sending(node, account, "on its way")) {
        idle.reply();
        node.terminate();
        assertThat(idle.reply()).startsWith("421 ");
        sending.smtp(".", "250");
        assertThat(sending.reply()).startsWith("421 ");
        assertThat(sending.rest()).isEmpty();
      }
      assertThat(node.exitCode()).isZero();
      node.start();
      assertThat(Mail.subjects(node, account)).containsExactly("on its way");
    }
  }

  @Test
  void whoDoesNotFinishInTimeIsCutOff() throws Exception {
    try (Node node = Node.in(directory, "[connections]\ngrace = \"1s\"\n").start()) {
      Account account = node.account();
      try (Line sending = sending(node, account, "never ends")) {
        node.terminate();
        assertThat(sending.rest()).doesNotContain("250 ");
      }
      assertThat(node.exitCode()).isZero();
      node.awaitLog("forced=1");
      node.start();
      assertThat(Mail.subjects(node, account)).isEmpty();
    }
  }

  @Test
  void aSecondSignalEndsItAtOnce() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      Mail.deliver(node, account, "stays", "body");
      try (Line idle = new Line(node.port(Port.SMTP));
          Line sending = sending(node, account, "never ends")) {
        idle.reply();
        node.terminate();
        assertThat(idle.reply()).startsWith("421 ");
        node.terminate();
        assertThat(node.exitCode()).isEqualTo(SIGTERM);
        assertThatThrownBy(sending::reply).isInstanceOf(IOException.class);
      }
      node.start();
      assertThat(Mail.subjects(node, account)).containsExactly("stays");
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
    }
  }
}
