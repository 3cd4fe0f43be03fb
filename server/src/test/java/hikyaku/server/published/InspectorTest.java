package hikyaku.server.published;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.dkim.Algorithm;
import hikyaku.server.dkim.DkimKey;
import hikyaku.server.dkim.DkimKeys;
import hikyaku.server.dkim.KeyMaterial;
import hikyaku.server.dkim.TestKeys;
import hikyaku.server.testing.TestClock;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is to be published, and what is said of what is. */
class InspectorTest {
  private static final Plan PLAN =
      new Plan(
          List.of("mx.example.org", "mx2.example.org"),
          List.of(new Plan.Service("imaps", 993)),
          List.of(),
          _ -> List.of(),
          "",
          _ -> Optional.empty(),
          host -> host.equals("mx.example.org") ? List.of("00ff", "11ff") : List.of());

  private final TestClock clock = new TestClock();
  private final Map<String, List<String>> zone = new HashMap<>();
  private List<DkimKey> keys = List.of();
  private Plan plan = PLAN;

  @BeforeEach
  void keys() throws Exception {
    DkimKeys book = new DkimKeys(new MemoryStore(clock).logs(), TestKeys.sealer("a"), clock);
    for (Algorithm each : Algorithm.values()) {
      book.add(
          "example.org",
          Optional.of(each.keyType()),
          KeyMaterial.generate(each, new SecureRandom()),
          false);
    }
    keys = book.keys("example.org");
  }

  private void publish(String name, String kind, String... values) {
    zone.put(name + " " + kind, List.of(values));
  }

  private void publishAll() {
    publish("example.org", "MX", "5 MX.example.org", "10 mx2.example.org");
    publish("example.org", "TXT", "something=else", "v=spf1 mx include:x.test -all");
    for (DkimKey key : keys) {
      publish(key.recordName(), "TXT", key.recordText().replace("; p=", ";p= ") + " ; t=s");
    }
    publish("_dmarc.example.org", "TXT", "v=DMARC1;p=reject");
    publish("_mta-sts.example.org", "TXT", "v=STSv1; id=7;");
    publish("_smtp._tls.example.org", "TXT", "v=TLSRPTv1;rua=https://x.test/r,mailto:a@b.test");
    publish("_25._tcp.mx.example.org", "TLSA", "3 1 1 00FF", "2 0 1 ab", "3 1 1 11ff");
    publish("_imaps._tcp.example.org", "SRV", "0 1 993 mx.example.org");
    publish("mx.example.org", "A", "192.0.2.1");
    publish("mx2.example.org", "AAAA", "2001:db8:0:0:0:0:0:1");
    publish("192.0.2.1", "PTR", "mx.example.org");
    publish("2001:db8:0:0:0:0:0:1", "PTR", "mx2.example.org");
  }

  private Map<String, String> inspect() {
    Inspector inspector =
        new Inspector(plan, (name, kind) -> zone.getOrDefault(name + " " + kind, List.of()));
    Map<String, String> states = new HashMap<>();
    for (Finding each : inspector.inspect("example.org", keys, clock.instant())) {
      states.put(
          each.wanted().name() + " " + each.wanted().kind() + " " + each.wanted().value(),
          each.state().name());
    }
    return states;
  }

  private String state(String beginning) {
    List<String> states =
        inspect().entrySet().stream()
            .filter(each -> each.getKey().startsWith(beginning))
            .map(Map.Entry::getValue)
            .toList();
    assertThat(states).as(beginning).hasSize(1);
    return states.getFirst();
  }

  @Test
  void allIsRight() {
    publishAll();
    assertThat(inspect())
        .hasSize(13)
        .allSatisfy((_, state) -> assertThat(state).isEqualTo("RIGHT"));
  }

  @Test
  void nothingIsThere() {
    assertThat(inspect())
        .hasSize(13)
        .allSatisfy((_, state) -> assertThat(state).isEqualTo("MISSING"));
  }

