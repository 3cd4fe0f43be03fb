package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.smtp.RcptParameters;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the envelopes of mails have that scripts send. */
class SieveMailTest extends ScriptedDelivery {
  private static final String TO_U1 = "To: u1@demo.test\nMessage-ID: <1@b.example>\n";

  private RcptParameters told(int number) {
    return queued().get(number).recipients().getFirst().parameters();
  }

  /** RFC 5230 §5.1, §5.8, RFC 3834 §3.1.1, RFC 5322 §3.6.4. */
  @Test
  void ofAnAnswerNothingIsTold() throws Exception {
    script(
        "u1",
        """
        require "vacation";
        vacation :from "J\u00fcrgen <u1@demo.test>" "gone";
        """);
    String long900 = "<" + "x".repeat(880) + "@b.example>";
    send(
        List.of("u1@demo.test"),
        "To: u1@demo.test\nIn-Reply-To: <0@b.example>\nMessage-ID: " + long900 + "\n\nx\n");
    assertThat(told(0).notifyOn()).isEmpty();
    assertThat(text(queued().getFirst()))
        .contains("From: =?utf-8?B?SsO8cmdlbg==?= <u1@demo.test>\r\n")
        .contains("In-Reply-To: " + long900 + "\r\n")
        .contains("References: <0@b.example>\r\n " + long900 + "\r\n");
  }

  /** RFC 5436 §2.7: the address of :from is the sender, and hears of failures. */
  @Test
  void aNotificationComesFromWhomTheScriptNames() throws Exception {
    script(
        "u1",
        """
        require "enotify";
        notify :from "Bell <u1+bell@demo.test>" "mailto:p@q.example";
        """);
    send(List.of("u1@demo.test"), "Subject: hello\n\nx\n");
    assertThat(queued().getFirst().sender()).hasToString("u1+bell@demo.test");
    assertThat(text(queued().getFirst())).startsWith("From: \"Bell\" <u1+bell@demo.test>\r\n");
    assertThat(told(0)).isEqualTo(RcptParameters.NONE);
  }
}
