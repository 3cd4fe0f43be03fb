package hikyaku.server.tlsrpt;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.dkim.Signer;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import hikyaku.server.reports.ReportClaims;
import hikyaku.server.smtpclient.TlsFault;
import hikyaku.server.smtpclient.TlsObserver;
import hikyaku.server.smtpclient.TlsPolicy;
import hikyaku.server.testing.TestClock;
import hikyaku.server.testing.ZoneDns;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** From what was seen of TLS to what the other side reads of it. */
class TlsReporterTest {
  private static final TlsPolicy STS =
      new TlsPolicy(
          TlsPolicy.Kind.STS,
          "a.test",
          "a.test",
          List.of("version: STSv1", "mode: enforce", "mx: *.a.test", "max_age: 60"),
          List.of("*.a.test"));
  private static final TlsPolicy NONE =
      new TlsPolicy(TlsPolicy.Kind.NONE, "b.test", "b.test", List.of(), List.of());

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final ZoneDns dns = new ZoneDns();
  private final List<String> posted = new ArrayList<>();
  private final TlsResults results = new TlsResults(store.logs(), clock, _ -> {});
  private boolean webFails;
  private String webRefuses = "";

  @BeforeEach
  void open() {
    new Outbox(store.logs()).open();
  }

  @AfterEach
  void soundness() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    assertThat(problems).isEmpty();
  }

  private TlsReporter reporter() {
    return reporter((at, report) -> {
      if (webFails || (!webRefuses.isEmpty() && at.getHost().equals(webRefuses))) {
        throw new IOException("not now");
      }
      posted.add(at + " " + unpacked(report));
    });
  }

  private TlsReporter reporter(TlsReporter.Web web) {
    return reporter("n1", web);
  }

  private TlsReporter reporter(String node, TlsReporter.Web web) {
    return new TlsReporter(
        "us.test",
        TlsReportSettings.DEFAULTS,
        mail,
        dns,
        (authors, content) -> {
          ByteArrayOutputStream octets = new ByteArrayOutputStream();
          content.copyTo(octets::write);
          return new Signer.Signatures(
              "X-Signed: " + authors + " " + octets.size() + "\r\n", List.of());
        },
        web,
        node,
        clock);
  }

  private static String unpacked(byte[] gzip) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      return new String(in.readAllBytes(), US_ASCII);
    }
  }

  private void told(TlsPolicy policy, TlsFault fault, String reason) {
    results.told(
        new TlsObserver.Outcome(policy, fault, reason, "mx.a.test", "192.0.2.1", "192.0.2.9"));
  }

  private List<QueueView.Waiting> queued() {
    return new QueueView(store.logs(), InstantSource.system())
        .find(new QueueView.Filter(null, null, null, null, null, false, null), 100)
        .messages();
  }

  private String text(Outgoing message) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    message.copy(store.blobs(), message.octets(), octets::write);
    return octets.toString(ISO_8859_1);
  }

  private void dayIsOver() {
    clock.advance(Duration.ofHours(15));
  }

  /** RFC 8460 §4, §5.3. */
  @Test
  void aDomainReadsHowItWent() throws Exception {
    dns.with("_smtp._tls.a.test", "TXT", "v=TLSRPTv1; rua=mailto:tls@a.test");
    told(STS, null, "");
    told(STS, null, "");
    results.flush();
    told(STS, null, "");
    told(STS, TlsFault.CERTIFICATE_EXPIRED, "it ended yesterday");
    told(STS, TlsFault.CERTIFICATE_EXPIRED, "it ended yesterday");
    told(NONE, null, "");
    results.close();
    assertThat(reporter().send()).as("the day is not over").isZero();
    dayIsOver();
    assertThat(reporter().send()).isEqualTo(2);
    assertThat(reporter().send()).isZero();
    assertThat(store.logs().list(TlsResults.PREFIX, null, 10)).isEmpty();
    assertThat(queued()).hasSize(1);
    Outgoing message = queued().getFirst().message();
    assertThat(message.tls()).isEqualTo(Outgoing.Tls.OPTIONAL);
    assertThat(message.recipients().getFirst().address()).hasToString("tls@a.test");
    String text = text(message);
    assertThat(text)
        .startsWith("X-Signed: [postmaster@us.test] " + message.blob().size() + "\r\nFrom: <post")
        .contains(
            "\r\nTLS-Report-Domain: a.test\r\nTLS-Report-Submitter: us.test\r\n",
            "\r\nContent-Type: multipart/report; report-type=\"tlsrpt\";\r\n",
            "\r\n filename=\"us.test!a.test!1795305600!1795391999.json.gz\"\r\n");
    String body = text.substring(text.indexOf(".json.gz\"\r\n\r\n") + 13, text.lastIndexOf("--=_"));
    JsonNode report =
        JsonMapper.shared()
            .readTree(unpacked(Base64.getMimeDecoder().decode(body.getBytes(US_ASCII))));
    assertThat(report.get("organization-name").asString()).isEqualTo("us.test");
    assertThat(report.get("date-range").toString())
        .isEqualTo(
            "{\"start-datetime\":\"2026-11-22T00:00:00Z\","
                + "\"end-datetime\":\"2026-11-22T23:59:59Z\"}");
    assertThat(report.get("policies")).hasSize(1);
    JsonNode policy = report.get("policies").get(0);
    assertThat(policy.get("policy").toString())
        .isEqualTo(
            "{\"policy-type\":\"sts\",\"policy-domain\":\"a.test\",\"policy-string\":"
                + "[\"version: STSv1\",\"mode: enforce\",\"mx: *.a.test\",\"max_age: 60\"],"
                + "\"mx-host\":[\"*.a.test\"]}");
    assertThat(policy.get("summary").toString())
        .isEqualTo("{\"total-successful-session-count\":3,\"total-failure-session-count\":2}");
    assertThat(policy.get("failure-details").toString())
        .isEqualTo(
            "[{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"192.0.2.9\","
                + "\"receiving-mx-hostname\":\"mx.a.test\",\"receiving-ip\":\"192.0.2.1\","
                + "\"failed-session-count\":2,\"failure-reason-code\":\"it ended yesterday\"}]");
  }

  @Test
  void whatFailsIsTriedAgainAndNothingIsSentTwice() {
    dns.with("_smtp._tls.a.test", "TXT", "v=TLSRPTv1;rua=mailto:tls@a.test,https://r.test/x")
        .silent("_smtp._tls.b.test");
    told(STS, null, "");
    told(NONE, TlsFault.STARTTLS_NOT_SUPPORTED, "");
    results.flush();
    dayIsOver();
    webFails = true;
    assertThat(reporter().send()).isZero();
    webFails = false;
    assertThat(reporter().send()).isEqualTo(1);
    assertThat(posted).singleElement().asString().startsWith("https://r.test/x {\"organ");
    dns.without("_smtp._tls.b.test")
        .with("_smtp._tls.b.test", "TXT", "v=TLSRPTv1; rua=mailto:x@b.test");
    assertThat(reporter().send()).isEqualTo(1);
    assertThat(queued()).hasSize(2);
    assertThat(posted).hasSize(1);
    told(NONE, null, "");
    results.flush();
    dns.without("_smtp._tls.b.test").silent("_smtp._tls.b.test");
    dayIsOver();
    dayIsOver();
    assertThat(reporter().send()).isZero();
    clock.advance(Duration.ofDays(3));
    assertThat(reporter().send()).isZero();
    assertThat(store.logs().list(TlsResults.PREFIX, null, 10)).isEmpty();
  }

  @Test
  void aPlaceThatHasItIsLeftAloneWhileAnotherIsTried() {
    dns.with(
        "_smtp._tls.a.test",
        "TXT",
        "v=TLSRPTv1; rua=https://good.test/,https://bad.test/,mailto:tls@a.test");
    told(STS, null, "");
    results.flush();
    dayIsOver();
    webRefuses = "bad.test";
    assertThat(reporter().send()).isZero();
    assertThat(reporter().send()).isZero();
    assertThat(queued()).hasSize(1);
    assertThat(posted).singleElement().asString().startsWith("https://good.test/ ");
    webRefuses = "";
    assertThat(reporter().send()).isEqualTo(1);
    assertThat(queued()).hasSize(1);
    assertThat(posted)
        .satisfiesExactly(
            first -> assertThat(first).startsWith("https://good.test/ "),
            second -> assertThat(second).startsWith("https://bad.test/ "));
  }

  /** Other things have to be tidied up as well, and other domains are told too. */
  @Test
  void whoNamesSlowServersHoldsUpNobodyForLong() {
    fiftyAreSlow();
    told(NONE, null, "");
    results.flush();
    dayIsOver();
    assertToldInTheThirdRun();
  }

  /** Nor those of another day, and nothing is dropped that there was no time for. */
  @Test
  void whoNamesSlowServersHoldsUpNoOtherDay() {
    fiftyAreSlow();
    results.flush();
    clock.advance(Duration.ofDays(1));
    told(NONE, null, "");
    results.flush();
    dayIsOver();
    clock.advance(Duration.ofDays(2));
    assertToldInTheThirdRun();
  }

  private void fiftyAreSlow() {
    for (int i = 0; i < 50; i++) {
      String domain = "a" + i + ".test";
      dns.with("_smtp._tls." + domain, "TXT", "v=TLSRPTv1; rua=https://slow.test/");
      told(new TlsPolicy(TlsPolicy.Kind.NONE, domain, domain, List.of(), List.of()), null, "");
    }
    dns.with("_smtp._tls.b.test", "TXT", "v=TLSRPTv1; rua=https://r.test/");
  }

  private void assertToldInTheThirdRun() {
    AtomicInteger slow = new AtomicInteger();
    TlsReporter reporter =
        reporter((at, report) -> {
          if (at.getHost().equals("slow.test")) {
            slow.incrementAndGet();
            clock.advance(Duration.ofSeconds(30));
            throw new IOException("not in time");
          }
          posted.add(unpacked(report));
        });
    for (int run = 1; run <= 3; run++) {
      assertThat(reporter.send()).isEqualTo(run == 3 ? 1 : 0);
      assertThat(slow).hasValue(run * 20);
      clock.advance(Duration.ofHours(1));
    }
    assertThat(posted).singleElement().asString().contains("b.test");
  }

  /** A web server that answers only once nobody waits for it. */
  private static final class Slow implements TlsReporter.Web {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger requests = new AtomicInteger();

    /** Whether it has accepted what it was asked when it is closed. */
    private final boolean accepts;

    Slow(boolean accepts) {
      this.accepts = accepts;
    }

    @Override
    public void post(URI at, byte[] report) throws IOException {
      requests.incrementAndGet();
      asked.countDown();
      try {
        over.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      if (!accepts) {
        throw new IOException("broken off");
      }
    }

    @Override
    public void close() {
      over.countDown();
    }
  }

  /** The node stops while a report is under way; another one, or its next run, goes on. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatAStopBreaksOffIsSentByTheNext(boolean accepts) throws Exception {
    dns.with("_smtp._tls.a.test", "TXT", "v=TLSRPTv1; rua=https://a.test/,mailto:tls@a.test")
        .with("_smtp._tls.b.test", "TXT", "v=TLSRPTv1; rua=https://b.test/");
    told(STS, null, "");
    told(NONE, null, "");
    results.flush();
    dayIsOver();
    // Also on the last day on which it is tried.
    clock.advance(Duration.ofDays(4));
    Slow slow = new Slow(accepts);
    TlsReporter stopped = reporter(slow);
    FutureTask<Long> sending = new FutureTask<>(stopped::send);
    Thread.ofVirtual().start(sending);
    assertThat(slow.asked.await(60, TimeUnit.SECONDS)).isTrue();
    stopped.close();
    assertThat(sending.get(60, TimeUnit.SECONDS)).isZero();
    assertThat(slow.requests).hasValue(1);
    assertThat(queued()).isEmpty();
    assertThat(stopped.send()).as("no more once it is closed").isZero();

    TlsReporter other = reporter("n2", (at, _) -> posted.add(at + " "));
    assertThat(other.send()).as("while n1 may be at it").isZero();
    clock.advance(ReportClaims.LEASE.plusSeconds(1));
    assertThat(other.send()).isEqualTo(2);
    assertThat(queued()).hasSize(1);
    assertThat(posted)
        .extracting(each -> each.substring(0, each.indexOf(' ')))
        .containsExactlyElementsOf(
            accepts ? List.of("https://b.test/") : List.of("https://a.test/", "https://b.test/"));
    assertThat(store.logs().list(TlsResults.PREFIX, null, 10)).isEmpty();
  }

  /** Nodes that come to it at the same time do not post the same twice. */
  @Test
  void oneOfAllNodesSends() throws Exception {
    dns.with("_smtp._tls.a.test", "TXT", "v=TLSRPTv1; rua=https://a.test/");
    told(STS, null, "");
    results.flush();
    dayIsOver();
    Slow slow = new Slow(true);
    FutureTask<Long> sending = new FutureTask<>(reporter("n1", slow)::send);
    Thread.ofVirtual().start(sending);
    assertThat(slow.asked.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(reporter("n2", (at, _) -> posted.add(at + " ")).send()).isZero();
    slow.close();
    assertThat(sending.get(60, TimeUnit.SECONDS)).isEqualTo(1);
    assertThat(reporter("n2", (at, _) -> posted.add(at + " ")).send()).isZero();
    assertThat(posted).isEmpty();
  }

  @Test
  void whatTheStoreDoesNotTakeIsKept() throws Exception {
    dns.with("_smtp._tls.a.test", "TXT", "v=TLSRPTv1; rua=https://r.test/");
    for (int i = 0; i < TlsResults.MOST + 10; i++) {
      told(STS, TlsFault.VALIDATION_FAILURE, "reason " + i);
    }
    told(STS, TlsFault.VALIDATION_FAILURE, "reason 1");
    Faults faults = store.faults();
    faults.failNext(Faults.Call.APPEND, Faults.When.BEFORE);
    assertThatThrownBy(results::flush).isInstanceOf(StoreException.class);
    assertThat(results.flush()).isEqualTo(TlsResults.MOST);
    assertThat(results.flush()).isZero();
    dayIsOver();
    assertThat(reporter().send()).isEqualTo(1);
    assertThat(posted.getFirst())
        .contains("\"total-failure-session-count\":" + (TlsResults.MOST + 1));
  }

  /** RFC 8460 §3. */
  @Test
  void whereReportsGo() {
    assertThat(
            Rua.of(
                List.of(
                    "v=spf1", "v=TLSRPTv1; x=y; rua=mailto:a%2Bb@c.test?x , https://d.test/e;")))
        .hasToString("[Mail[to=a+b@c.test], Web[at=https://d.test/e]]");
    for (String none :
        List.of(
            "v=TLSRPTv1",
            "v=TLSRPTv1; rua=",
            "v=TLSRPTv2; rua=mailto:a@b.test",
            "v=TLSRPTv1; rua=http://a.test/,https:///x,mailto:nobody,mailto:%zz@b.test")) {
      assertThat(Rua.of(List.of(none))).as(none).isEmpty();
    }
    String one = "v=TLSRPTv1; rua=mailto:a@b.test";
    assertThat(Rua.of(List.of(one, one))).isEmpty();
    // As long as a record can be.
    assertThat(Rua.of(List.of(one.replace("; ", "; " + "x;".repeat(30_000))))).hasSize(1);
    assertThat(Rua.of(List.of(one + ",mailto:a@b.test".repeat(20)))).hasSize(Rua.MOST);
    Random random = new Random(20261130);
    String signs = ";=,:% \t@/\r\naz?+[]\u00ff";
    for (int round = 0; round < 5_000; round++) {
      StringBuilder text = new StringBuilder(one + ",https://d.test/e");
      for (int times = random.nextInt(5); times > 0; times--) {
        text.insert(random.nextInt(text.length()), signs.charAt(random.nextInt(signs.length())));
      }
      assertThat(Rua.of(List.of(text.toString()))).hasSizeBetween(0, Rua.MOST);
    }
  }
}