  @Test
  void differencesAreSeen() {
    publishAll();
    publish("example.org", "MX", "10 other.example.org");
    assertThat(state("example.org MX 10")).isEqualTo("DIFFERS");
    publish("example.org", "TXT", "v=spf1 -all");
    assertThat(state("example.org TXT")).isEqualTo("DIFFERS");
    publish("example.org", "TXT", "v=spf1 a:mx.example.org a:MX2.example.org ~all");
    assertThat(state("example.org TXT")).isEqualTo("RIGHT");
    publish("example.org", "TXT", "v=spf1 mx -all", "v=spf1 mx ~all");
    assertThat(state("example.org TXT")).isEqualTo("DIFFERS");
    publish("example.org", "TXT", "v=spf10 mx -all");
    assertThat(state("example.org TXT")).isEqualTo("MISSING");
    publish("_dmarc.example.org", "TXT", "v=DMARC1; rua=mailto:a@b.test");
    assertThat(state("_dmarc")).isEqualTo("DIFFERS");
    publish("_mta-sts.example.org", "TXT", "v=STSv1; id=7;", "v=STSv1; id=8;");
    assertThat(state("_mta-sts")).isEqualTo("DIFFERS");
    publish("_mta-sts.example.org", "TXT", "v=STSv1; id=a.b");
    assertThat(state("_mta-sts")).isEqualTo("DIFFERS");
    publish("_mta-sts.example.org", "TXT", "google-site-verification=1");
    assertThat(state("_mta-sts")).isEqualTo("MISSING");
    publish("_smtp._tls.example.org", "TXT", "v=TLSRPTv1; rua=postmaster");
    assertThat(state("_smtp._tls")).isEqualTo("DIFFERS");
    publish("_imaps._tcp.example.org", "SRV", "0 1 143 mx.example.org");
    assertThat(state("_imaps")).isEqualTo("DIFFERS");
    publish("192.0.2.1", "PTR", "host1.provider.test");
    assertThat(state("192.0.2.1")).isEqualTo("DIFFERS");
    String rsa = keys.getFirst().recordText();
    publish("rsa._domainkey.example.org", "TXT", rsa.replace("p=M", "p=N"));
    assertThat(state("rsa.")).isEqualTo("DIFFERS");
    publish("rsa._domainkey.example.org", "TXT", "v=DKIM1; p=");
    assertThat(state("rsa.")).isEqualTo("DIFFERS");
    publish("rsa._domainkey.example.org", "TXT", rsa, rsa);
    assertThat(state("rsa.")).isEqualTo("DIFFERS");
    publish("rsa._domainkey.example.org", "TXT", rsa + "; h=sha1");
    assertThat(state("rsa.")).isEqualTo("DIFFERS");
    publish("rsa._domainkey.example.org", "TXT", rsa.replace("k=rsa; ", ""));
    assertThat(state("rsa.")).isEqualTo("RIGHT");
  }

  @Test
  void eachKeyHasARecord() {
    publishAll();
    publish("_25._tcp.mx.example.org", "TLSA", "3 1 1 00ff");
    assertThat(inspect())
        .containsEntry("_25._tcp.mx.example.org TLSA 3 1 1 00ff", "RIGHT")
        .containsEntry("_25._tcp.mx.example.org TLSA 3 1 1 11ff", "DIFFERS");
    zone.remove("_25._tcp.mx.example.org TLSA");
    assertThat(inspect()).containsEntry("_25._tcp.mx.example.org TLSA 3 1 1 00ff", "MISSING");
  }

  @Test
  void aPolicyThatIsGivenOutIsAnnounced() {
    plan =
        new Plan(
            PLAN.hosts(),
            PLAN.services(),
            PLAN.sources(),
            PLAN.relays(),
            "",
            _ -> Optional.of("8"),
            PLAN.keyHashes());
    publishAll();
    assertThat(inspect())
        .containsEntry("_mta-sts.example.org TXT v=STSv1; id=8", "DIFFERS")
        .containsEntry("mta-sts.example.org A ", "MISSING");
    publish("_mta-sts.example.org", "TXT", "v=STSv1; id=8");
    publish("mta-sts.example.org", "AAAA", "2001:db8:0:0:0:0:0:1");
    assertThat(inspect())
        .containsEntry("_mta-sts.example.org TXT v=STSv1; id=8", "RIGHT")
        .doesNotContainKey("mta-sts.example.org A ");
    assertThat(inspect().values()).containsOnly("RIGHT");
  }

  @Test
  void linesAreThoseOfAZone() {
    List<String> lines =
        PLAN.records("example.org", keys, clock.instant()).stream().map(Wanted::line).toList();
    assertThat(lines)
        .contains(
            "example.org. 3600 IN MX 10 mx.example.org.",
            "example.org. 3600 IN TXT \"v=spf1 mx -all\"",
            "_25._tcp.mx.example.org. 3600 IN TLSA 3 1 1 00ff",
            "_imaps._tcp.example.org. 3600 IN SRV 0 1 993 mx.example.org.");
    String rsa = lines.stream().filter(line -> line.startsWith("rsa.")).findFirst().orElseThrow();
    assertThat(rsa).matches(".* TXT \\( \"[^\"]{255}\" \"[^\"]{1,255}\" \\)");
    assertThat(rsa.replaceAll(".*\\( \"|\" \"|\" \\)", "")).isEqualTo(keys.getFirst().recordText());
    assertThat(
            new Plan(
                List.of("a.test"),
                List.of(),
                List.of(
                    InetAddress.ofLiteral("192.0.2.25"),
                    InetAddress.ofLiteral("10.0.0.1"),
                    InetAddress.ofLiteral("2001:db8::25")),
                domain ->
                    domain.equals("b.test")
                        ? List.of("192.0.2.1", "127.0.0.1", "10.1.2.3", "out.test")
                        : List.of("of-others.test"),
                "",
                _ -> Optional.empty(),
                _ -> List.of()))
        .extracting(plan -> plan.records("b.test", List.of(), clock.instant()).get(1).value())
        .isEqualTo(
            "v=spf1 mx ip4:192.0.2.25 ip6:2001:db8:0:0:0:0:0:25 ip4:192.0.2.1 a:out.test ~all");
  }

