package hikyaku.server.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResettlingTest {
  private final Resettling resettling = new Resettling();
  private final List<Integer> called = new ArrayList<>();

  private List<Resettling.Place> line(int length) {
    List<Resettling.Place> line = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      int number = i;
      line.add(resettling.join(() -> called.add(number)));
    }
    return line;
  }

  private static List<Integer> upTo(int end) {
    return IntStream.range(0, end).boxed().toList();
  }

  @Test
  void theNextIsCalledWhenOneHasArrived() {
    List<Resettling.Place> line = line(Resettling.AT_ONCE + 5);
    resettling.callNext();
    assertThat(called).isEqualTo(upTo(Resettling.AT_ONCE));
    resettling.callNext();
    assertThat(called).hasSize(Resettling.AT_ONCE);
    line.get(3).done();
    assertThat(called).isEqualTo(upTo(Resettling.AT_ONCE + 1));
    assertThat(line.get(Resettling.AT_ONCE).isCalled()).isTrue();
    line.get(3).done();
    assertThat(called).hasSize(Resettling.AT_ONCE + 1);
    line.forEach(Resettling.Place::done);
    assertThat(called).isEqualTo(upTo(Resettling.AT_ONCE + 5));
  }

  @Test
  void whoHasGoneByItselfIsNotCalledAndKeepsNobody() {
    List<Resettling.Place> line = line(Resettling.AT_ONCE + 3);
    line.get(1).done();
    line.get(2).done();
    resettling.callNext();
    List<Integer> expected = new ArrayList<>(upTo(Resettling.AT_ONCE + 2));
    expected.removeAll(List.of(1, 2));
    assertThat(called).isEqualTo(expected);
    assertThat(line.get(1).isCalled()).isFalse();
  }

  /** A session that is called may be gone before it knows. */
  @Test
  void aCallMayEndAtOnce() {
    Resettling.Place[] place = new Resettling.Place[2 * Resettling.AT_ONCE];
    for (int i = 0; i < place.length; i++) {
      int number = i;
      place[i] =
          resettling.join(() -> {
            called.add(number);
            place[number].done();
          });
    }
    resettling.callNext();
    assertThat(called).containsExactlyInAnyOrderElementsOf(upTo(place.length));
  }
}
