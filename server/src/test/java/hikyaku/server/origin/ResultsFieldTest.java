package hikyaku.server.origin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResultsFieldTest {
  private static final String BODY =
      "Subject: x\r\n\r\nAuthentication-Results: mx.demo.test; a\r\n";

  private static String passed(String text, int piece) throws Exception {
    return Mails.examine(Mails.SETTINGS, Mails.zone(), "192.0.2.1", "a@b.example", text, piece)
        .passed();
  }

  @Test
  void whatSaysToBeOursIsTakenOut() throws Exception {
    for (String forged :
        List.of(
            "Authentication-Results: mx.demo.test; spf=pass\r\n",
            "authentication-results:MX.Demo.Test;\r\n\tdkim=pass\r\n\theader.d=x.example\r\n",
            "Authentication-Results: (hm) (a (b\\) c)) \"mx.demo.test\" 1; none\r\n",
            "Authentication-Results:\r\n mx.demo.test\r\n",
            "Authentication-Results : mx.demo.test (x); none\r\n",
            "Authentication-Results: ; spf=pass\r\n",
            "Authentication-Results: (never ended mx.demo.test; spf=pass\r\n")) {
      for (int piece : List.of(1, 3, 1_000)) {
        assertThat(passed("A: b\r\n" + forged + BODY, piece))
            .as(forged)
            .isEqualTo("A: b\r\n" + BODY);
      }
    }
  }

  @Test
  void othersStay() throws Exception {
    for (String text :
        List.of(
            "Authentication-Results: other.test; spf=pass\r\n" + BODY,
            "Authentication-Results: mx.demo.test.example; spf=pass\r\n" + BODY,
            "X-Authentication-Results: mx.demo.test; spf=pass\r\n" + BODY,
            "\r\nAuthentication-Results: mx.demo.test; no header\r\n",
            "no field at all\r\n\r\nbody",
            "A: b",
            "")) {
      for (int piece : List.of(1, 3, 1_000)) {
        assertThat(passed(text, piece)).isEqualTo(text);
      }
    }
  }

  /** Of a header that is too long to be held, the rest has none of them. */
  @Test
  void longHeaders() throws Exception {
    String filler = ("X: " + "y".repeat(70) + "\r\n").repeat(300);
    String forged = "Authentication-Results: mx.demo.test; spf=pass\r\n";
    for (int piece : List.of(1, 1_000, 100_000)) {
      assertThat(passed(forged + filler + forged + BODY, piece)).isEqualTo(filler + BODY);
    }
    for (String line : List.of("no field\r\n", "x".repeat(20_000) + "\r\n", "\t\r\n")) {
      assertThat(passed(filler + line + forged + BODY, 1_000)).isEqualTo(filler + line + BODY);
      assertThat(passed(line + filler + forged + BODY, 1_000)).isEqualTo(line + filler + BODY);
    }
    String folded = "X: y\r\n" + " z\r\n".repeat(10_000) + BODY;
    assertThat(passed(folded, 1_000)).isEqualTo(folded);
    assertThat(
            Mails.examine(Mails.zone(), "a@b.example", "From: a@b.example\r\n" + filler + BODY)
                .results())
        .contains("dkim=none", "dmarc=permerror");
  }

  @Test
  void valuesStayInTheirPlace() throws Exception {
    String field =
        ResultsField.write(
            "mx.demo.test",
            List.of(
                ResultsField.Method.of(
                    "spf", "pass", "", "smtp.helo", "a;b\" dmarc=pass\r\nX: y")));
    assertThat(field)
        .isEqualTo(
            "Authentication-Results: mx.demo.test;\r\n"
                + "\tspf=pass smtp.helo=\"a;b\\\" dmarc=pass??X: y\"\r\n");
    assertThat(ResultsField.says(field, "dmarc", "pass")).isFalse();
    assertThat(ResultsField.says("i=1; a.example; dmarc=pass (p=none)", "dmarc", "pass")).isTrue();
    assertThat(ResultsField.says("i=1; a.example; dmarc=passed", "dmarc", "pass")).isFalse();
    assertThat(ResultsField.says("i=1; a.example (; dmarc=pass ;)", "dmarc", "pass")).isFalse();
  }
}
