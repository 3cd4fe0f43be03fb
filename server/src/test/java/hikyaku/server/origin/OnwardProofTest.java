package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.testing.ZoneDns;
import java.io.IOException;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

class OnwardProofTest {
  private static final String LIST = "list.example";
  private static final String ADDED = "List-Id: <talk.list.example>\r\n";
  private static final String POLICY = "_dmarc.football.example.com";

  private static boolean isMissing(ZoneDns dns, String sender, String message) throws IOException {
    byte[] octets = message.getBytes(ISO_8859_1);
    return new OnwardProof(Mails.SETTINGS, dns, InstantSource.fixed(Mails.NOW))
        .isMissing(sender, sink -> sink.write(octets, 0, octets.length));
  }

  private static String from(String author) {
    return ADDED + "From: " + author + "\r\n\r\nhello\r\n";
  }

  @Test
  void aPolicyWantsProof() throws Exception {
    ZoneDns dns =
        new ZoneDns()
            .with("_dmarc.none.example", "TXT", "v=DMARC1; p=none")
            .with("_dmarc.apart.example", "TXT", "v=DMARC1; p=quarantine; pct=0")
            .with("_dmarc.strict.example", "TXT", "v=DMARC1; p=reject; sp=none")
            .with("sub.strict.example", "A", "192.0.2.1");
    assertThat(isMissing(dns, LIST, from("a@without.example"))).isFalse();
    assertThat(isMissing(dns, LIST, from("a@none.example"))).isFalse();
    assertThat(isMissing(dns, LIST, from("a@apart.example"))).isTrue();
    assertThat(isMissing(dns, LIST, from("a@strict.example"))).isTrue();
    assertThat(isMissing(dns, LIST, from("a@sub.strict.example"))).isFalse();
    assertThat(isMissing(dns, LIST, from("a@none.example, b@strict.example"))).isTrue();
    assertThat(isMissing(dns, LIST, ADDED + "Subject: of nobody\r\n\r\n")).isFalse();
  }

  @Test
  void whoSendsItOnProvesItsOwn() throws Exception {
    ZoneDns dns = new ZoneDns().with("_dmarc.strict.example", "TXT", "v=DMARC1; p=reject");
    assertThat(isMissing(dns, "strict.example", from("a@strict.example"))).isFalse();
    assertThat(isMissing(dns, "lists.strict.example", from("a@strict.example"))).isFalse();
  }

  @Test
  void aSignatureProvesItAsLongAsItHolds() throws Exception {
    ZoneDns dns = DkimCheckTest.football().with(POLICY, "TXT", "v=DMARC1; p=reject");
    assertThat(isMissing(dns, LIST, ADDED + DkimCheckTest.RFC8463)).isFalse();
    assertThat(isMissing(dns, LIST, ADDED + DkimCheckTest.RFC8463 + "A footer.\r\n")).isTrue();
    // The example covers a second Subject, which is not there.
    assertThat(isMissing(dns, LIST, "Subject: [talk]\r\n" + DkimCheckTest.RFC8463)).isTrue();
  }

  @Test
  void silenceIsNoProof() throws Exception {
    ZoneDns dns = new ZoneDns().silent("_dmarc.mute.example");
    assertThat(isMissing(dns, LIST, from("a@mute.example"))).isTrue();
  }
}
