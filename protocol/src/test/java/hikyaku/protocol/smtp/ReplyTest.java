package hikyaku.protocol.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReplyTest {
  @Test
  void everyLineHasTheCodes() {
    Reply help = new Reply(214, EnhancedCode.of("2.0.0"), List.of("one", "two", ""));
    assertThat(help.wire()).isEqualTo("214-2.0.0 one\r\n214-2.0.0 two\r\n214 2.0.0 \r\n");
    assertThat(Reply.plain(250, "mx.example", "SIZE 1").wire())
        .isEqualTo("250-mx.example\r\n250 SIZE 1\r\n");
  }

  @Test
  void noReplyHoldsALineEndingOrIsTooLong() {
    for (String text : List.of("a\r\n250 b", "\n", "\0", "\u007f", "\u00e9")) {
      assertThatIllegalArgumentException().isThrownBy(() -> Reply.plain(250, text));
    }
    String longest = "x".repeat(Reply.MAX_LINE - 12);
    assertThat(Reply.of(550, "5.1.1", longest).wire()).hasSize(Reply.MAX_LINE);
    assertThatIllegalArgumentException().isThrownBy(() -> Reply.of(550, "5.1.1", longest + "x"));
  }

  @Test
  void theTwoCodesAgree() {
    assertThatIllegalArgumentException().isThrownBy(() -> Reply.of(250, "5.1.1", "no"));
    for (String written : List.of("1.0.0", "5.1", "5.1.1000", "5..1", "3.0.0", "5.1.1 ")) {
      assertThatIllegalArgumentException().isThrownBy(() -> EnhancedCode.of(written));
    }
    assertThat(EnhancedCode.of("5.7.999")).hasToString("5.7.999");
  }
}
