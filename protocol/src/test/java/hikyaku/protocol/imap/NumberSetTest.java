package hikyaku.protocol.imap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class NumberSetTest {
  @Test
  void holdsWhatASortedSetHolds() {
    long seed = 4;
    Random random = new Random(seed);
    for (int turn = 0; turn < 20_000; turn++) {
      NumberSet.Builder builder = new NumberSet.Builder();
      TreeSet<Long> model = new TreeSet<>();
      boolean rising = random.nextBoolean();
      long low = 0;
      for (int range = random.nextInt(6); range > 0; range--) {
        low = rising ? low + 1 + random.nextInt(4) : 1 + random.nextInt(20);
        long high = low + random.nextInt(4);
        builder.add(low, high);
        LongStream.rangeClosed(low, high).forEach(model::add);
      }
      NumberSet set = builder.build();
      assertThat(set.stream().boxed().toList())
          .as("seed " + seed)
          .isEqualTo(model.stream().toList());
      assertThat(set.count()).isEqualTo(model.size());
      assertThat(set).isEqualTo(NumberSet.of(set.stream().toArray()));
      assertThat(set.max()).isEqualTo(model.isEmpty() ? 0 : model.last());
      for (long number = 0; number < 30; number++) {
        assertThat(set.contains(number)).isEqualTo(model.contains(number));
      }
    }
  }

  @Test
  void isWrittenAsRanges() {
    assertThat(NumberSet.of(7, 3, 2, 1, 9, 8)).hasToString("1:3,7:9");
    assertThat(NumberSet.EMPTY).hasToString("");
  }

  @Test
  void starAndReversedRangesAreResolved() {
    SequenceSet.Ranges set = new SequenceSet.Ranges(new long[] {5, 3, 8, 0, 0, 0});
    assertThat(set.resolve(10)).hasToString("3:5,8:10");
    assertThat(set.resolve(6)).hasToString("3:8");
    assertThat(set.resolve(0)).hasToString("3:5,8");
    assertThat(set.largestNamed()).isEqualTo(8);
  }
}
