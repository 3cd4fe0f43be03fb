package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.smtp.RcptParameters.OriginalRecipient;
import org.junit.jupiter.api.Test;

class StatusTextTest {
  private static final String EVIL = "a\r\nX-Evil: b\n\u0085\u2028\u0000c";

  @Test
  void whateverIsInItItIsOneLine() {
    for (boolean utf8 : new boolean[] {true, false}) {
      assertThat(StatusText.envelopeId(EVIL, utf8))
          .isEqualTo("Original-Envelope-Id: a??X-Evil: b????c\r\n");
      assertThat(StatusText.recipient(new OriginalRecipient("x\r\ny", EVIL), utf8))
          .isEqualTo("Original-Recipient: x??y; a??X-Evil: b????c\r\n");
    }
  }

  @Test
  void moreThanAsciiIsForWhoTakesIt() {
    assertThat(StatusText.of("jö 😀", true)).isEqualTo("jö 😀");
    assertThat(StatusText.of("jö", false)).isEqualTo("j?");
    assertThat(StatusText.envelopeId(null, true)).isEmpty();
    assertThat(StatusText.recipient(null, true)).isEmpty();
  }
}
