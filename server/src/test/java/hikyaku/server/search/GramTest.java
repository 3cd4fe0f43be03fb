package hikyaku.server.search;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.FoldedText;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Who holds a string has all grams of it. */
class GramTest {
  private static final int[] ALPHABET =
      "aAbßẞİıſ検索エ\u0301é한🙂👩\ud800\udc00\ud83d\udfffk\u212a\0\u007f".chars().toArray();

  private static Set<String> terms(List<String> texts, GramSet set) {
    set.clear();
    texts.forEach(set::whole);
    set.finish();
    return Arrays.stream(set.grams()).mapToObj(GramTest::term).collect(Collectors.toSet());
  }

  private static String term(long gram) {
    byte[] octets = new byte[Gram.MOST_OCTETS];
    return latin(Arrays.copyOf(octets, Gram.write(gram, octets)));
  }

  private static String latin(byte[] octets) {
    return new String(octets, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  private static boolean has(Set<String> terms, Gram.Need need) {
    return switch (need) {
      case Gram.Need.Whole(long gram) -> terms.contains(term(gram));
      case Gram.Need.Beginning(byte[] octets) ->
          terms.stream().anyMatch(term -> term.startsWith(latin(octets)));
    };
  }

  private static String text(Random random, int longest) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(longest + 1); i > 0; i--) {
      text.append((char) ALPHABET[random.nextInt(ALPHABET.length)]);
    }
    return text.toString();
  }

  @Test
  void whatHoldsAStringHasWhatItNeeds() {
    Random random = new Random(3);
    GramSet set = new GramSet(10_000);
    int held = 0;
    for (int i = 0; i < 20_000; i++) {
      List<String> texts = List.of(text(random, 3), text(random, 12), text(random, 5));
      FoldedText wanted = new FoldedText(text(random, 4));
      Set<String> terms = terms(texts, set);
      boolean holds = texts.stream().anyMatch(wanted::isIn);
      List<Gram.Need> needs = Gram.needs(wanted, 64);
      assertThat(needs.isEmpty()).isEqualTo(wanted.isEmpty() || isCommon(wanted));
      boolean has = needs.stream().allMatch(need -> has(terms, need));
      if (holds) {
        held++;
        assertThat(has).as("%s in %s", wanted, texts).isTrue();
      } else if (!needs.isEmpty() && wanted.length() <= 3) {
        // Up to three characters the terms tell exactly.
        assertThat(has).as("%s in %s", wanted, texts).isFalse();
      }
    }
    assertThat(held).isGreaterThan(1_000);
  }

  /** One letter of ASCII is in about every message. */
  private static boolean isCommon(FoldedText wanted) {
    boolean[] ascii = {wanted.length() == 1};
    wanted.forEach(c -> ascii[0] &= c < 0x80);
    return ascii[0];
  }

  @Test
  void gramsAreToldApart() {
    Random random = new Random(4);
    Set<Long> grams = new HashSet<>();
    Set<String> terms = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      long gram =
          Gram.of(random.nextInt(0x11_0000), random.nextInt(0x11_0000), random.nextInt(300));
      if (grams.add(gram)) {
        assertThat(terms.add(term(gram))).isTrue();
      }
    }
  }

  @Test
  void manyGramsAreKeptOnceAndMoreThanTheLimitIsTold() {
    GramSet set = new GramSet(50_000);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 49_998; i++) {
      text.appendCodePoint(0x2_0000 + i);
    }
    set.whole(text.toString());
    set.whole(text.toString());
    set.finish();
    assertThat(set.isOver()).isFalse();
    assertThat(set.size()).isEqualTo(49_998);
    assertThat(set.grams()).hasSize(49_998).doesNotHaveDuplicates();
    set.whole("one more, and one more");
    set.finish();
    assertThat(set.isOver()).isTrue();
    set.clear();
    assertThat(set.grams()).isEmpty();
    assertThat(set.isOver()).isFalse();
  }

  /** Long texts, mostly of ASCII, have the grams that a plain look at them finds. */
  @Test
  void longTextsHaveAllTheirGrams() {
    Random random = new Random(3);
    GramSet set = new GramSet(1_000_000);
    for (int length : new int[] {300_000, 50, 100_000}) {
      StringBuilder text = new StringBuilder();
      Set<Long> expected = new HashSet<>();
      while (text.length() < length) {
        boolean other = random.nextInt(50) == 0;
        text.append((char) (other ? 0x4E00 + random.nextInt(80) : ' ' + random.nextInt(64)));
      }
      for (int i = 0; i < length; i++) {
        int second = i + 1 < length ? text.charAt(i + 1) : Gram.END;
        int third = i + 2 < length ? text.charAt(i + 2) : Gram.END;
        expected.add(Gram.of(text.charAt(i), second, third));
      }
      set.clear();
      set.whole(text.toString());
      set.finish();
      assertThat(set.isOver()).isFalse();
      assertThat(Arrays.stream(set.grams()).boxed().collect(Collectors.toSet()))
          .isEqualTo(expected);
    }
  }
}
