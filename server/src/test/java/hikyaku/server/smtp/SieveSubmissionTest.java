package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.queue.Outgoing;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Scripts of those to whom a user of this service writes, who can say what is to be told. */
class SieveSubmissionTest extends ScriptedDelivery {
  private static final String TO_U1 = "To: u1@demo.test\nMessage-ID: <1@b.example>\n";

  @Override
  SmtpFace face() {
    return SmtpFace.SUBMISSION;
  }

  @Override
  List<String> greeting() {
    return List.of("EHLO c\r\n", "AUTH PLAIN AHUxAHNlY3JldA==\r\n");
  }

  @BeforeEach
  void write() {
    sender = "u1@demo.test";
  }

  private RcptParameters told(int number) {
    return queued().get(number).recipients().getFirst().parameters();
  }

  /**
   * RFC 3461 §4.1: a sender who wants no report of a failure gets none; RFC 3464 §2.2.1, §2.3.1.
   */
  @Test
  void aRefusalIsToldAsItsSenderWantsIt() throws Exception {
    script("u2", "require \"ereject\"; ereject \"Not wanted\";");
    for (String never : List.of("NEVER", "SUCCESS,DELAY")) {
      forRecipients = " NOTIFY=" + never;
      send(List.of("info@demo.test"), TO_U1 + "\nx\n");
      assertThat(queued()).as(never).isEmpty();
    }
    forAll = " ENVID=order+2B7";
    forRecipients = " NOTIFY=FAILURE ORCPT=rfc822;shop+2Binfo@b.example";
    send(List.of("info@demo.test"), TO_U1 + "\nx\n");
    assertThat(told(0).notifyOn()).isEmpty();
    assertThat(text(queued().getFirst()))
        .contains(
            "\r\n\r\nOriginal-Envelope-Id: order+7\r\nReporting-MTA: dns; mx.demo.test\r\n\r\n"
                + "Original-Recipient: rfc822; shop+info@b.example\r\nFinal-Recipient: ");
    // A disposition notification is no delivery report.
    script("u2", "require \"reject\"; reject \"Not wanted\";");
    forRecipients = " NOTIFY=NEVER ORCPT=rfc822;shop@b.example";
    send(List.of("info@demo.test"), TO_U1 + "\nx\n");
    List<String> texts = new ArrayList<>();
    for (Outgoing each : queued()) {
      texts.add(text(each));
      assertThat(each.recipients().getFirst().parameters().notifyOn()).isEmpty();
    }
    assertThat(texts)
        .hasSize(2)
        .anySatisfy(text ->
            assertThat(text)
                .contains("Original-Recipient: rfc822; shop@b.example\r\nFinal-Recipient: ")
                .doesNotContain("Original-Envelope-Id"));
  }

  /** RFC 3461 §6.2: whom it was refused for had it not delivered. */
  @Test
  void thatItWasDeliveredIsNotToldOfWhomItWasRefusedFor() throws Exception {
    script("u2", "require \"ereject\"; ereject \"Not wanted\";");
    forRecipients = " NOTIFY=SUCCESS";
    send(List.of("u2@demo.test", "u3@demo.test"), TO_U1 + "\nx\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(header("u1", "INBOX"))
        .contains("Final-Recipient: rfc822; u3@demo.test\r\nAction: delivered\r\n")
        .doesNotContain("u2@demo.test");
  }

  /** RFC 6009 §4, §5. */
  @Test
  void whatTheEnvelopeHasIsSeen() throws Exception {
    script(
        "u2",
        """
        require ["envelope", "envelope-dsn", "envelope-deliverby", "variables", "fileinto", "mailbox"];
        if envelope :matches "notify" "F*" { set "n" "F${1}"; }
        if envelope :matches "orcpt" "*" { set "o" "${1}"; }
        if envelope :matches "envid" "*" { set "e" "${1}"; }
        if envelope :matches "ret" "*" { set "r" "${1}"; }
        if envelope :matches "bytimerelative" "*" { set "b" "${1}"; }
        if envelope :matches "bymode" "*" { set "m" "${1}"; }
        fileinto :create "${n} ${o} ${e} ${r} ${b} ${m}";
        """);
    forAll = " ENVID=order+2B7 RET=HDRS BY=600;N";
    forRecipients = " NOTIFY=DELAY,FAILURE ORCPT=rfc822;shop+2Binfo@b.example";
    send(List.of("u2@demo.test"), TO_U1 + "\nx\n");
    assertThat(in("u2", "FAILURE rfc822;shop+info@b.example order+7 HDRS 600 notify")).hasSize(1);
  }
}
