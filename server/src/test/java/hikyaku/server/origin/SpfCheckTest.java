package hikyaku.server.origin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.server.testing.ZoneDns;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SpfCheckTest {
  private final ZoneDns dns = new ZoneDns();

  private SpfResult check(String client, String sender) {
    int at = sender.indexOf('@');
    return SpfCheck.check(
        dns,
        InetAddress.ofLiteral(client),
        "helo.example",
        sender.substring(0, at),
        sender.substring(at + 1));
  }

  /** The suite of openspf.org, which Debian has in its package python3-spf. */
  @Test
  void theSuiteOfRfc7208() throws Exception {
    Path suite = Path.of("/usr/share/doc/python3-spf/rfc7208-tests.yml.gz");
    assumeTrue(Files.exists(suite), "Debian's python3-spf has the cases");
    Path converter = Path.of(SpfCheckTest.class.getResource("spf-suite.py").toURI());
    Process python =
        new ProcessBuilder("python3", converter.toString(), suite.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    try (InputStream in = python.getInputStream()) {
      for (JsonNode scenario : new JsonMapper().readTree(in)) {
        ZoneDns zone = zone(scenario.get("zone"));
        for (Map.Entry<String, JsonNode> each : scenario.get("tests").properties()) {
          JsonNode test = each.getValue();
          List<String> expected = new ArrayList<>();
          test.get("result").forEach(result -> expected.add(result.asString()));
          String mailFrom = test.get("mailfrom").asString();
          String helo = test.get("helo").asString();
          int at = mailFrom.lastIndexOf('@');
          SpfResult result =
              SpfCheck.check(
                  zone,
                  InetAddress.ofLiteral(test.get("host").asString()),
                  helo,
                  at < 0 ? "" : mailFrom.substring(0, at),
                  mailFrom.isEmpty() ? helo : mailFrom.substring(at + 1));
          cases++;
          if (!expected.contains(result.name().toLowerCase(Locale.ROOT))) {
            wrong.add(each.getKey() + ": " + result + ", not " + expected);
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(cases).isEqualTo(203);
  }

  private static ZoneDns zone(JsonNode names) {
    ZoneDns zone = new ZoneDns();
    for (Map.Entry<String, JsonNode> name : names.properties()) {
      for (Map.Entry<String, JsonNode> type : name.getValue().properties()) {
        List<String> values = new ArrayList<>();
        type.getValue().forEach(value -> values.add(value.asString()));
        zone.with(name.getKey(), type.getKey(), values.toArray(String[]::new));
      }
    }
    return zone;
  }

  @Test
  void theOrdinaryRecord() {
    dns.with("author.example", "TXT", "other", "v=spf1 mx a:out.example ip6:2001:db8::/32 ~all")
        .with("author.example", "MX", "10 mx.example")
        .with("mx.example", "A", "192.0.2.1")
        .with("out.example", "A", "192.0.2.2");
    assertThat(check("192.0.2.1", "jo@author.example")).isEqualTo(SpfResult.PASS);
    assertThat(check("192.0.2.2", "jo@author.example")).isEqualTo(SpfResult.PASS);
    assertThat(check("2001:db8::5", "jo@author.example")).isEqualTo(SpfResult.PASS);
    assertThat(check("192.0.2.3", "jo@author.example")).isEqualTo(SpfResult.SOFTFAIL);
    assertThat(check("192.0.2.3", "jo@nobody.example")).isEqualTo(SpfResult.NONE);
  }

  /** A name that is written in letters of other scripts is asked for as DNS has it. */
  @Test
  void internationalNames() {
    dns.with("xn--bcher-kva.example", "TXT", "v=spf1 ip4:192.0.2.1 -all");
    assertThat(check("192.0.2.1", "jo@b\u00fccher.example")).isEqualTo(SpfResult.PASS);
  }

  /** Each leads to the next; nobody follows further than ten. */
  @Test
  void chainsEnd() {
    for (int i = 0; i < 50; i++) {
      dns.with("d" + i + ".example", "TXT", "v=spf1 include:d" + (i + 1) + ".example -all");
    }
    assertThat(check("192.0.2.1", "jo@d0.example")).isEqualTo(SpfResult.PERMERROR);
    assertThat(dns.questions.get()).isLessThanOrEqualTo(11);
  }

  /** Macros that grow, and numbers beyond what can be. */
  @Test
  void macrosEnd() {
    String local = "a.b.c.d.e.f.g.h".repeat(4);
    dns.with("m.example", "TXT", "v=spf1 exists:" + "%{S}".repeat(2_000) + ".example -all")
        .with("o.example", "TXT", "v=spf1 a:x." + "a".repeat(60_000) + "_ -all")
        .with("n.example", "TXT", "v=spf1 exists:%{l99999999999999999999r}.example -all");
    assertThat(check("192.0.2.1", local + "@m.example")).isEqualTo(SpfResult.PERMERROR);
    assertThat(check("192.0.2.1", local + "@o.example")).isEqualTo(SpfResult.PERMERROR);
    assertThat(check("192.0.2.1", local + "@n.example")).isEqualTo(SpfResult.FAIL);
  }
}
