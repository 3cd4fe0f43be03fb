package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM: every idle session is told goodbye in its protocol, and the program ends with 0. */
@ExtendWith(SharedNode.class)
class StopTest {
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
}
