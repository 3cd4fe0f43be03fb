package hikyaku.mailbox.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class UidSetTest {
  @Test
  void behavesLikeASetOfNumbers() {
    Random random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      TreeSet<Long> left = numbers(random);
      TreeSet<Long> right = numbers(random);
      UidSet a = set(left);
      UidSet b = set(right);

      TreeSet<Long> union = new TreeSet<>(left);
      union.addAll(right);
      assertThat(a.union(b)).as("%s + %s", left, right).isEqualTo(set(union));
      TreeSet<Long> common = new TreeSet<>(left);
      common.retainAll(right);
      assertThat(a.intersect(b)).as("%s & %s", left, right).isEqualTo(set(common));
      TreeSet<Long> rest = new TreeSet<>(left);
      rest.removeAll(right);
      assertThat(a.minus(b)).as("%s - %s", left, right).isEqualTo(set(rest));
      assertThat(a.size()).isEqualTo(left.size());
      for (long uid = 1; uid < 40; uid++) {
        assertThat(a.contains(uid)).as("%d in %s", uid, left).isEqualTo(left.contains(uid));
      }
      assertThat(MailboxCodec.uidSet(MailboxCodec.record(a))).isEqualTo(a);
    }
  }

  private static TreeSet<Long> numbers(Random random) {
    TreeSet<Long> numbers = new TreeSet<>();
    int count = random.nextInt(20);
    for (int i = 0; i < count; i++) {
      numbers.add(1L + random.nextInt(38));
    }
    return numbers;
  }

  private static UidSet set(TreeSet<Long> numbers) {
    return UidSet.of(numbers.stream().mapToLong(Long::longValue).toArray());
  }

  @Test
  void isSpeltAsImapSpellsIt() {
    assertThat(UidSet.of(1, 2, 3, 7, 9, 10).toString()).isEqualTo("1:3,7,9:10");
    assertThat(UidSet.of(List.of(new UidSet.Range(5, 9), new UidSet.Range(1, 5))).toString())
        .isEqualTo("1:9");
    assertThat(UidSet.range(1, UidSet.MAX_UID).size()).isEqualTo(4_294_967_295L);
    assertThat(UidSet.EMPTY.toString()).isEmpty();
  }

  @Test
  void hasNoZeroAndNothingBeyond32Bits() {
    assertThatThrownBy(() -> UidSet.of(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> UidSet.of(UidSet.MAX_UID + 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> UidSet.range(3, 2)).isInstanceOf(IllegalArgumentException.class);
  }
}
