package hikyaku.protocol.address;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.Effort;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressListParserTest {
  /** Written as name|route|mailbox|host, absent ones as a dash. */
  private static String told(String text) {
    return told(AddressListParser.parse(text, 100));
  }

  private static String told(List<EnvelopeAddress> addresses) {
    return addresses.stream()
        .map(address ->
            dash(address.name())
                + "/"
                + dash(address.route())
                + "/"
                + dash(address.mailbox())
                + "/"
                + dash(address.host()))
        .collect(Collectors.joining(" ; "));
  }

  private static String dash(String text) {
    return text == null ? "-" : text;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // RFC 5322 appendix A
        "John Doe <jdoe@machine.example> | John Doe/-/jdoe/machine.example",
        "\"Joe Q. Public\" <john.q.public@example.com> |"
            + " Joe Q. Public/-/john.q.public/example.com",
        "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test> |"
            + " Mary Smith/-/mary/x.test ; -/-/jdoe/example.org ; Who?/-/one/y.test",
        "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net> |"
            + " -/-/boss/nil.test ; Giant; \"Big\" Box/-/sysservices/example.net",
        "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>; |"
            + " -/-/A Group/- ; Ed Jones/-/c/a.test ; -/-/joe/where.test ;"
            + " John/-/jdoe/one.test ; -/-/-/-",
        "Undisclosed recipients:; | -/-/Undisclosed recipients/- ; -/-/-/-",
        "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)> |"
            + " Pete/-/pete/silly.test",
        "A Group(Some people):Chris Jones <c@(Chris's host.)public.example>,joe@example.org,"
            + " John <jdoe@one.test> (my dear friend); (the end of the group) |"
            + " -/-/A Group/- ; Chris Jones/-/c/public.example ; -/-/joe/example.org ;"
            + " John/-/jdoe/one.test ; -/-/-/-",
        "Mary Smith <@node.test,@other.test:mary@example.net>, , jdoe@test . example |"
            + " Mary Smith/@node.test,@other.test/mary/example.net ; -/-/jdoe/test.example",
        "Joe Q. Public <john.q.public@example.com> | Joe Q. Public/-/john.q.public/example.com",
        // as it really arrives
        "root | -/-/root/",
        "root (Charlie Root) | Charlie Root/-/root/",
        "jdoe@example.org (John (Jo) Doe) | John (Jo) Doe/-/jdoe/example.org",
        "John Doe jdoe@example.org | John Doe/-/jdoe/example.org",
        "John Doe <jdoe@example.org, b@c.test | John Doe/-/jdoe/example.org ; -/-/b/c.test",
        "a@b.test; c@d.test | -/-/a/b.test ; -/-/c/d.test",
        "a@b.test <c@d.test> | a@b.test/-/c/d.test",
        "<a@b.test> <c@d.test> | -/-/a/b.test ; -/-/c/d.test",
        "\"a@b.test\" <c@d.test> | a@b.test/-/c/d.test",
        "\"john doe\"@example.org | -/-/john doe/example.org",
        "\"Doe, John <jdoe@example.org> | -/-/Doe/ ; John/-/jdoe/example.org",
        "foo (bar <a@b.test> | foo (bar/-/a/b.test",
        "=?utf-8?Q?Doe,_John?= <jdoe@example.org> | =?utf-8?Q?Doe,_John?=/-/jdoe/example.org",
        "a@[IPv6:2001:db8::1], b@c.test | -/-/a/[IPv6:2001:db8::1] ; -/-/b/c.test",
        "a@b@c.test | -/-/a@b/c.test",
        "J\u00f6rg <j\u00f6rg@b.test> | J\u00f6rg/-/j\u00f6rg/b.test",
        "Name <> | Name/-//",
        "Group: a@b.test, c@d.test | -/-/Group/- ; -/-/a/b.test ; -/-/c/d.test ; -/-/-/-",
        "one: two: a@b.test;; | -/-/one/- ; two:/-/a/b.test ; -/-/-/-",
      })
  void tellsAddresses(String text, String expected) {
    assertThat(told(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "=?utf-8?q?B_<b@x.test>,?= <a@y.test> | =?utf-8?q?B_/-/b/x.test ; ?=/-/a/y.test",
        "=?utf-8?q?b@x.test,?= <a@y.test> | -/-/=?utf-8?q?b/x.test ; ?=/-/a/y.test",
        "=?q?q?\"?= \"<b@x.test>, \" <a@y.test> | =?q?q??=/-/b/x.test ; -/-/a/y.test",
        "=?utf-8?q?Doe,_John=40?= <a@y.test> | -/-/=?utf-8?q?Doe/ ; _John=40?=/-/a/y.test",
        "b@x.test\\, <a@y.test> | -/-/b/x.test\\ ; -/-/a/y.test",
        "\"b@x.test\\\", \" <a@y.test> | b@x.test\",/-/a/y.test",
      })
  void whoKnowsNoEncodedWordsDividesThem(String text, String expected) {
    assertThat(told(AddressListParser.parseLiterally(text, 100))).isEqualTo(expected);
  }

  @Test
  void nothingMakesNothing() {
    assertThat(told("")).isEmpty();
    assertThat(told(" , ,, ; \t")).isEmpty();
    assertThat(AddressListParser.parse("a@b.test", 0)).isEmpty();
  }

  @Test
  void theLimitClosesGroups() {
    for (int limit = 0; limit < 12; limit++) {
      List<EnvelopeAddress> told =
          AddressListParser.parse("a@b, g: c@d, e@f; h: i@j, k@l;, m@n", limit);
      assertThat(told.size()).isLessThanOrEqualTo(limit);
      int open = 0;
      for (EnvelopeAddress address : told) {
        open += address.isAddress() ? 0 : address.mailbox() == null ? -1 : 1;
        assertThat(open).isBetween(0, 1);
      }
      assertThat(open).isZero();
    }
  }

  @Test
  void hostileListsTakeLinearTime() {
    for (String morsel :
        List.of(
            "(", "\"", "<", "=?", "=?a?", "[", "\\", "@", "a:", "(\"", "<\"", " ", "<@a,", ";<")) {
      String text = morsel.repeat(400_000 / morsel.length());
      Effort.isBounded(
          morsel,
          () -> assertThat(AddressListParser.parse(text, 1000).size()).isLessThanOrEqualTo(1000));
    }
  }

  @Test
  void anyOctetsAreRead() {
    String alphabet = "ab.@\"\\[]:;,<>() =?\u00fc";
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(40);
      for (int at = 0; at < length; at++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      for (EnvelopeAddress address : AddressListParser.parse(text.toString(), 20)) {
        if (address.isAddress()) {
          assertThat(address.mailbox()).as("seed %d: %s", seed, text).isNotNull();
        }
      }
    }
  }
}
