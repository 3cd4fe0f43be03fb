package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Mail that a server puts off: its sender hears of it, and an operator sends it another way. */
@ExtendWith(SharedNode.class)
class DelayTest {
  private static final int PATIENCE_SECONDS = 180;

  @TempDir Path directory;

  private static void submit(Node node, Account account, String name, String parameters)
      throws IOException {
    try (Line line = new Line(node.port(Port.SUBMISSION))) {
      line.reply();
      line.smtp("EHLO client.test.example", "250");
      String login = "\0" + account.address() + "\0" + account.password();
      line.smtp(
          "AUTH PLAIN "
              + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)),
          "235");
      line.smtp("MAIL FROM:<" + account.address() + "> RET=HDRS ENVID=the+2Benvelope", "250");
      line.smtp("RCPT TO:<" + name + "@busy.example>" + parameters, "250");
      line.smtp("DATA", "354");
      line.smtp(
          "From: "
              + account.address()
              + "\r\nSubject: not urgent\r\nMessage-ID: <"
              + name
              + "@client.test.example>\r\n\r\nnobody-is-sent-this-back\r\n.",
          "250");
      line.smtp("QUIT", "221");
    }
  }

  /** Looks until something is in the mailbox. */
  private static List<String> inbox(Node node, Account account) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    List<String> messages = Mail.inbox(node, account);
    while (messages.isEmpty()) {
      assertThat(System.nanoTime()).as(node.logTail()).isLessThan(end);
      messages = Mail.inbox(node, account);
    }
    return messages;
  }

  @Test
  void aSenderIsToldOnceAndAnOperatorFindsAnotherWay() throws Exception {
    try (Sink busy = new Sink(1);
        Sink other = new Sink(1)) {
      busy.beBusy();
      String settings =
          """
          [queue]
          relay = "smtp+plain://127.0.0.1:%d"
          first-retry = "1s"
          longest-retry = "1s"
          delay-warning = "1s"
          """
              .formatted(busy.ports().getFirst());
      try (Node node = Node.in(directory, settings)) {
        node.start();
        Account account = node.account();
        submit(node, account, "quiet", " NOTIFY=NEVER");
        submit(node, account, "told", " NOTIFY=DELAY ORCPT=rfc822;told@busy.example");
        String report = inbox(node, account).getFirst();
        assertThat(report)
            .contains("Return-Path: <>\n")
            .contains("Auto-Submitted: auto-replied\n")
            .contains("Content-Type: multipart/report; report-type=delivery-status;")
            .contains("In-Reply-To: <told@client.test.example>\n")
            .contains("Original-Envelope-Id: the+envelope\n")
            .contains("Original-Recipient: rfc822; told@busy.example\n")
            .contains("Action: delayed\nStatus: 4.2.1\n")
            .contains("Diagnostic-Code: smtp; 450 4.2.1 too busy\n")
            .contains("Will-Retry-Until: ")
            .contains("Subject: not urgent\n")
            .doesNotContain("nobody-is-sent-this-back");

        String way = "smtp+plain://127.0.0.1:" + other.ports().getFirst();
        assertThat(
                node.command("", "queue", "reroute", "--domain", "busy.example", "--to", "nowhere")
                    .exit())
            .isNotZero();
        assertThat(
                node.command("", "queue", "reroute", "--domain", "busy.example", "--to", way)
                    .ok()
                    .output())
            .contains("2 messages to go another way");
        assertThat(other.came().tryAcquire(2, PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(other.arrivals())
            .containsOnlyKeys(
                "<quiet@client.test.example> quiet@busy.example",
                "<told@client.test.example> told@busy.example");
        while (!node.command("", "queue", "list").ok().output().contains("Nothing waits")) {
          assertThat(node.runs()).isTrue();
          Ran.pause();
        }
        // However often it was put off, it was told once, and only whom it was to be told.
        assertThat(Mail.inbox(node, account)).hasSize(1);
        assertThat(node.command("", "verify").ok().output()).contains("All is well");
      }
      assertThat(busy.arrivals()).isEmpty();
    }
  }
}
