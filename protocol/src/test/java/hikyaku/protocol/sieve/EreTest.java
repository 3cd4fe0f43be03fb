package hikyaku.protocol.sieve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Expressions of POSIX, some of them as its own examples have them (IEEE 1003.1 §9.4). */
class EreTest {
  private static final int MOST = SieveLimits.DEFAULTS.regexSize();

  private static Optional<List<String>> find(String expression, String text) {
    return find(expression, text, Collation.OCTET);
  }

  private static Optional<List<String>> find(String expression, String text, Collation collation) {
    try {
      return Ere.of(expression, collation, MOST).find(text);
    } catch (Ere.Malformed e) {
      throw new AssertionError(e.why(), e);
    }
  }

  private static void finds(String expression, String text, String... groups) {
    assertThat(find(expression, text)).as(expression).contains(List.of(groups));
  }

  private static void findsNothing(String expression, String text) {
    assertThat(find(expression, text)).as(expression).isEmpty();
  }

  @Test
  void whatIsLeftmostAndThenLongest() {
    finds("b*", "abbb", "");
    finds("a|ab|abc", "xabcd", "abc");
    assertThat(find("(a|ab)(c|bcd)(d*)", "abcd").orElseThrow().getFirst()).isEqualTo("abcd");
    finds("xx*|y", "zyxxx", "y");
    finds("(wee|week)(knights|night)", "weeknights", "weeknights", "wee", "knights");
    finds("(a)|b", "b", "b", "");
    finds("", "abc", "");
  }

  @Test
  void anchorsAndSets() {
    finds("^abc$", "abc", "abc");
    findsNothing("^abc$", "xabc");
    findsNothing("^b", "a\nb");
    finds("a.c", "a\nc", "a\nc");
    finds("[]a]+", "x]a]", "]a]");
    finds("[^]a]", "]ab", "b");
    finds("[a-]+", "-a-", "-a-");
    finds("[\\.]+", "a\\.", "\\.");
    finds("[[:digit:][:upper:]]+", "ab1C", "1C");
    finds("[[.-.]-/]+", "a-./", "-./");
    finds("[[=a=]b]+", "xab", "ab");
    finds("\\$\\(\\{", "a$({", "$({");
    finds("\u3042+", "x\u3042\u3042", "\u3042\u3042");
    finds(".", "\ud83d\ude00", "\ud83d\ude00");
  }

  @Test
  void intervals() {
    finds("a{2}", "aaa", "aa");
    finds("a{2,}", "aaa", "aaa");
    finds("(ab){1,2}", "ababab", "abab", "ab");
    finds("a{0}b", "ab", "b");
    findsNothing("^a{3,4}$", "aaaaa");
  }

  @Test
  void caseCountsByTheComparator() {
    findsNothing("abc", "ABC");
    assertThat(find("aB[c-d]", "AbD", Collation.ASCII_CASEMAP)).contains(List.of("AbD"));
    assertThat(find("[[:upper:]]", "a", Collation.ASCII_CASEMAP)).contains(List.of("a"));
    assertThat(find("k", "\u212a", Collation.ASCII_CASEMAP)).isEmpty();
  }

  @Test
  void whatIsNotInOrder() {
    for (String broken :
        List.of(
            "(",
            ")",
            "a)",
            "(()",
            "*a",
            "a**",
            "a{",
            "a{1",
            "a{,1}",
            "a{2,1}",
            "a{256}",
            "{1}",
            "a|*b",
            "[",
            "[a",
            "[^]",
            "[b-a]",
            "[[:no:]]",
            "[[:alpha]",
            "[[.ab.]]",
            "a\\",
            "\\d",
            "(*)",
            "(".repeat(22) + ")".repeat(22),
            "((a{255}){255})",
            "a{200}{200}",
            "a".repeat(3000))) {
      assertThatThrownBy(() -> Ere.of(broken, Collation.OCTET, MOST))
          .as(broken)
          .isInstanceOf(Ere.Malformed.class);
    }
  }

  /** What is quoted matches itself; what is bounded is matched whatever it is. */
  @Test
  void anyExpression() {
    Random random = new Random(9_4);
    String letters = "ab\\^$.|()[]{}*+?-:,12=";
    int inOrder = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(14); length > 0; length--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      finds(Ere.quoted(text.toString()), text.toString(), text.toString());
      try {
        Ere expression = Ere.of(text.toString(), Collation.ASCII_CASEMAP, MOST);
        assertThat(expression.size()).isBetween(1, MOST);
        inOrder++;
        expression.find("aabb12{}".repeat(20));
      } catch (Ere.Malformed e) {
        assertThat(e.why()).isNotEmpty();
      }
    }
    assertThat(inOrder).isGreaterThan(2_000);
  }
}
