package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The corpus, whole and spoiled: the same answer for every split, and never a broken tree. */
class MimeParserCorpusTest {
  private static final long SEED = 20_260_101L;

  /** Limits so low that every one of them is met. */
  private static final MimeLimits LOW =
      new MimeLimits(2000, 300, 20, 3, 5, 40, 4, 6, 3, 2, 120, 30);

  static List<Corpus.Message> corpus() {
    return Corpus.all();
  }

  @Test
  void theCorpusIsThere() {
    assertThat(Corpus.all()).hasSizeGreaterThan(150);
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void anySplitGivesTheSame(Corpus.Message message) {
    Random random = new Random(SEED);
    for (MimeLimits limits : List.of(MimeLimits.DEFAULT, LOW)) {
      MessageStructure whole = Structures.parse(message.octets(), limits);
      Structures.check(whole, message.octets(), limits);
      assertThat(Structures.parseOctetByOctet(message.octets(), limits)).isEqualTo(whole);
      for (int round = 0; round < 5; round++) {
        assertThat(Structures.parseInPieces(message.octets(), limits, random)).isEqualTo(whole);
      }
    }
  }

  @Test
  void spoiledMessagesAreDescribedNevertheless() {
    List<Corpus.Message> corpus =
        Corpus.all().stream().filter(message -> message.octets().length < 20_000).toList();
    for (int round = 0; round < 3000; round++) {
      long seed = SEED + round;
      Random random = new Random(seed);
      Corpus.Message message = corpus.get(random.nextInt(corpus.size()));
      byte[] octets = Mutations.spoil(message.octets(), corpus, random);
      MimeLimits limits = random.nextBoolean() ? MimeLimits.DEFAULT : LOW;
      try {
        MessageStructure whole = Structures.parse(octets, limits);
        Structures.check(whole, octets, limits);
        assertThat(Structures.parseInPieces(octets, limits, random)).isEqualTo(whole);
      } catch (RuntimeException | AssertionError failure) {
        throw new AssertionError("seed " + seed + " from " + message, failure);
      }
    }
  }
}
