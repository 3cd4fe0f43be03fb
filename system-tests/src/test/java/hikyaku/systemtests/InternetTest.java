package hikyaku.systemtests;

import static hikyaku.systemtests.InternetSite.USER;
import static hikyaku.systemtests.InternetSite.arrived;
import static hikyaku.systemtests.InternetSite.ask;
import static hikyaku.systemtests.InternetSite.await;
import static hikyaku.systemtests.InternetSite.give;
import static hikyaku.systemtests.InternetSite.inbox;
import static hikyaku.systemtests.InternetSite.internet;
import static hikyaku.systemtests.InternetSite.node;
import static hikyaku.systemtests.InternetSite.received;
import static hikyaku.systemtests.InternetSite.report;
import static hikyaku.systemtests.InternetSite.submit;
import static hikyaku.systemtests.InternetSite.submitThis;
import static hikyaku.systemtests.InternetSite.verified;
import static hikyaku.systemtests.InternetSite.waits;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.internet.Internet;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Mail to and from other people's servers, found by a real DNS: that which is in order, and
 * whatever else there is out there.
 */
@Order(InternetSite.ORDER)
@ExtendWith({SharedNode.class, InternetSite.class})
class InternetTest {
  @Test
  void mailArrivesAndNobodyWaitsForTheDead() throws Exception {
    List<String> domains =
        List.of(
            "postfix.example",
            "grey.example",
            "slow.example",
            "six.example",
            "backup.example",
            "fallback.example",
            "unsigned.example");
    List<String> recipients = new ArrayList<>(List.of("box@dead.example", "box@exim.example"));
    domains.forEach(domain -> recipients.add("box@" + domain));
    submit("everybody", recipients.toArray(String[]::new));
    for (String domain : domains) {
      assertThat(arrived(domain, "everybody"))
          .startsWith("Return-Path: <" + USER + ">\n")
          .containsPattern("Received: from mail.hikyaku.example .*\n.*using TLSv1.3 with cipher")
          .contains("by mx.postfix.example (Postfix) with ESMTPS ");
    }
    assertThat(arrived("six.example", "everybody")).contains("[IPv6:fd77::");
    assertThat(arrived("exim.example", "everybody"))
        .containsPattern("dkim=pass header.d=hikyaku.example header.s=.* header.a=rsa-sha256")
        .containsPattern("dkim=pass header.d=hikyaku.example header.s=.* header.a=ed25519-sha256")
        .containsPattern(
            "Received: from .* \\(helo=mail.hikyaku.example\\)\n"
                + "\tby mx.exim.example with esmtps +\\(TLS1.3\\)");
    assertThat(verified(arrived("postfix.example", "everybody"))).contains("signature ok");
    waits("dead.example", "no session with mx.dead.example");
    assertThat(node().command("", "queue", "list").ok().output())
        .doesNotContain("@postfix.example");
    for (String domain : domains) {
      assertThat(internet().box(domain).stream().filter(InternetTest::isForEverybody))
          .as("messages at " + domain)
          .hasSize(1);
    }
  }

  private static boolean isForEverybody(String message) {
    return message.contains("\nSubject: everybody\n");
  }

  @Test
  void whatCannotArriveComesBack() throws Exception {
    submit("in-vain", "box@null.example", "box@nowhere.example", "nobody@postfix.example");
    assertThat(report("rfc822; box@null.example")).contains("\nStatus: 5.1.10\n");
    assertThat(report("rfc822; box@nowhere.example")).contains("\nStatus: 5.1.2\n");
    assertThat(report("rfc822; nobody@postfix.example"))
        .contains("\nStatus: 5.1.1\n")
        .contains("\nRemote-MTA: dns; mx.postfix.example\n")
        .contains("\nDiagnostic-Code: smtp; 550 5.1.1 <nobody@postfix.example>");
  }

  @Test
  void addressesBeyondAsciiGoWhereTheyCan() throws Exception {
    submit("umlaut", "böx@postfix.example", "böx@ascii.example");
    assertThat(arrived("postfix.example", "umlaut")).contains("with UTF8SMTPS ");
    assertThat(report("utf-8; böx@ascii.example")).contains("\nStatus: 5.6.7\n");
  }

  @Test
  void contentIsConvertedForWhoTakesNoOctetsAbove127() throws Exception {
    String parts =
        """
        MIME-Version: 1.0
        Content-Type: multipart/%s; boundary=b

        --b
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 8bit

        Grüße = gut
        --b
        Content-Type: application/pgp-signature
        Content-Transfer-Encoding: 8bit

        é
        --b--
        """
            .replace("\n", "\r\n");
    submitThis("eight", parts.formatted("mixed"), "box@ascii.example", "box@postfix.example");
    assertThat(arrived("ascii.example", "eight"))
        .contains("-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe =3D gut\n--b\n")
        .contains("-Encoding: base64\n\nw6k=\n--b--\n");
    assertThat(arrived("postfix.example", "eight"))
        .contains("Encoding: 8bit\n\nGrüße = gut\n--b\n");
    submitThis("sealed", parts.formatted("signed"), "box@ascii.example");
    assertThat(report("rfc822; box@ascii.example"))
        .contains("\nStatus: 5.6.3\n")
        .contains("it is signed as it is");
  }

