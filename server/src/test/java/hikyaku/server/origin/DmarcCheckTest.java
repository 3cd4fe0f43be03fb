package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.origin.Finding.Disposition;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Policies, and what follows from them, for mail that is not signed. */
class DmarcCheckTest {
  private final ZoneDns dns =
      new ZoneDns().with("author.example", "TXT", "v=spf1 ip4:192.0.2.1 -all");

  /** By a server that may send for author.example, and by one that may not. */
  private static final String GOOD = "192.0.2.1";

  private static final String BAD = "192.0.2.9";

  private String from(String client, String sender, String from) throws IOException {
    return from(Mails.SETTINGS, client, sender, "From: " + from + "\r\n\r\nhi\r\n");
  }

  private String from(OriginSettings settings, String client, String sender, String text)
      throws IOException {
    Finding finding = Mails.examine(settings, dns, client, sender, text, 1_000).finding();
    String dmarc =
        finding.results().stream().filter(r -> r.startsWith("dmarc=")).findFirst().orElseThrow();
    return dmarc.substring(6) + " " + finding.disposition().name().toLowerCase(Locale.ROOT);
  }

  @Test
  void policies() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject; sp=quarantine; np=none");
    dns.with("sub.author.example", "A", "192.0.2.1");
    assertThat(from(GOOD, "jo@author.example", "jo@author.example")).isEqualTo("pass accept");
    assertThat(from(GOOD, "jo@author.example", "jo@sub.author.example")).isEqualTo("pass accept");
    assertThat(from(BAD, "jo@author.example", "jo@author.example")).isEqualTo("fail refuse_dmarc");
    assertThat(from(GOOD, "jo@author.example", "jo@other.example")).isEqualTo("none accept");
    assertThat(from(BAD, "jo@author.example", "jo@sub.author.example")).isEqualTo("fail junk");
    assertThat(from(BAD, "jo@author.example", "jo@absent.author.example")).isEqualTo("fail accept");
  }

  /** Of a domain that wants reports nothing more is believed, and nothing at all of another. */
  @Test
  void policiesThatCannotBeRead() throws Exception {
    int domains = 0;
    for (String bad : List.of("p=moo", "p=reject; sp=moo", "p=reject; np=moo", "sp=reject")) {
      String name = "d" + ++domains + ".example";
      dns.with("_dmarc.quiet-" + name, "TXT", "v=DMARC1; " + bad)
          .with("_dmarc.told-" + name, "TXT", "v=DMARC1; " + bad + "; rua=mailto:r@told.example")
          .with("_dmarc.else-" + name, "TXT", "v=DMARC1; " + bad + "; rua=nobody");
      assertThat(from(BAD, "jo@a.example", "jo@quiet-" + name)).as(bad).isEqualTo("none accept");
      assertThat(from(BAD, "jo@a.example", "jo@told-" + name)).as(bad).isEqualTo("fail accept");
      assertThat(from(BAD, "jo@a.example", "jo@else-" + name)).as(bad).isEqualTo("none accept");
    }
  }

  /** Names in other scripts are one with their form in DNS, in the envelope and in the header. */
  @Test
  void internationalDomains() throws Exception {
    dns.with("xn--bcher-kva.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        .with("_dmarc.xn--bcher-kva.example", "TXT", "v=DMARC1; p=reject");
    String utf8 = new String("b\u00fccher".getBytes(UTF_8), ISO_8859_1);
    assertThat(from(GOOD, "jo@b\u00fccher.example", "jo@" + utf8 + ".example"))
        .isEqualTo("pass accept");
    assertThat(from(BAD, "jo@b\u00fccher.example", "jo@xn--bcher-kva.example"))
        .isEqualTo("fail refuse_dmarc");
    Finding finding =
        Mails.examine(dns, "jo@b\u00fccher.example", "From: jo@" + utf8 + ".example\r\n\r\n")
            .finding();
    assertThat(finding.field())
        .contains("smtp.mailfrom=xn--bcher-kva.example", "header.from=xn--bcher-kva.example");
  }

  @Test
  void strictAlignment() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject; aspf=s");
    assertThat(from(GOOD, "jo@author.example", "jo@author.example")).isEqualTo("pass accept");
    assertThat(from(GOOD, "jo@author.example", "jo@sub.author.example"))
        .isEqualTo("fail refuse_dmarc");
  }

  /** Names below a suffix belong to many, and the suffix may ask for something all the same. */
  @Test
  void publicSuffixes() throws Exception {
    dns.with("_dmarc.gov.example", "TXT", "v=DMARC1; p=reject; psd=y")
        .with("a.gov.example", "TXT", "v=spf1 ip4:192.0.2.1 -all");
    assertThat(from(GOOD, "jo@a.gov.example", "jo@a.gov.example")).isEqualTo("pass accept");
    assertThat(from(GOOD, "jo@a.gov.example", "jo@mail.a.gov.example")).isEqualTo("pass accept");
    assertThat(from(GOOD, "jo@a.gov.example", "jo@b.gov.example")).isEqualTo("fail refuse_dmarc");
    // One that says of itself that it is an organization ends the walk.
    dns.with("_dmarc.b.gov.example", "TXT", "v=DMARC1; p=quarantine; psd=n");
    assertThat(from(GOOD, "jo@a.gov.example", "jo@c.b.gov.example")).isEqualTo("fail junk");
  }

  @Test
  void longNamesAreWalkedInEightQuestions() throws Exception {
    String name = "a.b.c.d.e.f.g.h.i.j.k.author.example";
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject");
    TreeWalk walk = TreeWalk.from(name, dns);
    assertThat(walk.organization()).isEqualTo("author.example");
    assertThat(dns.questions.get()).isEqualTo(8);
  }

  /** A policy for a share of the mail, or for none of it yet, asks less of the rest. */
  @Test
  void shares() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject; pct=0");
    assertThat(from(BAD, "jo@author.example", "jo@author.example")).isEqualTo("fail junk");
    dns.with("_dmarc.other.example", "TXT", "v=DMARC1; p=quarantine; t=y");
    assertThat(from(BAD, "jo@author.example", "jo@other.example")).isEqualTo("fail accept");
  }

  @Test
  void recordsThatAreNone() throws Exception {
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=reject", "v=DMARC1; p=none")
        .with("_dmarc.b.example", "TXT", "v=DMARC2; p=reject")
        .with("_dmarc.c.example", "TXT", "p=reject; v=DMARC1")
        .with("_dmarc.d.example", "TXT", "v=DMARC1; p=whatever")
        .with("_dmarc.e.example", "TXT", "v=DMARC1; p=whatever; rua=mailto:a@e.example")
        .with("_dmarc.f.example", "TXT", "other", "v=DMARC1;p=reject;");
    for (String domain : new String[] {"a", "b", "c", "d"}) {
      assertThat(from(BAD, "", "jo@" + domain + ".example")).as(domain).isEqualTo("none accept");
    }
    assertThat(from(BAD, "", "jo@e.example")).isEqualTo("fail accept");
    assertThat(from(BAD, "", "jo@f.example")).isEqualTo("fail refuse_dmarc");
  }

  /** Whoever names several authors is judged by the strictest of their domains. */
  @Test
  void severalAuthors() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=none")
        .with("_dmarc.bank.example", "TXT", "v=DMARC1; p=reject");
    assertThat(from(GOOD, "jo@author.example", "jo@author.example, x@bank.example"))
        .isEqualTo("fail refuse_dmarc");
    assertThat(
            from(
                Mails.SETTINGS,
                GOOD,
                "jo@author.example",
                "From: jo@author.example\r\nFrom: x@bank.example\r\n\r\n"))
        .isEqualTo("fail refuse_dmarc");
    StringBuilder many = new StringBuilder("jo@author.example");
    for (int i = 0; i < 10; i++) {
      many.append(", a@d").append(i).append(".example");
    }
    assertThat(from(GOOD, "jo@author.example", many.toString())).isEqualTo("permerror junk");
    String crowd = "jo@author.example, ".repeat(200) + "x@bank.example";
    assertThat(from(GOOD, "jo@author.example", crowd)).isEqualTo("permerror junk");
    assertThat(from(GOOD, "jo@author.example", "nobody")).isEqualTo("none accept");
  }

  /** Nor by where they stand: behind more than is looked at, or inside of an encoded-word. */
  @Test
  void authorsOutOfSight() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject")
        .with("_dmarc.bank.example", "TXT", "v=DMARC1; p=reject");
    String much = "X-Much: more\r\n".repeat(2_000);
    assertThat(much).hasSizeGreaterThan(Mails.SETTINGS.header());
    String bank = "From: x@bank.example\r\n";
    assertThat(from(Mails.SETTINGS, GOOD, "jo@author.example", much + bank + "\r\nhi\r\n"))
        .isEqualTo("permerror junk");
    String both = "From: jo@author.example\r\n" + much + bank + "\r\nhi\r\n";
    assertThat(from(Mails.SETTINGS, GOOD, "jo@author.example", both)).isEqualTo("permerror junk");
    String first = bank + much + "\r\nhi\r\n";
    assertThat(from(Mails.SETTINGS, GOOD, "jo@author.example", first))
        .isEqualTo("fail refuse_dmarc");
    assertThat(from(GOOD, "jo@author.example", "=?utf-8?q?x_<x@bank.example>,?= jo@author.example"))
        .isEqualTo("fail refuse_dmarc");
    assertThat(from(GOOD, "jo@author.example", "=?utf-8?q?Doe,_Jo?= <jo@author.example>"))
        .isEqualTo("pass accept");
  }

  /** A forger's own domain passes SPF, and its DNS does not say whom it belongs to. */
  @Test
  void aForgerWhoseDnsIsSilent() throws Exception {
    dns.with("_dmarc.bank.example", "TXT", "v=DMARC1; p=reject").silent("_dmarc.author.example");
    assertThat(from(GOOD, "jo@author.example", "x@bank.example")).isEqualTo("fail refuse_dmarc");
    // Nor does it whether it passes.
    dns.silent("evil.example");
    assertThat(from(GOOD, "jo@evil.example", "x@bank.example")).isEqualTo("fail refuse_dmarc");
    assertThat(from(GOOD, "jo@author.example", "jo@sub.author.example"))
        .isEqualTo("temperror accept");
  }

  private Examination examination(Origin origin) {
    return origin.examine(
        InetAddress.ofLiteral(BAD), "helo.author.example", "jo", "evil.example", "t1");
  }

  private static void pass(Examination examination, String text) throws IOException {
    Passage through = examination.through((_, _, _) -> {});
    byte[] octets = text.getBytes(ISO_8859_1);
    through.write(octets, 0, octets.length);
    through.end();
  }

  /**
   * SPF of the client's name and of the sender ask what these want, and keep nothing from others.
   */
  @Test
  void aForgerWhoseRecordsAskForMuch() throws Exception {
    StringBuilder record = new StringBuilder("v=spf1");
    for (int i = 0; i < 10; i++) {
      record.append(" mx:m").append(i).append(".evil.example");
      for (int j = 0; j < 10; j++) {
        dns.with("m" + i + ".evil.example", "MX", "10 h" + j + ".evil.example");
      }
    }
    dns.with("helo.author.example", "TXT", record + " -all")
        .with("evil.example", "TXT", record + " -all")
        .with("_dmarc.bank.example", "TXT", "v=DMARC1; p=reject");
    try (Origin origin =
            new Origin(
                Mails.SETTINGS, dns, InstantSource.fixed(Mails.NOW), new SimpleMeterRegistry());
        Examination examination = examination(origin)) {
      int most = Mails.SETTINGS.questions();
      MailSink.until("as much was asked as may be", () -> dns.questions.get() >= most);
      pass(examination, "From: x@bank.example\r\n\r\nhi\r\n");
      assertThat(examination.finish().disposition()).isEqualTo(Disposition.REFUSE_DMARC);
    }
  }

  /** What a policy depends on is asked before the end, where a forger's DNS may use up the time. */
  @Test
  @Timeout(60)
  void allIsAskedBeforeTheEnd() throws Exception {
    dns.with("_dmarc.bank.example", "TXT", "v=DMARC1; p=reject; sp=none; np=reject");
    try (Origin origin =
            new Origin(
                Mails.SETTINGS, dns, InstantSource.fixed(Mails.NOW), new SimpleMeterRegistry());
        Examination examination = examination(origin)) {
      pass(examination, "From: x@absent.bank.example\r\n\r\nhi\r\n");
      // SPF twice, policies of three names and two, and A, AAAA and MX of the author's domain.
      MailSink.until("all was asked", () -> dns.questions.get() == 2 + 3 + 2 + 3);
      assertThat(examination.finish().disposition()).isEqualTo(Disposition.REFUSE_DMARC);
      assertThat(dns.questions).hasValue(10);
    }
  }

  /** DNS that does not answer is nobody's failure. */
  @Test
  void silence() throws Exception {
    dns.silent("_dmarc.silent.example");
    assertThat(from(BAD, "jo@author.example", "jo@silent.example")).isEqualTo("temperror accept");
    dns.with("_dmarc.quiet.example", "TXT", "v=DMARC1; p=reject").silent("quiet.example");
    assertThat(from(BAD, "jo@quiet.example", "jo@quiet.example")).isEqualTo("temperror accept");
    OriginSettings cautious =
        with(
            OriginSettings.Action.REFUSE,
            OriginSettings.Unsure.DEFER,
            OriginSettings.Action.ACCEPT);
    String quiet = "From: jo@quiet.example\r\n\r\n";
    assertThat(from(cautious, BAD, "jo@quiet.example", quiet)).isEqualTo("temperror defer_spf");
    String silent = "From: jo@silent.example\r\n\r\n";
    assertThat(from(cautious, BAD, "jo@author.example", silent)).isEqualTo("temperror defer_dns");
  }

  @Test
  void whatFollowsIsUpToUs() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject");
    String text = "From: jo@author.example\r\n\r\n";
    for (OriginSettings.Action action : OriginSettings.Action.values()) {
      OriginSettings lenient =
          with(action, OriginSettings.Unsure.ACCEPT, OriginSettings.Action.ACCEPT);
      assertThat(from(lenient, BAD, "jo@author.example", text))
          .isEqualTo(
              switch (action) {
                case ACCEPT -> "fail accept";
                case JUNK -> "fail junk";
                case REFUSE -> "fail refuse_dmarc";
              });
    }
    // A server that forwards for us.
    assertThat(from("198.51.100.7", "jo@author.example", "jo@author.example"))
        .isEqualTo("fail accept");
    OriginSettings strict =
        with(
            OriginSettings.Action.REFUSE,
            OriginSettings.Unsure.ACCEPT,
            OriginSettings.Action.REFUSE);
    assertThat(from(strict, BAD, "jo@author.example", "From: jo@free.example\r\n\r\n"))
        .isEqualTo("none refuse_spf");
  }

  private static OriginSettings with(
      OriginSettings.Action reject, OriginSettings.Unsure unsure, OriginSettings.Action spf) {
    OriginSettings s = Mails.SETTINGS;
    return new OriginSettings(
        true,
        s.authservId(),
        s.trusted(),
        s.forwarders(),
        s.sealers(),
        reject,
        s.dmarcQuarantine(),
        spf,
        unsure,
        s.deadline(),
        s.questions(),
        s.signatures(),
        s.header(),
        true);
  }

  /** What a repeat elsewhere finds is what was found before. */
  @Test
  void whatWasDeliveredIsReadAgain() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=quarantine");
    Finding found =
        Mails.examine(dns, "jo@other.example", "From: jo@author.example\r\n\r\nhi\r\n").finding();
    assertThat(found.disposition()).isEqualTo(Disposition.JUNK);
    String prefix = "Return-Path: <jo@author.example>\r\n" + found.field() + "Received: x\r\n";
    Finding again = Finding.ofDelivered(prefix);
    assertThat(again.field()).isEqualTo(found.field());
    assertThat(again.disposition()).isEqualTo(Disposition.JUNK);
    assertThat(again.results()).isEqualTo(found.results());
    assertThat(Finding.ofDelivered("Received: x\r\n")).isEqualTo(Finding.NONE);
  }

  private Judged judged(String client, String sender, String from) throws IOException {
    return Mails.examine(
            Mails.SETTINGS, dns, client, sender, "From: " + from + "\r\n\r\nhi\r\n", 1_000)
        .finding()
        .judged()
        .orElseThrow();
  }

  /** What the author's domain may be told. */
  @Test
  void whatReportsAreMadeOf() throws Exception {
    dns.with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject; sp=none; rua=mailto:a@b.c , x:y");
    Judged passed = judged(GOOD, "jo@author.example", "jo@author.example");
    assertThat(passed)
        .hasToString(
            "Judged[client=/192.0.2.1, author=author.example, sender=author.example, "
                + "published=Published[domain=author.example, policy=reject, below=none, "
                + "absent=none, strictDkim=false, strictSpf=false, testing=false, "
                + "reports=[mailto:a@b.c, x:y]], dkimAligned=false, spfAligned=true, "
                + "disposition=pass, override=NONE, spfDomain=author.example, spf=pass, "
                + "signatures=[]]");
    Judged refused = judged(BAD, "", "jo@author.example");
    assertThat(refused.disposition()).isEqualTo("reject");
    assertThat(refused.sender()).isEmpty();
    assertThat(refused.spfDomain()).isEqualTo("helo.author.example");
    Judged below = judged(BAD, "jo@author.example", "jo@x.author.example");
    assertThat(below.author()).isEqualTo("x.author.example");
    assertThat(below.published().domain()).isEqualTo("author.example");
    assertThat(below.disposition() + below.override()).isEqualTo("noneNONE");
    Judged forwarded = judged("198.51.100.7", "jo@else.example", "jo@author.example");
    assertThat(forwarded.disposition() + forwarded.override()).isEqualTo("noneFORWARDER");
    dns.with("_dmarc.some.example", "TXT", "v=DMARC1; p=reject; pct=0")
        .with("_dmarc.tried.example", "TXT", "v=DMARC1; p=quarantine; t=y")
        .silent("dead.example");
    Judged spared = judged(BAD, "", "jo@some.example");
    assertThat(spared.disposition() + spared.override()).isEqualTo("quarantineSAMPLED");
    Judged tried = judged(BAD, "", "jo@tried.example");
    assertThat(tried.disposition() + tried.override() + tried.published().testing())
        .isEqualTo("noneTESTINGtrue");
    dns.with("_dmarc.dead.example", "TXT", "v=DMARC1; p=reject");
    Judged unsure = judged(BAD, "jo@dead.example", "jo@dead.example");
    assertThat(unsure.disposition() + unsure.override() + unsure.spf())
        .isEqualTo("noneUNSUREtemperror");
    assertThat(
            Mails.examine(dns, "jo@author.example", "From: jo@nobody.example\r\n\r\n")
                .finding()
                .judged())
        .isEmpty();
  }
}
