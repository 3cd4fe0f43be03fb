package hikyaku.systemtests;

import static hikyaku.systemtests.InternetSite.DOMAIN;
import static hikyaku.systemtests.InternetSite.TEXT;
import static hikyaku.systemtests.InternetSite.USER;
import static hikyaku.systemtests.InternetSite.account;
import static hikyaku.systemtests.InternetSite.arrived;
import static hikyaku.systemtests.InternetSite.await;
import static hikyaku.systemtests.InternetSite.directory;
import static hikyaku.systemtests.InternetSite.give;
import static hikyaku.systemtests.InternetSite.giveThis;
import static hikyaku.systemtests.InternetSite.inbox;
import static hikyaku.systemtests.InternetSite.internet;
import static hikyaku.systemtests.InternetSite.node;
import static hikyaku.systemtests.InternetSite.publish;
import static hikyaku.systemtests.InternetSite.received;
import static hikyaku.systemtests.InternetSite.submit;
import static hikyaku.systemtests.InternetSite.submitTo;
import static hikyaku.systemtests.InternetSite.trusting;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.internet.Internet;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What servers tell each other of the mail between them: TLS (RFC 8460), DMARC (RFC 7489 §7.2). */
@Order(InternetSite.ORDER)
@ExtendWith({SharedNode.class, InternetSite.class})
class InternetReportsTest {
  private static final String REPORTER = "rita@users.example";
  private static final String REPORTING = "users.example";

  /** Whose domain wants reports of both kinds by mail. */
  private static final String OTHER = "box@exim.example";

  private static final String SETTINGS =
      """
      hostname = "%s"
      [listen]
      standard-ports = true
      [tls]
      certificate = "%s"
      key = "%s"
      [queue]
      first-retry = "1s"
      longest-retry = "2s"
      [queue.client]
      connect = "2s"
      sources = ["%s"]
      [tls-reports]
      enabled = true
      timeout = "5s"
      contact = "reports@users.example"
      [dmarc-reports]
      enabled = true
      contact = "reports@users.example"
      [housekeeping]
      compact-every = "1s"
      """;

  /**
   * Another server of ours reports to other domains how TLS with them went, and what came in under
   * their names. Reports are about days that are over, so its clock goes a day ahead when it starts
   * again.
   */
  @Test
  void othersAreToldOfADayThatIsOver() throws Exception {
    String settings =
        SETTINGS.formatted(
            Internet.SECOND_HOST,
            internet().certificate(Internet.SECOND_HOST),
            internet().key(Internet.SECOND_HOST),
            internet().secondSource());
    Path data = directory().resolve("reporter");
    List<String> domains =
        List.of("exim", "postfix", "grey", "slow", "backup", "fallback", "ascii").stream()
            .map(each -> each + ".example")
            .toList();
    try (Node today = Node.on(internet().users(), data, settings, trusting()).start()) {
      today.command("", "domain", "add", REPORTING).ok();
      account(today, REPORTER);
      today.command("", "alias", "set", "reports@users.example", REPORTER).ok();
      publish(today, REPORTING, List.of(internet().secondSource()));
      submitTo(
          Internet.SECOND_HOST,
          REPORTER,
          "counted",
          TEXT,
          Stream.concat(
                  domains.stream().map(each -> "box@" + each), Stream.of("box@sts.example", USER))
              .toArray(String[]::new));
      give(Internet.EXIM, OTHER, "judged", REPORTER);
      submit("judged-too", REPORTER);
      for (String domain : domains) {
        arrived(domain, "counted");
      }
      received("counted");
      for (String subject : List.of("judged", "judged-too")) {
        await(
            subject + " at another server of ours",
            () -> inbox(REPORTER, Internet.SECOND_HOST),
            message -> message.contains("\nSubject: " + subject + "\n"));
      }
      await(
          "that TLS fails",
          () -> List.of(today.command("", "queue", "list").ok().output()),
          said -> said.contains("No subject alternative DNS name matching mx.sts.example found"));
      today.command("", "queue", "delete", "--domain", "sts.example", "--yes").ok();
      today.terminate();
      assertThat(today.exitCode()).isZero();
    }
    Map<String, String> ahead = new HashMap<>(trusting());
    ahead.putAll(Node.clockAhead(directory(), "+26h"));
    try (Node tomorrow = Node.on(internet().users(), data, settings, ahead).start()) {
      tlsIsReportedByHttps(tomorrow);
      tlsIsReportedByMail();
      dmarcIsReportedAndRead();
      tomorrow.terminate();
      assertThat(tomorrow.exitCode()).isZero();
    }
    // It may have come twice, but not what was sent on or what is for another name.
    assertThat(internet().reports().stream().filter(each -> each.contains(" /taken ")).toList())
        .allSatisfy(each -> assertThat(each).startsWith("POST /taken application/tlsrpt+gzip "))
        .filteredOn(each -> each.contains(" 201 "))
        .allSatisfy(
            each -> assertThat(unpacked(each)).contains("\"policy-domain\":\"exim.example\""));
  }

  private static void tlsIsReportedByHttps(Node tomorrow) throws Exception {
    tomorrow.awaitLog("https://reports.example/moved cause=\"the answer is 308\"");
    tomorrow.awaitLog("https://reports.example/refused cause=\"the answer is 413\"");
    tomorrow.awaitLog("https://reports.example/later cause=\"the answer is 503\"");
    tomorrow.awaitLog("https://reports.example/silent cause=\"request timed out\"");
    tomorrow.awaitLog("https://other-reports.example/taken cause=\"(certificate_unknown)");
    assertThat(posted("POST /taken application/tlsrpt+gzip 201 "))
        .startsWith("{\"organization-name\":")
        .contains("\"policy-type\":\"sts\"", "\"policy-domain\":\"exim.example\"");
    internet().takeReports();
    assertThat(posted("POST /later application/tlsrpt+gzip 201 "))
        .contains("\"policy-domain\":\"postfix.example\"");
    tomorrow.awaitLog(
        "a report about TLS was posted domain=ascii.example at=https://reports.example/endless");
  }

