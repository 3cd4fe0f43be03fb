package hikyaku.server.story;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MailStoryTest {
  @Test
  void aMessageIdIsBoundedAndPrintable() {
    assertThat(MailStory.printable(null)).isEmpty();
    assertThat(MailStory.printable("<1@x.example>")).isEqualTo("<1@x.example>");
    assertThat(MailStory.printable("<1\r\n\u3042>")).isEqualTo("<1???>");
    assertThat(MailStory.printable("x".repeat(1000))).hasSize(250);
  }
}