  @Test
  void whatIsNotSafeWaitsUntilItIs() throws Exception {
    submit("careful", "box@mismatch.example", "box@sts.example", "box@bogus.example");
    waits("mismatch.example", "the certificate fits no TLSA record");
    waits("sts.example", "No subject alternative DNS name matching mx.sts.example found");
    waits("bogus.example", "DNS does not answer for bogus.example");
    assertThat(node().command("", "queue", "tls", "mismatch.example").ok().output())
        .contains("required, with a certificate that fits the TLSA record");
    assertThat(node().command("", "queue", "tls", "sts.example").ok().output())
        .contains("required, with a trusted certificate for mx.sts.example");
    assertThat(internet().box("mismatch.example")).isEmpty();
    assertThat(internet().box("sts.example")).isEmpty();
    assertThat(internet().box("bogus.example")).isEmpty();
    internet().publish(List.of(internet().rightRecordOfMismatch()));
    arrived("mismatch.example", "careful");
  }

  @Test
  void mailOfOthersComesInAndIsJudged() throws Exception {
    give(Internet.EXIM, "box@exim.example", "signed", USER);
    give(Internet.POSTFIX, "box@postfix.example", "plain", USER);
    give(Internet.POSTFIX, "box@exim.example", "forged", USER);
    assertThat(received("signed"))
        .contains("Return-Path: <box@exim.example>\n")
        .contains("dkim=pass")
        .contains("spf=pass")
        .contains("dmarc=pass");
    assertThat(received("plain")).contains("spf=pass").contains("dkim=none");
    // Postfix reports to whom it takes for the sender.
    assertThat(
            await(
                "report about what was forged",
                () -> internet().box("exim.example"),
                message -> message.contains("Final-Recipient: rfc822; " + USER)))
        .contains("550 5.7.26")
        .contains("Subject: forged");
    assertThat(inbox()).noneMatch(message -> message.contains("Subject: forged"));
    // They have looked for our TLSA record, and believe it.
    Pattern dane = Pattern.compile("=> anna@hikyaku.example .* CV=dane");
    await(
        "word of the TLSA record",
        () -> List.of(internet().logs()),
        said ->
            said.contains("Verified TLS connection established to mail.hikyaku.example")
                && dane.matcher(said).find());
  }

  @Test
  void whatOthersCannotDeliverComesBack() throws Exception {
    submit("sent-on", "away@postfix.example");
    String report =
        await(
            "report of Postfix",
            InternetSite::inbox,
            message -> message.contains("Final-Recipient: rfc822; nobody@hikyaku.example\n"));
    assertThat(report)
        .startsWith("Return-Path: <>\n")
        .contains("Original-Recipient: rfc822;away@postfix.example\n")
        .contains("said: 550 5.1.1")
        .contains("Subject: sent-on\n");
  }

  /** Neither takes it as it is. */
  @Test
  void binaryMailIsConvertedForWhoTakesNone() throws Exception {
    ask("binary", "BODY=BINARYMIME", "", "box@postfix.example");
    assertThat(arrived("postfix.example", "binary"))
        .contains("Content-Transfer-Encoding: base64\n\nAAoNYg==\n");
  }

  /** Exim, and a Postfix that knows AUTH PLAIN, and one that knows LOGIN alone. */
  @Test
  void mailGoesByServersThatWantALogin() throws Exception {
    submit("by-another", "box@smart.example", "box@login.example", "box@old.example");
    submit("by-nobody", "box@barred.example");
    assertThat(arrived("smart.example", "by-another"))
        .contains("by mx.postfix.example (Postfix) with ESMTPS ")
        .containsPattern(
            "Received: from .* \\(helo=mail.hikyaku.example\\)\n"
                + "\tby mx.exim.example with esmtpsa +\\(TLS1.3\\)");
    for (String domain : List.of("login.example", "old.example")) {
      assertThat(arrived(domain, "by-another"))
          .contains("(Authenticated sender: hikyaku)\n")
          .contains("by mx.postfix.example (Postfix) with ESMTPSA ");
    }
    waits("barred.example", "535 5.7.8");
    assertThat(internet().box("barred.example")).isEmpty();
  }

  /** Those in queue.client.sources, whatever other addresses our machine has. */
  @Test
  void othersSeeMailComeFromTheAddressOfItsKindThatIsSet() throws Exception {
    submit("from-where", "box@postfix.example", "box@six.example", "box@exim.example");
    String four = internet().sources().getFirst();
    assertThat(arrived("postfix.example", "from-where"))
        .contains("Received: from mail.hikyaku.example (unknown [" + four + "])");
    assertThat(arrived("exim.example", "from-where")).contains("Received: from [" + four + "] ");
    assertThat(arrived("six.example", "from-where"))
        .contains(
            "Received: from mail.hikyaku.example (unknown [IPv6:"
                + internet().sources().getLast()
                + "])");
  }
}
