package hikyaku.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Files as users have them. */
class ForwardFileTest {
  private static String script(String text) {
    return ForwardFile.toSieve(text, "me@example.org").replaceFirst("#.*\n", "");
  }

  @Test
  void addressesAndOneself() {
    assertThat(script("a@b.example\n")).isEqualTo("redirect \"a@b.example\";\n");
    assertThat(script("# home\n\\me, a@b.example,\r\n  c\n"))
        .isEqualTo("redirect \"a@b.example\";\nredirect \"c@example.org\";\nkeep;\n");
    assertThat(script("me, a@b.example, a@b.example"))
        .isEqualTo("redirect \"a@b.example\";\nkeep;\n");
    assertThat(script("\\me@example.org")).isEqualTo("keep;\n");
    assertThat(script("\n# nothing\n")).isEqualTo("keep;\n");
    assertThat(script("\"a, b\"@c.example")).isEqualTo("redirect \"\\\"a, b\\\"@c.example\";\n");
  }

  @Test
  void whatNoScriptDoesIsRefusedWithAWord() {
    assertThatThrownBy(() -> script("\\me\n\"|/usr/bin/vacation me\""))
        .hasMessageStartingWith("line 2: |/usr/bin/vacation me is a program, and no programs");
    assertThatThrownBy(() -> script("|\"exec procmail\"")).hasMessageContaining("is a program");
    assertThatThrownBy(() -> script("/dev/null")).hasMessageContaining("is a file");
    assertThatThrownBy(() -> script(":include:/etc/list")).hasMessageContaining("an alias");
    assertThatThrownBy(() -> script("a b@c")).hasMessageContaining("is no address");
    assertThatThrownBy(() -> script("\\other")).hasMessageContaining("another user's mailbox");
  }
}