  /** Mail that goes out from an address of its own must be let pass, however the record does so. */
  @Test
  void whereMailComesFromIsInTheRecord() {
    plan =
        new Plan(
            PLAN.hosts(),
            PLAN.services(),
            List.of(
                InetAddress.ofLiteral("192.0.2.25"),
                InetAddress.ofLiteral("2001:db8::25"),
                InetAddress.ofLiteral("192.168.1.1"),
                InetAddress.ofLiteral("fd00::1")),
            PLAN.relays(),
            "",
            PLAN.policyIds(),
            PLAN.keyHashes());
    publishAll();
    Map<String, String> records = new LinkedHashMap<>();
    records.put("v=spf1 mx ip4:192.0.2.25 ip6:2001:db8::25 -all", "RIGHT");
    records.put("v=spf1 +mx +ip4:192.0.2.0/27 IP6:2001:DB8::/64 -all", "RIGHT");
    records.put("v=spf1 mx ip4:192.0.2.0/28 ip6:2001:db8::/64 -all", "DIFFERS");
    records.put("v=spf1 mx ip4:192.0.2.25 -all", "DIFFERS");
    records.put("v=spf1 mx -ip4:192.0.2.25 ip6:2001:db8::25 -all", "DIFFERS");
    records.put("v=spf1 mx -all", "DIFFERS");
    records.put("v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all", "DIFFERS");
    records.put("v=spf1 mx/24//64 -all", "RIGHT");
    records.put("v=spf1 mx a:out.test -all", "RIGHT");
    records.put("v=spf1 mx a a:in.test -all", "DIFFERS");
    records.put("v=spf1 mx include:out.test -all", "RIGHT");
    publish("out.test", "A", "192.0.2.24", "192.0.2.25");
    publish("out.test", "AAAA", "2001:db8:0:0:0:0:0:25");
    records.forEach((record, state) -> {
      publish("example.org", "TXT", record);
      assertThat(state("example.org TXT v=spf1 mx ip4:192.0.2.25 ip6:2001:db8:0:0:0:0:0:25 -all"))
          .as(record)
          .isEqualTo(state);
    });
  }

  /** RFC 7489 §7.1: reports that go to another domain, if it agrees. */
  @Test
  void whereReportsOfDmarcGo() {
    Plan plan =
        new Plan(
            List.of("mx.a.test"),
            List.of(),
            List.of(),
            _ -> List.of(),
            "dmarc@reports.test",
            _ -> Optional.empty(),
            _ -> List.of());
    Inspector inspector = new Inspector(plan, (name, _) -> zone.getOrDefault(name, List.of()));
    List<Wanted> wanted =
        plan.records("b.test", List.of(), clock.instant()).stream()
            .filter(each -> each.name().contains("_dmarc"))
            .toList();
    assertThat(wanted)
        .extracting(Wanted::line)
        .containsExactly(
            "_dmarc.b.test. 3600 IN TXT \"v=DMARC1; p=none; rua=mailto:dmarc@reports.test\"",
            "b.test._report._dmarc.reports.test. 3600 IN TXT \"v=DMARC1\"");
    zone.put("_dmarc.b.test", List.of("v=DMARC1; p=none; rua=mailto:x@b.test"));
    zone.put("b.test._report._dmarc.reports.test", List.of("hello"));
    assertThat(wanted)
        .extracting(each -> inspector.inspect(each).state())
        .containsExactly(Finding.State.DIFFERS, Finding.State.MISSING);
    zone.put(
        "_dmarc.b.test",
        List.of("v=DMARC1; p=none; rua=mailto:x@b.test, mailto:DMARC@reports.test!5m"));
    zone.put("b.test._report._dmarc.reports.test", List.of("hello", "v=DMARC1;"));
    assertThat(wanted)
        .extracting(each -> inspector.inspect(each).state())
        .containsOnly(Finding.State.RIGHT);
    for (String same : List.of("reports.test", "x.reports.test", "test")) {
      assertThat(plan.records(same, List.of(), clock.instant()))
          .as(same)
          .noneMatch(each -> each.name().contains("._report."));
    }
  }
}
