package hikyaku.server.dmarc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.dmarc.proto.ReceivedReport;
import hikyaku.server.testing.TestClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What others report of our domains, whatever they really send. */
class ReportInboxTest {
  private static final String ROW =
      """
        <record>
          <row><source_ip>192.0.2.%d</source_ip><count>%d</count>
            <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>
              <reason><type>other</type></reason></policy_evaluated></row>
          <identifiers><envelope_from>x.test</envelope_from><header_from>A.test</header_from></identifiers>
          <auth_results><spf><domain>x.test</domain><result>none</result></spf></auth_results>
        </record>
      """;

  private static String xml(String id, String rows) {
    return """
    <?xml version="1.0" encoding="UTF-8"?>
    <feedback>
      <report_metadata>
        <org_name>Their &amp; Co.</org_name><email>a@their.test</email>
        <report_id>%s</report_id>
        <date_range><begin>1795305600</begin><end>1795391999</end></date_range>
      </report_metadata>
      <policy_published><domain>a.test</domain><p>none</p><pct>100</pct></policy_published>
      %s
    </feedback>
    """
        .formatted(id, rows);
  }

  private static String xml(String id) {
    return xml(id, ROW.formatted(1, 3) + ROW.formatted(2, 4) + ROW.formatted(1, 2));
  }

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ReceivedReports received = new ReceivedReports(store.logs());
  private final ReportInbox inbox =
      new ReportInbox(
          "dmarc@us.test",
          Duration.ofDays(30),
          mail,
          received,
          domain -> domain.endsWith("a.test") ? "a.test" : "",
          meters);
  private int messages;

  @BeforeEach
  void open() {
    inbox.open();
  }

