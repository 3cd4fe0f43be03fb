package hikyaku.server.origin;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.origin.Finding.Disposition;
import hikyaku.server.testing.ZoneDns;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Chains that dkimpy has sealed. */
class ArcCheckTest {
  private static ZoneDns zone() throws Exception {
    return Mails.zone().with("_dmarc.author.example", "TXT", "v=DMARC1; p=reject");
  }

  private static Finding examine(ZoneDns dns, String text) throws Exception {
    return Mails.examine(dns, "bounce@list2.example", text).finding();
  }

  @Test
  void chainsThatHold() throws Exception {
    for (String name : List.of("arc-1.eml", "arc-changed.eml", "arc-2.eml")) {
      assertThat(examine(zone(), Mails.read(name)).results()).as(name).contains("arc=pass");
    }
  }

  /** A list that is believed may change what it passes on. */
  @Test
  void sealersThatAreBelieved() throws Exception {
    Finding found = examine(zone(), Mails.read("arc-2.eml"));
    assertThat(found.results()).contains("dkim=fail", "dmarc=fail", "arc=pass");
    assertThat(found.disposition()).isEqualTo(Disposition.ACCEPT);
    assertThat(found.field()).contains("(p=reject arc=believed dis=none)");
    OriginSettings s = Mails.SETTINGS;
    OriginSettings others =
        new OriginSettings(
            true,
            s.authservId(),
            s.trusted(),
            s.forwarders(),
            List.of("list2.example"),
            s.dmarcReject(),
            s.dmarcQuarantine(),
            s.spfFail(),
            s.unsure(),
            s.deadline(),
            s.questions(),
            s.signatures(),
            s.header(),
            true);
    Finding refused =
        Mails.examine(
                others, zone(), "192.0.2.1", "a@list2.example", Mails.read("arc-2.eml"), 1_000)
            .finding();
    assertThat(refused.results()).contains("arc=pass");
    assertThat(refused.disposition()).isEqualTo(Disposition.REFUSE_DMARC);
  }

  @Test
  void chainsThatDoNot() throws Exception {
    String text = Mails.read("arc-2.eml");
    for (String[] change :
        new String[][] {
          {"list footer", "another footer"},
          {"i=2; cv=pass", "i=2; cv=fail"},
          {"i=2; cv=pass", "i=3; cv=pass"},
          {"i=1; cv=none", "i=1; cv=pass"},
          {"i=1; list1.example; spf=pass", "i=1; list1.example; spf=fail"},
          {"ARC-Seal: i=1;", "X-Seal: i=1;"},
          {"ARC-Message-Signature: i=1;", "ARC-Message-Signature: i=2;"},
          {"ARC-Authentication-Results: i=2;", "ARC-Authentication-Results: i=51;"},
          {"d=list1.example; s=sel", "d=other.example; s=sel"}
        }) {
      assertThat(text).contains(change[0]);
      Finding found = examine(zone(), text.replaceFirst(change[0], change[1]));
      assertThat(found.results()).as(change[1]).contains("arc=fail");
      assertThat(found.disposition()).isEqualTo(Disposition.REFUSE_DMARC);
    }
    ZoneDns silent = new ZoneDns();
    for (String domain : List.of("author.example", "list1.example", "list2.example")) {
      silent.silent("sel._domainkey." + domain);
    }
    assertThat(examine(silent, text).results()).contains("arc=temperror", "dkim=temperror");
  }
}
