package hikyaku.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.sieve.Script;
import hikyaku.protocol.sieve.SieveLimits;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Files as users have them. */
class ForwardFileTest {
  private static ForwardFile.Script taken(String text) {
    return ForwardFile.toSieve(text, "me@example.org");
  }

  /** What the script does, without what it says. */
  private static String script(String text) throws Exception {
    String sieve = taken(text).sieve();
    assertThat(sieve).startsWith("# From a .forward file.\n");
    Script read = Script.read(sieve.getBytes(StandardCharsets.UTF_8), SieveLimits.DEFAULTS);
    assertThat(read).isNotNull();
    return sieve.replaceAll("#.*\n", "");
  }

  @Test
  void addressesAndOneself() throws Exception {
    assertThat(script("a@b.example\n")).isEqualTo("redirect \"a@b.example\";\n");
    assertThat(script("# home\n\\me, a@b.example,\r\n  c\n"))
        .isEqualTo("redirect \"a@b.example\";\nredirect \"c@example.org\";\nkeep;\n");
    assertThat(script("me, a@b.example, a@b.example"))
        .isEqualTo("redirect \"a@b.example\";\nkeep;\n");
    assertThat(script("\\me@example.org")).isEqualTo("keep;\n");
    assertThat(script("\n# nothing\n")).isEqualTo("keep;\n");
    assertThat(script("\"a, b\"@c.example")).isEqualTo("redirect \"\\\"a, b\\\"@c.example\";\n");
    assertThat(script("Me at home <a@b.example>")).isEqualTo("redirect \"a@b.example\";\n");
    assertThat(script("\\other")).isEqualTo("redirect \"other@example.org\";\n");
  }

  @Test
  void repliesWhileAwayAreLeftOutWithAWord() throws Exception {
    for (String usual :
        new String[] {
          "\\me, \"|/usr/bin/vacation me\"", "\\me\n|\"vacation -a alias me\"", "me, \"|vacation\""
        }) {
      assertThat(script(usual)).isEqualTo("keep;\n");
      assertThat(taken(usual).leftOut()).hasSize(1);
    }
    assertThat(taken("\\me,\n\"|/usr/bin/vacation me\"").sieve())
        .isEqualTo(
            """
            # From a .forward file.
            # Left out, line 2: |/usr/bin/vacation me
            #   To answer while away: require "vacation"; vacation "TEXT";
            keep;
            """);
    // It has kept nothing.
    assertThat(script("a@b.example, \"|vacation me\"")).isEqualTo("redirect \"a@b.example\";\n");
    assertThat(script("\"|vacation me\"")).isEqualTo("keep;\n");
  }

  /** What would have been stored elsewhere is kept here. */
  @Test
  void noMailIsLostForWhatIsLeftOut() throws Exception {
    for (String store :
        new String[] {
          "\"|IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #me\"",
          "|procmail",
          "\"|/home/me/bin/sort, file\"",
          "/home/me/mbox",
          "~/Maildir/",
          ":include:/etc/list",
          ":Include:/etc/list",
          "two words@c.example",
          "a@b@c",
          "/home/vacation/x"
        }) {
      assertThat(script("a@b.example\n" + store))
          .as(store)
          .isEqualTo("redirect \"a@b.example\";\nkeep;\n");
      assertThat(script(store)).as(store).isEqualTo("keep;\n");
      ForwardFile.LeftOut left = taken("a@b.example\n" + store).leftOut().getFirst();
      assertThat(left.line()).isEqualTo(2);
      assertThat(left.instead()).isNotEmpty();
    }
  }

  @Test
  void whatIsThrownAway() throws Exception {
    assertThat(script("/dev/null")).isEqualTo("discard;\n");
    assertThat(script("/dev/null\n\\me")).isEqualTo("keep;\n");
    assertThat(script("a@b.example, \"/dev/null\"")).isEqualTo("redirect \"a@b.example\";\n");
    assertThat(script("/dev/null, |procmail")).isEqualTo("keep;\n");
  }

  /** Nothing in a comment may end it. */
  @Test
  void whatIsLeftOutCannotBecomeAScript() throws Exception {
    assertThat(script("|x\u000bdiscard;\u0085discard;\rdiscard, /dev/null"))
        .isEqualTo("redirect \"discard@example.org\";\nkeep;\n");
  }

  @Test
  void otherFilesOfThisName() {
    assertThat(taken("# Sieve filter\nkeep;\n").sieve()).isEqualTo("# Sieve filter\nkeep;\n");
    assertThatThrownBy(() -> taken("#   Exim filter   <<== do not edit\nif"))
        .hasMessageContaining("a filter of Exim");
    assertThatThrownBy(() -> taken("a\0b")).hasMessageContaining("no list of addresses");
    assertThatThrownBy(() -> taken("a,".repeat(40_000))).hasMessageContaining("no list of");
  }
}
