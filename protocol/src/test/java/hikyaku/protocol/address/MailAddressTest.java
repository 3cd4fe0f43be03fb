package hikyaku.protocol.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.address.AddressException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MailAddressTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Fred@Example.COM | fred@example.com",
        "\"Joe Q. Public\"@example.com | \"joe q. public\"@example.com",
        "\"a\\\"b\\\\c\"@example.com | \"a\\\"b\\\\c\"@example.com",
        "\"plain\"@example.com | plain@example.com",
        "..odd..@docomo.ne.jp | \"..odd..\"@docomo.ne.jp",
        "x@[192.0.2.1] | x@[192.0.2.1]",
        "x@[IPv6:2001:DB8:0:0::1] | x@[ipv6:2001:db8:0:0:0:0:0:1]",
        "Jörg@BÜCHER.example | jörg@xn--bcher-kva.example",
        "jo\u0308rg@bu\u0308cher.example | jörg@xn--bcher-kva.example",
        "用户@例え.jp | 用户@xn--r8jz45g.jp",
        "a@under_score.example | a@under_score.example",
        "a!b#c%d&e'f*g+h@localhost | a!b#c%d&e'f*g+h@localhost",
      })
  void allSpellingsMeanOne(String written, String canonical) throws AddressException {
    MailAddress address = MailAddress.parse(written);
    assertThat(address.canonical()).hasToString(canonical);
    assertThat(MailAddress.parse(address.toString())).isEqualTo(address);
    assertThat(address.canonical().canonical()).isEqualTo(address.canonical());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nobody | SYNTAX",
        "@example.com | SYNTAX",
        "\"\"@example.com | SYNTAX",
        "a b@example.com | SYNTAX",
        "a@b@c | DOMAIN",
        "\"a@example.com | SYNTAX",
        "\"a\"b@example.com | SYNTAX",
        "<a@example.com> | SYNTAX",
        "a@ | DOMAIN",
        "a@.example | DOMAIN",
        "a@example. | DOMAIN",
        "a@-example.com | DOMAIN",
        "a@exa mple.com | DOMAIN",
        "a@[192.0.2.256] | DOMAIN",
        "a@[1.2] | DOMAIN",
        "a@[IPv6:fe80::1%eth0] | DOMAIN",
        "a@[x:y] | DOMAIN",
        "a@[] | DOMAIN",
        "a@[ | DOMAIN",
      })
  void refuses(String written, Reason reason) {
    assertThatThrownBy(() -> MailAddress.parse(written))
        .isInstanceOfSatisfying(
            AddressException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void lengthsAreOctets() throws AddressException {
    String domain = ("a".repeat(62) + ".").repeat(3) + "de"; // 191
    assertThat(MailAddress.parse("ü".repeat(31) + "@" + domain).localPart()).hasSize(31);
    assertReason("ü".repeat(65) + "@x.de", Reason.LOCAL_PART_TOO_LONG);
    assertReason("a".repeat(63) + "@" + domain, Reason.MAILBOX_TOO_LONG);
    assertReason("a@" + ("b".repeat(60) + ".").repeat(5) + "de", Reason.DOMAIN_TOO_LONG);
    assertReason("a@" + "b".repeat(64) + ".de", Reason.DOMAIN);
  }

  private static void assertReason(String text, Reason reason) {
    assertThatThrownBy(() -> MailAddress.parse(text))
        .isInstanceOfSatisfying(
            AddressException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void octetsAbove127NeedSmtputf8() throws AddressException {
    byte[] utf8 = "jörg@example.com".getBytes(StandardCharsets.UTF_8);
    byte[] latin1 = "jörg@example.com".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(MailAddress.parse(utf8, true).localPart()).isEqualTo("jörg");
    assertThatThrownBy(() -> MailAddress.parse(utf8, false))
        .isInstanceOfSatisfying(
            AddressException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NEEDS_SMTPUTF8));
    assertThatThrownBy(() -> MailAddress.parse(latin1, true))
        .isInstanceOfSatisfying(
            AddressException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_UTF8));
  }

  @Test
  void detailIsDividedAtTheFirstSeparator() throws AddressException {
    MailAddress address = MailAddress.parse("user+lists+java@example.com");
    assertThat(address.base('+')).hasToString("user@example.com");
    assertThat(address.detail('+')).isEqualTo("lists+java");
    assertThat(address.base('-')).isEqualTo(address);
    assertThat(address.detail('-')).isNull();
    MailAddress leading = MailAddress.parse("+user@example.com");
    assertThat(leading.base('+')).isEqualTo(leading);
    assertThat(leading.detail('+')).isNull();
    assertThat(MailAddress.parse("user+@example.com").detail('+')).isEmpty();
  }

  @Test
  void unicodeDomainUndoesALabels() throws AddressException {
    assertThat(MailAddress.parse("a@xn--bcher-kva.example").unicodeDomain())
        .isEqualTo("bücher.example");
  }

  @Test
  void anyOctetsAreReadOrRefused() {
    String alphabet = "ab.@\"\\[]:+-_<> \u00fc\u3002\u0130\u200d1";
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(30);
      for (int at = 0; at < length; at++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        MailAddress address = MailAddress.parse(text.toString());
        assertThat(MailAddress.parse(address.toString()))
            .as("seed %d: %s", seed, text)
            .isEqualTo(address);
        assertThat(address.canonical().domain())
            .isEqualTo(address.canonical().canonical().domain());
      } catch (AddressException refused) {
        assertThat(refused.reason()).isNotNull();
      }
    }
  }
}