  /** To a domain with whose server it failed, and to us. */
  private static void tlsIsReportedByMail() throws Exception {
    String failed =
        await(
            "report about TLS at exim.example",
            () -> internet().box("exim.example"),
            message -> message.contains("\nTLS-Report-Domain: sts.example\n"));
    assertThat(failed)
        .containsPattern("dkim=pass header.d=users.example header.s=.* header.a=rsa-sha256")
        .contains("\nTLS-Report-Submitter: ");
    assertThat(attached(failed))
        .contains("\"policy-domain\":\"sts.example\"", "\"policy-type\":\"sts\"")
        .contains("\"result-type\":\"certificate-host-mismatch\"")
        .contains("\"receiving-mx-hostname\":\"mx.sts.example\"")
        .contains("\"total-successful-session-count\":0");
    String ours =
        await(
            "report about TLS with us",
            InternetSite::inbox,
            message -> message.contains("\nTLS-Report-Domain: hikyaku.example\n"));
    assertThat(ours).contains("dmarc=pass");
    assertThat(attached(ours))
        .contains("\"policy-domain\":\"hikyaku.example\"")
        .contains("\"total-successful-session-count\":1");
  }

  /** To another's mailbox; and to us, who read it. */
  private static void dmarcIsReportedAndRead() throws Exception {
    String report =
        await(
            "report about DMARC at exim.example",
            () -> internet().box("exim.example"),
            message -> message.contains("\nSubject: Report Domain: exim.example"));
    assertThat(report)
        .containsPattern("dkim=pass header.d=users.example header.s=.* header.a=rsa-sha256");
    assertThat(attached(report))
        .containsPattern("<header_from>exim.example</header_from>")
        .containsPattern(
            "<policy_evaluated>\\s*<disposition>(none|pass)</disposition>\\s*<dkim>pass</dkim>\\s*<spf>pass</spf>");
    await(
        "what our own second server says of us",
        () -> List.of(node().command("", "dmarc", "reports", DOMAIN).ok().output()),
        said -> said.contains(internet().sources().getFirst()) && said.contains(REPORTING));
  }

  /** A report in the form that most servers of today send, of mail that is not ours. */
  @Test
  void whatAnotherSaysOfForgeriesIsShown() throws Exception {
    long now = Instant.now().getEpochSecond();
    String report =
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <feedback>
          <report_metadata>
            <org_name>Exim and Sons</org_name>
            <email>box@exim.example</email>
            <report_id>1.exim.example</report_id>
            <date_range><begin>%d</begin><end>%d</end></date_range>
          </report_metadata>
          <policy_published>
            <domain>hikyaku.example</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><pct>100</pct>
          </policy_published>
          <record>
            <row>
              <source_ip>192.0.2.66</source_ip>
              <count>17</count>
              <policy_evaluated>
                <disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
              </policy_evaluated>
            </row>
            <identifiers><header_from>hikyaku.example</header_from></identifiers>
            <auth_results>
              <spf><domain>forger.example</domain><result>softfail</result></spf>
            </auth_results>
          </record>
        </feedback>
        """
            .formatted(now - 86_400, now - 1);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(packed)) {
      zip.write(report.getBytes(UTF_8));
    }
    String name = "exim.example!hikyaku.example!" + (now - 86_400) + "!" + (now - 1) + ".xml.gz";
    String attachment =
        "MIME-Version: 1.0\r\nContent-Type: application/gzip; name=\""
            + name
            + "\"\r\n"
            + "Content-Transfer-Encoding: base64\r\n\r\n"
            + Base64.getMimeEncoder().encodeToString(packed.toByteArray())
            + "\r\n";
    giveThis(Internet.EXIM, OTHER, "forgeries", attachment, "dmarc@hikyaku.example");
    String shown =
        await(
            "what is said of forgeries",
            () -> List.of(node().command("", "dmarc", "reports", DOMAIN).ok().output()),
            said -> said.contains("192.0.2.66"));
    assertThat(shown).containsPattern("192\\.0\\.2\\.66 .*\\b17\\b.*exim\\.example");
  }

  /** The first part that is packed in a message, unpacked. */
  private static String attached(String message) throws IOException {
    Matcher part =
        Pattern.compile(
                "(?is)\nContent-Type: application/(?:tlsrpt\\+)?gzip.*?\n\n([A-Za-z0-9+/=\n]+)")
            .matcher(message);
    assertThat(part.find()).as(message).isTrue();
    return unpacked(Base64.getMimeDecoder().decode(part.group(1)));
  }

  /** A report that was posted, by the beginning of what is said of its request. */
  private static String posted(String beginning) throws Exception {
    String request = await(beginning, internet()::reports, line -> line.startsWith(beginning));
    return unpacked(request);
  }

  private static String unpacked(String request) throws IOException {
    return unpacked(internet().report(request.substring(request.lastIndexOf(' ') + 1)));
  }

  private static String unpacked(byte[] body) throws IOException {
    try (GZIPInputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(body))) {
      return new String(unpacked.readAllBytes(), UTF_8);
    }
  }
}
