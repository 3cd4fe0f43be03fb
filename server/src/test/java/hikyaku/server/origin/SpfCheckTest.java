package hikyaku.server.origin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.server.testing.ZoneDns;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SpfCheckTest {
  private final ZoneDns dns = new ZoneDns();

  private SpfResult check(String client, String sender) {
    return outcome(client, sender).result();
  }

  private SpfCheck.Outcome outcome(String client, String sender) {
    int at = sender.indexOf('@');
    return SpfCheck.check(
        dns,
        InetAddress.ofLiteral(client),
        "helo.example",
        sender.substring(0, at),
        sender.substring(at + 1));
  }

  private Optional<String> explanation(String client, String sender) {
    return explanation(outcome(client, sender));
  }

  private static Optional<String> explanation(SpfCheck.Outcome outcome) {
    return Objects.requireNonNull(outcome.check())
        .explanation("mx.receiver.example", Instant.ofEpochSecond(1_800_000_000));
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
    int explanations = 0;
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
          SpfCheck.Outcome outcome =
              SpfCheck.check(
                  zone,
                  InetAddress.ofLiteral(test.get("host").asString()),
                  helo,
                  at < 0 ? "" : mailFrom.substring(0, at),
                  mailFrom.isEmpty() ? helo : mailFrom.substring(at + 1));
          cases++;
          SpfResult result = outcome.result();
          String explained = test.get("explanation").asString();
          if (!explained.isEmpty()) {
            explanations++;
            // DEFAULT is what a server says of its own; RFC 7208 §7.4 has nibbles in small letters.
            String told = explanation(outcome).orElse("DEFAULT");
            if (!told.equalsIgnoreCase(explained)) {
              wrong.add(each.getKey() + ": \"" + told + "\", not \"" + explained + "\"");
            }
          }
          if (!expected.contains(result.name().toLowerCase(Locale.ROOT))) {
            wrong.add(each.getKey() + ": " + result + ", not " + expected);
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(cases).isEqualTo(203);
    assertThat(explanations).isEqualTo(22);
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

  /** RFC 7208 §6.2, with its examples. */
  @Test
  void whatTheDomainSaysToWhomItLetsNotPass() {
    dns.with("example.com", "TXT", "v=spf1 ip4:192.0.2.1 -all exp=explain._spf.%{d}");
    assertThat(explanation("192.0.2.9", "jo@example.com")).as("nothing is there").isEmpty();
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(
        "Mail from example.com should only be sent by its own servers.",
        "Mail from example.com should only be sent by its own servers.");
    texts.put(
        "%{i} is not one of %{d}'s designated mail servers.",
        "192.0.2.9 is not one of example.com's designated mail servers.");
    texts.put(
        "See http://%{d}/why.html?s=%{S}&i=%{I}",
        "See http://example.com/why.html?s=jo%40example.com&i=192.0.2.9");
    texts.put(
        "%{c}%_%{r}%-%{t} %% %{h}", "192.0.2.9 mx.receiver.example%201800000000 % helo.example");
    texts.put("x".repeat(1_000), "x".repeat(400));
    // As if there were none: letters beyond ASCII, controls, macros that are none, nothing.
    for (String none :
        List.of("Gr\u00fc\u00dfe", "a\r\n250 b", "%{x}", "100%", "  ", "x".repeat(60_000))) {
      texts.put(none, "");
    }
    texts.forEach((text, told) -> {
      dns.without("explain._spf.example.com").with("explain._spf.example.com", "TXT", text);
      assertThat(explanation("192.0.2.9", "jo@example.com").orElse("")).as(text).isEqualTo(told);
    });
    dns.without("explain._spf.example.com").with("explain._spf.example.com", "TXT", "%{l}");
    assertThat(explanation("192.0.2.9", "j\u00f6@example.com")).isEmpty();
    assertThat(explanation("192.0.2.9", "jo@example.com")).contains("jo");
    dns.without("explain._spf.example.com").with("explain._spf.example.com", "TXT", "a", "b");
    assertThat(explanation("192.0.2.9", "jo@example.com")).as("two records").isEmpty();
    dns.without("explain._spf.example.com").silent("explain._spf.example.com");
    assertThat(explanation("192.0.2.9", "jo@example.com")).as("DNS is silent").isEmpty();
    assertThat(check("192.0.2.9", "jo@example.com")).isEqualTo(SpfResult.FAIL);
  }

  /** RFC 7208 §6.2: of an include it is the outer one's, of a redirect the inner one's. */
  @Test
  void whoseExplanationItIs() {
    dns.with("outer.example", "TXT", "v=spf1 -include:inner.example -all exp=outer.why.example")
        .with("silent.example", "TXT", "v=spf1 -include:inner.example -all")
        .with("other.example", "TXT", "v=spf1 redirect=none.example exp=outer.why.example")
        .with("inner.example", "TXT", "v=spf1 ip4:192.0.2.1 -all exp=inner.why.example")
        .with("none.example", "TXT", "v=spf1 -all exp=inner.why.example")
        .with("outer.why.example", "TXT", "outer %{d} %{o}")
        .with("inner.why.example", "TXT", "inner %{d} %{o}");
    for (String client : List.of("192.0.2.1", "192.0.2.9")) {
      assertThat(explanation(client, "jo@outer.example"))
          .contains("outer outer.example outer.example");
      assertThat(explanation(client, "jo@silent.example")).isEmpty();
    }
    assertThat(explanation("192.0.2.9", "jo@other.example"))
        .contains("inner none.example other.example");
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
