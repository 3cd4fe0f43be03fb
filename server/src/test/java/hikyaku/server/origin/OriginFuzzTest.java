package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.testing.ZoneDns;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Near-sense in DNS and in headers: an answer each time, for no more than a few questions. */
class OriginFuzzTest {
  private static final long SEED = 20261129;

  private static final List<String> RECORDS =
      List.of(
          "v=spf1 a mx/24//64 include:b.example exists:%{l1r+-}.%{i}._s.%{d2} ?all",
          "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ptr:%{p} redirect=a.example",
          "v=spf1 exp=x.%{S}.example mx:%{h}.%{o} -all",
          "v=DMARC1; p=reject; sp=none; pct=50; adkim=s; psd=y; rua=mailto:a@b",
          "v=DKIM1; k=rsa; h=sha256; s=email; t=s; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ==",
          "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
          "mx.demo.test (a (b) \\c) \"d\\\"\"; spf=pass smtp.mailfrom=\"x;y\"");

  private static final String SIGNS = ";:=%{}/.\"()\\<>@, \t\r\n\0\u00ff019azAZ+-_";

  private static String spoilt(Random random, String text) {
    StringBuilder out = new StringBuilder(text);
    for (int times = 1 + random.nextInt(6); times > 0 && !out.isEmpty(); times--) {
      int at = random.nextInt(out.length());
      switch (random.nextInt(4)) {
        case 0 -> out.deleteCharAt(at);
        case 1 -> out.insert(at, SIGNS.charAt(random.nextInt(SIGNS.length())));
        case 2 -> out.setCharAt(at, SIGNS.charAt(random.nextInt(SIGNS.length())));
        default -> {
          int end = Math.min(out.length(), at + random.nextInt(60));
          out.insert(random.nextInt(out.length()), out.substring(at, end));
        }
      }
    }
    return out.toString();
  }

  /** Whatever others write and say, a reply can be made of it. */
  private static void explained(String text) {
    ZoneDns dns =
        new ZoneDns()
            .with("c.example", "TXT", "v=spf1 -all exp=why.example")
            .with("why.example", "TXT", text);
    Objects.requireNonNull(
            SpfCheck.check(dns, InetAddress.ofLiteral("2001:db8::1"), text, text, "c.example")
                .check())
        .explanation(text, Instant.EPOCH)
        .ifPresent(line -> assertThat(Reply.of(550, "5.7.23", line).lines()).containsExactly(line));
  }

  @Test
  void records() {
    Random random = new Random(SEED);
    int keys = 0;
    for (int round = 0; round < 3_000; round++) {
      String text = spoilt(random, RECORDS.get(random.nextInt(RECORDS.size())));
      try {
        ZoneDns dns =
            new ZoneDns()
                .with("a.example", "TXT", text, text.replace("v=spf1", "v=spf2"))
                .with("b.example", "TXT", "v=spf1 include:a.example")
                .with("b.example", "A", "192.0.2.1")
                .with("a.example", "MX", "10 b.example", "20 a.example");
        var spf =
            SpfCheck.check(dns, InetAddress.ofLiteral("2001:db8::1"), text, text, "b.example");
        assertThat(spf.result()).isNotNull();
        explained(text);
        assertThat(dns.questions.get()).isLessThan(200);
        assertThat(DmarcRecord.of(List.of(text))).isNotNull();
        assertThat(ResultsField.authServId(text)).doesNotContain(";", " ");
        keys += key(text) ? 1 : 0;
      } catch (RuntimeException | AssertionError thrown) {
        throw new AssertionError("seed " + SEED + " round " + round + ": " + text, thrown);
      }
    }
    assertThat(keys).isPositive();
  }

  private static boolean key(String text) {
    try {
      return DkimKey.parse(text, Algorithm.ED25519_SHA256).key() != null;
    } catch (BadRecordException expected) {
      return false;
    }
  }

  @Test
  void messages() throws Exception {
    Random random = new Random(SEED);
    List<String> corpus = new ArrayList<>();
    for (String name : List.of("signed-relaxed-simple.eml", "signed-length.eml", "arc-2.eml")) {
      corpus.add(Mails.read(name));
    }
    ZoneDns dns = Mails.zone();
    int passes = 0;
    for (int round = 0; round < 300; round++) {
      String text = spoilt(random, corpus.get(round % corpus.size()));
      try {
        Finding finding =
            Mails.examine(Mails.SETTINGS, dns, "192.0.2.1", "a@a.example", text, 997).finding();
        // What is told is one field of a header, whatever was in the message.
        byte[] field = finding.field().getBytes(ISO_8859_1);
        assertThat(HeaderFields.of(field).all()).hasSize(1);
        assertThat(finding.field()).endsWith("\r\n").doesNotContain("\r\n\r\n");
        passes += finding.results().contains("dkim=pass") ? 1 : 0;
      } catch (RuntimeException | AssertionError thrown) {
        throw new AssertionError("seed " + SEED + " round " + round + ": " + text, thrown);
      }
    }
    assertThat(passes).isPositive();
  }
}
