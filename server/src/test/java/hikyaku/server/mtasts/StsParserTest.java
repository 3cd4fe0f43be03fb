package hikyaku.server.mtasts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.mtasts.StsPolicy.Mode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class StsParserTest {
  private static final String POLICY =
      "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net\r\n"
          + "max_age: 604800\r\n";

  private static StsPolicy policy(String text) throws StsException {
    return StsParser.policy(text.getBytes(UTF_8));
  }

  /** RFC 8461 §3.1. */
  @Test
  void records() {
    assertThat(StsParser.id(List.of("v=STSv1; id=20160831085700Z;"))).contains("20160831085700Z");
    assertThat(StsParser.id(List.of("v=STSv1;id=1"))).contains("1");
    // RFC 8461 §3.1: fields come in any order.
    assertThat(StsParser.id(List.of("v=STSv1; ext-1=a.b; id=1; idle=2;"))).contains("1");
    assertThat(StsParser.id(List.of("v=STSv1; id=1; id=2"))).isEmpty();
    assertThat(StsParser.id(List.of("v=spf1 -all", "v=STSv1 ; id = a ; x=y"))).contains("a");
    for (List<String> none :
        List.of(
            List.<String>of(),
            List.of("v=STSv1; id=1;", "v=STSv1; id=1;"),
            List.of("v=STSv2; id=1"),
            List.of("id=1; v=STSv1"),
            List.of("v=STSv1; id="),
            List.of("v=STSv1; id=a-b"),
            List.of("v=STSv1; id=" + "a".repeat(33)),
            List.of("v=STSv10; id=1"))) {
      assertThat(StsParser.id(none)).as(none.toString()).isEqualTo(Optional.empty());
    }
  }

  /** Whoever owns a domain may write as many blanks into its record as fit. */
  @Test
  @Timeout(20)
  void blanksCostTimeInProportionOnly() {
    String blanks = " \t".repeat(40_000);
    assertThat(StsParser.id(List.of("v=STSv1;" + blanks + "id=1" + blanks + "; x" + blanks + "y")))
        .contains("1");
    assertThat(StsParser.id(List.of("v=STSv1" + blanks + "; id" + blanks + "=" + blanks)))
        .isEmpty();
  }

  /** RFC 8461 §3.2. */
  @Test
  void policies() throws Exception {
    StsPolicy expected =
        new StsPolicy(
            Mode.ENFORCE, List.of("mail.example.com", "*.example.net"), Duration.ofDays(7));
    assertThat(policy(POLICY)).isEqualTo(expected);
    assertThat(policy(POLICY.replace("\r\n", "\n").stripTrailing())).isEqualTo(expected);
    assertThat(
            policy(
                "max_age:604800 \nmx:mail.example.com\nextra: x:y\nmx : *.example.net\n"
                    + "mode:enforce\nversion:STSv1\nmode: none\n\n"))
        .isEqualTo(expected);
    assertThat(policy("version: STSv1\nmode: none\nmax_age: 9999999999"))
        .isEqualTo(new StsPolicy(Mode.NONE, List.of(), StsParser.LONGEST));
    assertThat(policy("version: STSv1\nmode: testing\nmx: a.test\nmax_age: 0").lines())
        .containsExactly("version: STSv1", "mode: testing", "mx: a.test", "max_age: 0");
  }

  @Test
  void whatIsNoPolicy() {
    for (String wrong :
        List.of(
            "",
            "<html>",
            POLICY.replace("STSv1", "STSv2"),
            POLICY.replace("version: STSv1\r\n", ""),
            POLICY.replace("enforce", "Enforce"),
            POLICY.replace("604800", "-1"),
            POLICY.replace("604800", "12345678901"),
            POLICY.replace("max_age: 604800\r\n", ""),
            POLICY.replaceAll("mx: .*\r\n", ""),
            POLICY.replace("mail.example.com", "mail..example.com"),
            POLICY.replace("mail.example.com", "a b"),
            POLICY.replace("*.E", "m*.E"),
            POLICY + "mx: a.test\r\n".repeat(StsParser.MOST_SERVERS))) {
      assertThatThrownBy(() -> policy(wrong))
          .as(wrong)
          .isInstanceOfSatisfying(
              StsException.class, e -> assertThat(e.kind()).isEqualTo(StsException.Kind.INVALID));
    }
  }

  /** RFC 8461 §4.1: a wildcard is for one label. */
  @Test
  void servers() throws Exception {
    StsPolicy policy = policy(POLICY);
    assertThat(List.of("MAIL.example.com", "a.example.net", "A.EXAMPLE.NET"))
        .allMatch(policy::names);
    assertThat(
            List.of(
                "example.com", "x.mail.example.com", "example.net", "a.b.example.net", "net", ""))
        .noneMatch(policy::names);
  }

  /**
   * Whatever a policy host or DNS says, there is an answer, and what is taken can be told again.
   */
  @Test
  void nearSense() throws Exception {
    Random random = new Random(20261130);
    String signs = ":;*. \t\r\n\0=azAZ09-_<\u00fc";
    int taken = 0;
    int ids = 0;
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder(POLICY);
      StringBuilder record = new StringBuilder("v=STSv1; id=20160831085700Z; x=y;");
      for (StringBuilder each : List.of(text, record)) {
        for (int times = random.nextInt(4); times > 0; times--) {
          int at = random.nextInt(each.length());
          switch (random.nextInt(3)) {
            case 0 -> each.deleteCharAt(at);
            case 1 -> each.insert(at, signs.charAt(random.nextInt(signs.length())));
            default -> each.insert(random.nextInt(each.length()), each.substring(at));
          }
        }
      }
      ids += StsParser.id(List.of(record.toString())).isPresent() ? 1 : 0;
      try {
        StsPolicy policy = policy(text.toString());
        taken++;
        assertThat(policy(String.join("\r\n", policy.lines()))).isEqualTo(policy);
      } catch (StsException expected) {
        assertThat(expected.kind()).isEqualTo(StsException.Kind.INVALID);
      }
    }
    assertThat(List.of(taken, ids)).allSatisfy(each -> assertThat(each).isBetween(4_000, 19_000));
  }
}
