package hikyaku.protocol.address;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressSyntaxTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " (nobody) ",
        "u1@y.test",
        " u1@y.test (me (and \\) others)) ",
        "U One <u1@y.test>",
        "\"boss@x.test\" <u1@y.test>",
        "\"a \\\" b\" c <\"u 1\".x@[192.0.2.1]>",
        "John Q. Public <u1@y.test>, , v2 . w@y . test,",
        "=?utf-8?q?boss=40x.test?= <u1@y.test>",
        "\u00c3\u00bc <u1@y.test>",
        "us: u1@y.test, V <v@y.test>;, w@y.test",
        "nobody:;",
        "<u1@y.test>"
      })
  void listsByTheGrammar(String list) {
    assertThat(AddressSyntax.isList(list)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "u1",
        "boss@x.test u1@y.test",
        "boss@x.test <u1@y.test>",
        "<boss@x.test> <u1@y.test>",
        "<u1@y.test> boss",
        "boss <boss@x.test u1@y.test>",
        "a b@y.test",
        "\"boss@x.test\" u1@y.test",
        "a..b@y.test",
        "@y.test",
        "u1@",
        "u1@y.test.",
        "u1@y.test;",
        "us: u1@y.test",
        "us: them: u1@y.test;;",
        "u1@y.test (boss@x.test",
        "\"boss <u1@y.test>",
        "a [b] <u1@y.test>",
        "<@x.test:u1@y.test>",
        "<u1@y.test",
        "u1@y.test\\",
        "u1@y.test)"
      })
  void whatIsNoneOfThem(String list) {
    assertThat(AddressSyntax.isList(list)).isFalse();
  }

  @Test
  void whatLooksLikeAnAddress() {
    assertThat(AddressSyntax.looksLike("boss @ x.test u.1@y.test \"a\"@z (c@[1]) d@"))
        .extracting(each -> each.mailbox() + " at " + each.host())
        .containsExactly("boss at x.test", "u.1 at y.test", " at z", "c at ", "d at ");
    assertThat(AddressSyntax.looksLike("nobody")).isEmpty();
  }

  @Test
  void nothingIsTooOdd() {
    Random random = new Random(20261122);
    String signs = "ab@.,:;<>()[]\\\" \t\u0000\u00ff=?";
    for (int round = 0; round < 50_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(20); length > 0; length--) {
        text.append(signs.charAt(random.nextInt(signs.length())));
      }
      String list = text.toString();
      if (AddressSyntax.isList(list)) {
        List<EnvelopeAddress> read = AddressListParser.parse(list, Integer.MAX_VALUE);
        assertThat(read.stream().filter(EnvelopeAddress::isAddress))
            .as(list)
            .allMatch(each -> each.host() != null && !each.host().isEmpty());
      }
      assertThat(AddressSyntax.looksLike(list))
          .hasSize((int) list.chars().filter(each -> each == '@').count());
    }
  }
}
