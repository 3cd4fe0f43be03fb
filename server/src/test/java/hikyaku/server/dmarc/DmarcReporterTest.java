package hikyaku.server.dmarc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dns.Dns;
import hikyaku.server.origin.Judged;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import hikyaku.server.reports.ReportClaims;
import hikyaku.server.testing.TestClock;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From what was made of mail to what the domain of its author reads of it. */
class DmarcReporterTest {
  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final ZoneDns dns = new ZoneDns();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final DmarcResults results = results();
  private int messages;

  @BeforeEach
  void open() {
    new Outbox(store.logs()).open();
    results.open();
  }

  @AfterEach
  void soundness() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    assertThat(problems).isEmpty();
  }

  private DmarcResults results() {
    return new DmarcResults(store.logs(), clock, List.of("postmaster@us.test"));
  }

  private DmarcReporter reporter(String node) {
    return reporter(node, dns);
  }

  private DmarcReporter reporter(String node, Dns asked) {
    return new DmarcReporter(
        DmarcReporter.letters("us.test", DmarcReportSettings.DEFAULTS, mail, Signer.NONE),
        results(),
        mail,
        asked,
        node,
        meters,
        clock);
  }

  private long send() {
    return reporter("n1").send();
  }

  private static Judged judged(String client, String domain, String places, boolean pass) {
    return judged(client, domain, domain, places, pass, List.of());
  }

  private static Judged judged(
      String client,
      String domain,
      String author,
      String places,
      boolean pass,
      List<Judged.Signature> signatures) {
    return new Judged(
        InetAddress.ofLiteral(client),
        author,
        "bounce." + domain,
        new Judged.Published(
            domain, "reject", "quarantine", "none", true, false, false, List.of(places.split(","))),
        pass,
        false,
        pass ? "pass" : "reject",
        Judged.Override.NONE,
        "bounce." + domain,
        pass ? "softfail" : "fail",
        signatures);
  }

  private void count(Judged judged) {
    count(judged, "m" + messages++);
  }

  private void count(Judged judged, String key) {
    results
        .counted(judged, List.of("jo@us.test"), key)
        .ifPresent(append -> store.logs().append(append).orThrow());
  }

  private List<Outgoing> queued() {
    return new QueueView(store.logs(), InstantSource.system())
            .find(new QueueView.Filter(null, null, null, null, null, false, null), 100_000)
            .messages()
            .stream()
            .map(QueueView.Waiting::message)
            .toList();
  }

  private List<String> addressees() {
    return queued().stream()
        .map(message -> message.recipients().getFirst().address().toString())
        .sorted()
        .toList();
  }

  private String text(Outgoing message) throws Exception {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    message.copy(store.blobs(), message.octets(), octets::write);
    return octets.toString(ISO_8859_1);
  }

  /** The report in a message, if it is as it has to be. */
  private static String report(String text) throws Exception {
    String body = text.substring(text.indexOf(".xml.gz\"\r\n\r\n") + 12, text.lastIndexOf("--=_"));
    byte[] gzip = Base64.getMimeDecoder().decode(body.getBytes(US_ASCII));
    String xml;
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      xml = new String(in.readAllBytes(), UTF_8);
    }
    SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(DmarcReporterTest.class.getResource("aggregate.xsd"))
        .newValidator()
        .validate(new StreamSource(new StringReader(xml)));
    return xml;
  }

  private void dayIsOver() {
    clock.advance(Duration.ofHours(15));
  }

  private double told(String meter, String tag, String value) {
    var counter = meters.find(meter).tag(tag, value).counter();
    return counter == null ? 0 : counter.count();
  }

  /** RFC 7489 §7.2, §7.2.1.1 and Appendix C. */
  @Test
  void aDomainReadsWhatBecameOfItsMail() throws Exception {
    String places = "mailto:d@a.test";
    count(judged("192.0.2.1", "a.test", places, true), "once");
    count(judged("192.0.2.1", "a.test", places, true), "once");
    count(judged("192.0.2.1", "a.test", places, true));
    count(
        judged(
            "2001:db8::1",
            "a.test",
            "x.a.test",
            places,
            false,
            List.of(
                new Judged.Signature("else.test", "<s&>", "fail"),
                new Judged.Signature("a.test", "k1", "pass"))));
    count(judged("192.0.2.1", "silent.test", "", true));
    assertThat(send()).as("the day is not over").isZero();
    dayIsOver();
    assertThat(send()).isEqualTo(1);
    assertThat(send()).isZero();
    assertThat(queued()).hasSize(1);
    assertThat(addressees()).containsExactly("d@a.test");
    String text = text(queued().getFirst());
    assertThat(text)
        .startsWith("From: <postmaster@us.test>\r\nTo: <d@a.test>\r\n")
        .contains(
            "\r\nSubject: Report Domain: a.test Submitter: us.test\r\n"
                + " Report-ID: <2026-11-22.a.test@us.test>\r\nAuto-Submitted",
            "\r\nContent-Type: application/gzip\r\n",
            "\r\n filename=\"us.test!a.test!1795305600!1795391999.xml.gz\"\r\n");
    String xml = report(text);
    assertThat(xml)
        .contains(
            "<org_name>us.test</org_name><email>postmaster@us.test</email>"
                + "<report_id>2026-11-22.a.test@us.test</report_id>"
                + "<date_range><begin>1795305600</begin><end>1795391999</end></date_range>",
            "<domain>a.test</domain><discovery_method>treewalk</discovery_method>"
                + "<p>reject</p><sp>quarantine</sp><np>none</np><adkim>s</adkim><aspf>r</aspf>"
                + "<testing>n</testing>",
            "<source_ip>192.0.2.1</source_ip><count>2</count><policy_evaluated>"
                + "<disposition>pass</disposition><dkim>pass</dkim><spf>fail</spf>",
            "<source_ip>2001:db8:0:0:0:0:0:1</source_ip><count>1</count><policy_evaluated>"
                + "<disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf>",
            "<header_from>x.a.test</header_from><envelope_from>bounce.a.test</envelope_from>",
            "<dkim><domain>a.test</domain><selector>k1</selector><result>pass</result></dkim>"
                + "<dkim><domain>else.test</domain><selector>&lt;s&amp;&gt;</selector>",
            "<spf><domain>bounce.a.test</domain><scope>mfrom</scope><result>softfail</result>")
        .doesNotContain("<error>");
    assertThat(told("hikyaku.dmarc.reports", "result", "sent")).isEqualTo(1);
  }

  /** Reports, and what is said of them, are not reported. */
  @Test
  void whatOnlyReportersGetIsNotCounted() {
    Judged judged = judged("192.0.2.1", "a.test", "mailto:d@a.test", true);
    assertThat(results.counted(judged, List.of("Postmaster@us.test"), "k")).isEmpty();
    assertThat(results.counted(judged, List.of("postmaster@us.test", "jo@us.test"), "k"))
        .isPresent();
    assertThat(
            results.counted(
                judged("192.0.2.1", "a\".test", "mailto:d@a.test", true),
                List.of("j@us.test"),
                "k"))
        .as("no name that could break out of a header")
        .isEmpty();
  }

  /** RFC 7489 §7.1. */
  @Test
  void nobodyGetsWhatHeDoesNotWant() {
    dns.with("_dmarc.a.test", "TXT", "v=DMARC1; p=none")
        .with("a.test._report._dmarc.yes.example", "TXT", "v=spf1", "v=DMARC1;")
        .with("a.test._report._dmarc.no.example", "TXT", "v=DMARC2", "hello")
        .with(
            "*._report._dmarc.other.example",
            "TXT",
            "v=DMARC1; rua=mailto:instead@other.example,mailto:no@victim.example")
        .with(
            "a.test._report._dmarc.other.example",
            "TXT",
            "v=DMARC1; rua=mailto:instead@other.example,mailto:no@victim.example")
        .with(
            "a.test._report._dmarc.away.example", "TXT", "v=DMARC1; rua=mailto:no@victim.example");
    for (String place :
        List.of(
            "mailto:own@sub.a.test",
            "mailto:yes@yes.example",
            "mailto:no@no.example",
            "mailto:not@unasked.example",
            "mailto:replaced@other.example")) {
      count(judged("192.0.2.1", "a.test", place, true));
      dayIsOver();
      assertThat(send()).isEqualTo(1);
      clock.advance(Duration.ofHours(9));
    }
    count(judged("192.0.2.1", "a.test", "mailto:replaced@away.example,https://a.test/", true));
    dayIsOver();
    assertThat(send()).isEqualTo(1);
    assertThat(addressees())
        .containsExactly("instead@other.example", "own@sub.a.test", "yes@yes.example");
    assertThat(told("hikyaku.dmarc.reports", "result", "unwanted")).isEqualTo(3);
  }

  @Test
  void placesHaveLimits() {
    assertThat(Place.of("mailto:a@b.test!10m"))
        .hasToString("Optional[Place[to=a@b.test, most=10485760]]");
    assertThat(Place.of("MAILTO:a@b.test!1")).hasToString("Optional[Place[to=a@b.test, most=1]]");
    assertThat(Place.of("mailto:a@b.test!999999999999999999t").orElseThrow().most())
        .isEqualTo(Long.MAX_VALUE);
    for (String none :
        List.of("", "mailto:", "a@b.test", "https://b.test", "mailto:%zz@b.test!1k")) {
      assertThat(Place.of(none)).as(none).isEmpty();
    }
    count(judged("192.0.2.1", "a.test", "mailto:small@a.test!1k,mailto:big@a.test!1m", true));
    dayIsOver();
    assertThat(send()).isEqualTo(1);
    assertThat(addressees()).containsExactly("big@a.test");
    assertThat(told("hikyaku.dmarc.reports", "result", "too_big")).isEqualTo(1);
  }

  /** DNS that is silent keeps one domain waiting, for some days, and no other. */
  @Test
  void whoCannotBeAskedIsAskedAgain() {
    dns.silent("a.test._report._dmarc.slow.example");
    count(judged("192.0.2.1", "a.test", "mailto:x@a.test,mailto:x@slow.example", true));
    count(judged("192.0.2.1", "b.test", "mailto:x@b.test", true));
    dayIsOver();
    assertThat(send()).isEqualTo(1);
    assertThat(addressees()).containsExactly("x@b.test");
    dns.without("a.test._report._dmarc.slow.example")
        .with("a.test._report._dmarc.slow.example", "TXT", "v=DMARC1");
    assertThat(send()).isEqualTo(1);
    assertThat(addressees()).containsExactly("x@a.test", "x@b.test", "x@slow.example");
    count(judged("192.0.2.1", "a.test", "mailto:x@other.example", true));
    dns.silent("a.test._report._dmarc.other.example");
    clock.advance(Duration.ofDays(2));
    assertThat(send()).isZero();
    clock.advance(Duration.ofDays(3));
    assertThat(send()).isEqualTo(1);
    assertThat(queued()).hasSize(3);
    assertThat(results.tally(DmarcResults.part("a.test")).days()).isEmpty();
    assertThat(told("hikyaku.dmarc.reports", "result", "unsure")).isEqualTo(1);
  }

  /** Of several nodes one sends; if it dies another does, and nothing goes twice. */
  @Test
  void nothingIsSentTwice() {
    for (int i = 0; i < 10; i++) {
      count(judged("192.0.2.1", "d" + i + ".test", "mailto:x@d" + i + ".test", true));
    }
    dayIsOver();
    Faults faults = store.faults();
    DmarcReporter first = reporter("n1");
    // It dies in the middle: after its claim, some reports and their notes.
    faults.failNext(Faults.Call.APPEND, Faults.When.AFTER);
    assertThatThrownBy(first::send).isInstanceOf(StoreException.class);
    assertThat(reporter("n2").send()).as("the claim holds").isZero();
    clock.advance(ReportClaims.LEASE.plusSeconds(1));
    DmarcReporter second = reporter("n2");
    int fail = 0;
    long done = 0;
    while (done < 10 && fail < 100) {
      faults.failNext(Faults.Call.APPEND, fail % 2 == 0 ? Faults.When.AFTER : Faults.When.BEFORE);
      fail++;
      try {
        done += second.send();
      } catch (StoreException e) {
        clock.advance(Duration.ofMinutes(1));
      }
      if (queued().size() == 10) {
        break;
      }
    }
    clock.advance(ReportClaims.LEASE.plusSeconds(1));
    faults.clear();
    var unused = reporter("n3").send();
    assertThat(reporter("n3").send()).isZero();
    assertThat(addressees())
        .containsExactlyElementsOf(
            IntStream.range(0, 10).mapToObj(i -> "x@d" + i + ".test").toList());
    for (int part = 0; part < DmarcResults.PARTS; part++) {
      assertThat(results.tally(part).days()).isEmpty();
    }
  }

  /** A node that was silent for too long goes on with what another has done meanwhile. */
  @Test
  void twoThatBothSend() {
    dns.with("_dmarc.a.test", "TXT", "v=DMARC1; p=none");
    count(judged("192.0.2.1", "a.test", "mailto:x@sub.a.test", true));
    dayIsOver();
    AtomicInteger silent = new AtomicInteger();
    Dns slow =
        (Dns)
            Proxy.newProxyInstance(
                Dns.class.getClassLoader(),
                new Class<?>[] {Dns.class},
                (_, method, arguments) -> {
                  if (silent.getAndIncrement() == 0) {
                    clock.advance(ReportClaims.LEASE.plusSeconds(1));
                    assertThat(reporter("n2").send()).isEqualTo(1);
                  }
                  return method.invoke(dns, arguments);
                });
    assertThat(reporter("n1", slow).send()).isEqualTo(1);
    assertThat(queued()).hasSize(1);
  }

  /** There is no second report of a day, whatever is still counted for it. */
  @Test
  void whatIsCountedTooLateIsNotReported() {
    count(judged("192.0.2.1", "a.test", "mailto:x@a.test", true));
    dayIsOver();
    assertThat(send()).isEqualTo(1);
    clock.advance(Duration.ofHours(-15));
    count(judged("192.0.2.1", "a.test", "mailto:x@a.test", true));
    dayIsOver();
    assertThat(send()).isZero();
    assertThat(queued()).hasSize(1);
  }

  /** Whoever forges many names, or sends by many servers, fills nothing but his share. */
  @Test
  void floodsAreBounded() throws Exception {
    int rows = DomainTally.MOST_ROWS + 70;
    for (int i = 0; i < rows; i++) {
      count(judged("10.1." + i / 250 + "." + i % 250, "a.test", "mailto:x@a.test", false));
    }
    count(judged("10.1.0.1", "a.test", "mailto:x@a.test", false));
    int part = DmarcResults.part("a.test");
    int others = 0;
    for (int i = 0; others < Tally.MOST_DOMAINS + 9; i++) {
      String name = "n" + i + ".test";
      if (DmarcResults.part(name) == part) {
        count(judged("192.0.2.1", name, "mailto:x@" + name, true));
        others++;
      }
    }
    Tally tally = results.tally(part);
    Tally.Day day = tally.days().firstEntry().getValue();
    assertThat(day.domains()).hasSize(Tally.MOST_DOMAINS);
    assertThat(day.uncounted()).isEqualTo(10);
    assertThat(day.domains().get("a.test").rows()).hasSize(DomainTally.MOST_ROWS);
    assertThat(store.logs().read(DmarcResults.log(part), 0, Long.MAX_VALUE, 10_000))
        .as("what a snapshot has is gone from the log")
        .hasSizeLessThan(DmarcResults.SNAPSHOT_AFTER);
    dayIsOver();
    assertThat(send()).isEqualTo(Tally.MOST_DOMAINS);
    Outgoing message =
        queued().stream()
            .filter(each -> each.recipients().getFirst().address().toString().equals("x@a.test"))
            .findFirst()
            .orElseThrow();
    String xml = report(text(message));
    assertThat(xml)
        .contains(
            "<error>70 more messages are in no record: there were too many kinds of results</error>",
            "<source_ip>10.1.0.1</source_ip><count>2</count>");
    assertThat(told("hikyaku.dmarc.uncounted", "cause", "rows")).isEqualTo(70);
    assertThat(told("hikyaku.dmarc.uncounted", "cause", "domains")).isEqualTo(10);
  }

  /** However long the names are: what a part keeps has an end, and a fold is what was snapshot. */
  @Test
  void octetsAreBounded() {
    String longest = "x".repeat(60) + "." + "y".repeat(60) + ".";
    int kinds = 12_000;
    List<String> domains = new ArrayList<>();
    for (int i = 0; domains.size() < 4; i++) {
      if (DmarcResults.part("o" + i + ".test") == 3) {
        domains.add("o" + i + ".test");
      }
    }
    for (int i = 0; i < kinds; i++) {
      List<Judged.Signature> signatures = new ArrayList<>();
      for (int j = 0; j < 9; j++) {
        signatures.add(new Judged.Signature(longest + "a" + i + ".test", "s" + j, "fail"));
      }
      String domain = domains.get(i % 4);
      count(judged("192.0.2.1", domain, domain, "mailto:x@" + domain, false, signatures));
    }
    Tally tally = results.tally(3);
    assertThat(tally.weight()).isLessThan((int) Tally.MOST_OCTETS + 2_000);
    long kept = 0;
    long missing = 0;
    for (DomainTally each : tally.days().firstEntry().getValue().domains().values()) {
      kept += each.rows().size();
      missing += each.missing();
    }
    assertThat(kept + missing).isEqualTo(kinds);
    assertThat(kept).isGreaterThan(1_000);
    Tally again = Tally.of(tally.snapshot());
    assertThat(again.snapshot()).isEqualTo(tally.snapshot());
    assertThat(again.weight()).isEqualTo(tally.weight());
  }
}