  @AfterEach
  void soundness() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    assertThat(problems).isEmpty();
  }

  private static byte[] gzip(byte[] octets) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(octets);
    }
    return out.toByteArray();
  }

  private static byte[] zip(String name, byte[] octets) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("readme.txt"));
      zip.write(octets);
      zip.putNextEntry(new ZipEntry(name));
      zip.write(octets);
    }
    return out.toByteArray();
  }

  private static Optional<ReceivedReport> read(String xml) {
    return ForeignReport.read(xml.getBytes(UTF_8));
  }

  private static String message(byte[] report) {
    return "From: a@their.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + "--b\r\n\r\nhello <feedback>\r\n--b\r\nContent-Type: application/octet-stream\r\n"
        + "Content-Transfer-Encoding: base64\r\n\r\n"
        + Base64.getMimeEncoder().encodeToString(report)
        + "\r\n--b--\r\n";
  }

  private void arrive(String message) {
    arrive(message, "k" + messages++);
  }

  private void arrive(String message, String key) {
    try (Intake intake = mail.intake()) {
      byte[] octets = message.getBytes(ISO_8859_1);
      intake.write(octets, 0, octets.length);
      var append =
          inbox.arrived(
              List.of("jo@us.test", "Dmarc@us.test"), intake.finish().blob(), "their.test", key);
      var unused = store.logs().append(append.orElseThrow()).orThrow();
    }
  }

  private double told(String result) {
    var counter = meters.find("hikyaku.dmarc.received").tag("result", result).counter();
    return counter == null ? 0 : counter.count();
  }

  @Test
  void formsOfReports() throws Exception {
    byte[] plain = xml("1").getBytes(UTF_8);
    ReceivedReport report = ForeignReport.read(plain).orElseThrow();
    assertThat(report.getOrganization()).isEqualTo("Their & Co.");
    assertThat(report.getDomain()).isEqualTo("a.test");
    assertThat(report.getRowsList()).hasSize(2);
    assertThat(report.getRows(0).toString().replaceAll("\\s+", " "))
        .isEqualTo(
            "source: \"192.0.2.1\" disposition: \"none\" dkim: true header_from: \"a.test\" "
                + "messages: 5 ");
    assertThat(ForeignReport.read(gzip(plain))).contains(report);
    assertThat(ForeignReport.read(zip("a!b!1!2.XML", plain))).contains(report);
    assertThat(
            read(
                xml("1")
                    .replace(
                        "<feedback>", "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">")))
        .contains(report);
    assertThat(ForeignReport.read(zip("a.txt", plain))).isEmpty();
    for (String none :
        List.of(
            "",
            "<",
            "hello",
            "<html/>",
            "<feedback/>",
            xml(""),
            xml("1").replace("1795305600", "-1"),
            xml("1").replace("1795391999", "5"),
            xml("1").replace("</feedback>", ""))) {
      assertThat(read(none)).as(none).isEmpty();
    }
  }

  /** Bombs, files of ours, nesting: none of it is read, or it ends where we say. */
  @Test
  void hostileReports() throws Exception {
    String type =
        "<!DOCTYPE feedback [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">"
            + "<!ENTITY f SYSTEM \"file:///etc/passwd\">]><feedback>";
    for (String entity : List.of("&b;", "&f;", "x")) {
      assertThat(read(xml(entity).replace("<feedback>", type))).as(entity).isEmpty();
    }
    assertThat(read(xml("1").replace("<feedback>", "<feedback>" + "<a>".repeat(100)))).isEmpty();
    String controls = read(xml("a&#x9b;b&#x202e;c\u2028d")).orElseThrow().getId();
    assertThat(controls).isEqualTo("a?b?c?d");
    assertThat(read(xml("x".repeat(100_000))).orElseThrow().getId()).hasSize(253);
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < ForeignReport.MOST_ROWS + 10; i++) {
      many.append(ROW.formatted(i, 2));
    }
    ReceivedReport report = read(xml("1", many.toString())).orElseThrow();
    assertThat(report.getRowsList()).hasSize(ForeignReport.MOST_ROWS);
    assertThat(report.getMissing()).isEqualTo(20);
    String spaces = " ".repeat(ForeignReport.MOST_OCTETS);
    byte[] bomb = xml("1", spaces).getBytes(UTF_8);
    byte[] almost = xml("1", spaces.substring(2_000)).getBytes(UTF_8);
    assertThat(ForeignReport.read(gzip(almost))).isPresent();
    assertThat(ForeignReport.read(gzip(bomb))).isEmpty();
    assertThat(ForeignReport.read(zip("a.xml", bomb))).isEmpty();
  }

  @Test
  void whateverStandsThere() throws Exception {
    Random random = new Random(20261130);
    byte[] plain = xml("1").getBytes(UTF_8);
    List<byte[]> forms = List.of(plain, gzip(plain), zip("a.xml", plain));
    int whole = 0;
    for (int round = 0; round < 6_000; round++) {
      byte[] octets = forms.get(round % 3).clone();
      for (int times = random.nextInt(6); times > 0; times--) {
        octets[random.nextInt(octets.length)] = (byte) random.nextInt(256);
      }
      whole += ForeignReport.read(octets).isPresent() ? 1 : 0;
    }
    assertThat(whole).isBetween(1_000, 5_999);
  }

  @Test
  void whatComesIsReadOnceAndKeptForSomeTime() throws Exception {
    arrive(message(gzip(xml("1").getBytes(UTF_8))), "same");
    arrive(message(gzip(xml("1").getBytes(UTF_8))), "same");
    arrive(message(zip("r.xml", xml("1").getBytes(UTF_8))));
    arrive(message(xml("2").getBytes(UTF_8)));
    arrive(message("hello".getBytes(UTF_8)));
    arrive(message(xml("3").replace("a.test", "b.example").getBytes(UTF_8)));
    arrive(xml("4"));
    assertThat(inbox.arrived(List.of("jo@us.test"), null, "", "k")).isEmpty();
    Faults faults = store.faults();
    faults.failNext(Faults.Call.APPEND, Faults.When.AFTER);
    assertThatThrownBy(inbox::read).isInstanceOf(StoreException.class);
    assertThat(inbox.read()).isEqualTo(6);
    assertThat(inbox.read()).isZero();
    assertThat(store.logs().read(new LogName("dmarc-inbox"), 0, Long.MAX_VALUE, 100))
        .as("nothing holds the messages")
        .isEmpty();
    assertThat(received.domains()).containsExactly("a.test");
    assertThat(received.of("a.test", Instant.EPOCH))
        .extracting(ReceivedReport::getId)
        .as("plain, packed, and without any header")
        .containsExactly("1", "2", "4");
    assertThat(received.of("a.test", Instant.EPOCH).getFirst().getAuthor()).isEqualTo("their.test");
    assertThat(received.of("a.test", Instant.ofEpochSecond(1795392000))).isEmpty();
    assertThat(told("unreadable")).isEqualTo(1);
    assertThat(told("foreign")).isEqualTo(1);
    assertThat(new ReceivedReports(store.logs()).of("a.test", Instant.EPOCH)).hasSize(3);
    clock.advance(Duration.ofDays(20));
    arrive(message(xml("5").getBytes(UTF_8)));
    assertThat(inbox.tidy(clock.instant())).isEqualTo(1);
    assertThat(received.of("a.test", Instant.EPOCH)).hasSize(4);
    clock.advance(Duration.ofDays(20));
    assertThat(inbox.tidy(clock.instant())).isZero();
    assertThat(received.of("a.test", Instant.EPOCH))
        .extracting(ReceivedReport::getId)
        .containsExactly("5");
  }

  /** Whoever reports much pushes out what is old, and never fills the store. */
  @Test
  void whatIsKeptIsBounded() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < ForeignReport.MOST_ROWS; i++) {
      many.append(ROW.formatted(i, 2).replace("A.test", "x".repeat(150) + ".a.test"));
    }
    for (int i = 0; i < 40; i++) {
      received.keep("a.test", read(xml("r" + i, many.toString())).orElseThrow());
    }
    List<ReceivedReport> kept = received.of("a.test", Instant.EPOCH);
    assertThat(kept).hasSizeBetween(10, 39);
    assertThat(kept.stream().mapToLong(ReceivedReport::getSerializedSize).sum())
        .isLessThanOrEqualTo(ReceivedReports.MOST_OCTETS);
    assertThat(kept.getLast().getId()).isEqualTo("r39");
    assertThat(new ReceivedReports(store.logs()).of("a.test", Instant.EPOCH)).isEqualTo(kept);
  }
}
