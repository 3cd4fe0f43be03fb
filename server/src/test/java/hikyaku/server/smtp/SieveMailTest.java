package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.server.queue.Outgoing;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the envelopes of mails have that scripts send. */
class SieveMailTest extends ScriptedDelivery {
  private static final String TO_U1 = "To: u1@demo.test\nMessage-ID: <1@b.example>\n";

  private RcptParameters told(int number) {
    return queued().get(number).recipients().getFirst().parameters();
  }

  /** RFC 5230 §5.1, §5.8, RFC 3834 §3.1.1, RFC 5322 §3.6.4. */
  @Test
  void ofAnAnswerNothingIsTold() throws Exception {
    script(
        "u1",
        """
        require "vacation";
        vacation :from "J\u00fcrgen <u1@demo.test>" "gone";
        """);
    String long900 = "<" + "x".repeat(880) + "@b.example>";
    send(
        List.of("u1@demo.test"),
        "To: u1@demo.test\nIn-Reply-To: <0@b.example>\nMessage-ID: " + long900 + "\n\nx\n");
    assertThat(told(0).notifyOn()).isEmpty();
    assertThat(text(queued().getFirst()))
        .contains("From: =?utf-8?B?SsO8cmdlbg==?= <u1@demo.test>\r\n")
        .contains("In-Reply-To: " + long900 + "\r\n")
        .contains("References: <0@b.example>\r\n " + long900 + "\r\n");
  }

  /** RFC 5436 §2.7: the address of :from is the sender, and hears of failures. */
  @Test
  void aNotificationComesFromWhomTheScriptNames() throws Exception {
    script(
        "u1",
        """
        require "enotify";
        notify :from "Bell <u1+bell@demo.test>" "mailto:p@q.example";
        """);
    send(List.of("u1@demo.test"), "Subject: hello\n\nx\n");
    assertThat(queued().getFirst().sender()).hasToString("u1+bell@demo.test");
    assertThat(text(queued().getFirst())).startsWith("From: \"Bell\" <u1+bell@demo.test>\r\n");
    assertThat(told(0)).isEqualTo(RcptParameters.NONE);
  }

  /** RFC 5436 §2.7: who is named by cc gets it, and is not among those in To. */
  @Test
  void aNotificationHasItsCopiesInCc() throws Exception {
    script(
        "u1",
        """
        require "enotify";
        notify "mailto:p@q.example?cc=r@q.example,s@q.example";
        """);
    send(List.of("u1@demo.test"), "Subject: hello\n\nx\n");
    assertThat(queued().getFirst().recipients())
        .extracting(to -> to.address().toString())
        .containsExactly("p@q.example", "r@q.example", "s@q.example");
    assertThat(text(queued().getFirst()))
        .contains("\r\nTo: p@q.example\r\n", "\r\nCc: r@q.example, s@q.example\r\n");
  }

  /** RFC 6009 §6: its owner hears of what is sent on so, and nobody of what the author wanted. */
  @Test
  void whoSaysWhatIsToldOfARedirectIsTold() throws Exception {
    script("u1", "require \"redirect-dsn\"; redirect :notify \"NEVER\" \"p@q.example\";");
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(queued().getFirst().sender()).hasToString("u1@demo.test");
    assertThat(queued().getFirst().reversePath()).hasToString("u1@demo.test");
    assertThat(told(0)).isEqualTo(new RcptParameters(Set.of(), null));
    assertThat(queued().getFirst().ret()).isNull();
  }

  @Test
  void whatIsToldOfARedirectIsWhatTheScriptSays() throws Exception {
    script(
        "u1",
        "require \"redirect-dsn\"; redirect :ret \"hdrs\" :notify \"success,failure\""
            + " \"p@q.example\";");
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(told(0)).isEqualTo(new RcptParameters(Set.of(Notify.SUCCESS, Notify.FAILURE), null));
    assertThat(queued().getFirst().ret()).isEqualTo(MailParameters.Ret.HDRS);
  }

  /** RFC 6009 §6.1: the empty sender stays. */
  @Test
  void whoWasNobodyStaysNobody() throws Exception {
    script("u1", "require \"redirect-dsn\"; redirect :ret \"FULL\" \"p@q.example\";");
    sender = "";
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(queued().getFirst().sender()).hasToString("");
    assertThat(queued().getFirst().ret()).isEqualTo(MailParameters.Ret.FULL);
    assertThat(queued().getFirst().ret()).isEqualTo(MailParameters.Ret.FULL);
  }

  /** RFC 6009 §7. */
  @Test
  void aRedirectHasItsTime() throws Exception {
    script(
        "u1",
        "require [\"redirect-deliverby\", \"copy\"]; redirect :copy :bytimerelative 600 :bymode"
            + " \"notify\" :bytrace \"p@q.example\";");
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(queued().getFirst().sender()).hasToString("u1@demo.test");
    assertThat(queued().getFirst().terms().by())
        .isEqualTo(
            new Outgoing.Deadline(
                Instant.parse("2026-11-22T10:10:00Z").toEpochMilli(), false, true));
    assertThat(in("u1", "INBOX")).hasSize(1);
  }

  /**
   * RFC 6009 §6.1: for accounts here too; those that are given nothing of the kind have the author.
   */
  @Test
  void whomItIsRedirectedToHereSeesWhoSentIt() throws Exception {
    script(
        "u1",
        "require \"redirect-dsn\"; redirect \"u3@demo.test\";"
            + " redirect :notify \"NEVER\" \"u2@demo.test\";");
    script("u2", "require \"envelope\"; if envelope \"from\" \"u1@demo.test\" { keep; }");
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(header("u2", "INBOX"))
        .startsWith("Return-Path: <u1@demo.test>\r\nDelivered-To: u2@demo.test\r\n");
    assertThat(header("u3", "INBOX")).startsWith("Return-Path: <a@b.example>\r\n");
  }
}
