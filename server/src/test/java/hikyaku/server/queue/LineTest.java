package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who goes first, and that everybody goes. */
class LineTest {
  private final Line<String> line = new Line<>();

  private List<String> all() {
    List<String> all = new ArrayList<>();
    while (!line.isEmpty()) {
      all.add(line.remove());
    }
    return all;
  }

  @Test
  void thoseOfOnePriorityGoAsTheyCame() {
    for (String each : List.of("a", "b", "c", "d", "e", "f", "g", "h", "i")) {
      line.add(0, each);
    }
    assertThat(all()).containsExactly("a", "b", "c", "d", "e", "f", "g", "h", "i");
  }

  @Test
  void theHighestGoFirstButForEveryFourth() {
    line.add(-9, "low 1");
    line.add(0, "usual 1");
    line.add(0, "usual 2");
    line.add(3, "high 1");
    line.add(9, "highest");
    line.add(3, "high 2");
    line.add(3, "high 3");
    assertThat(line.highest()).isEqualTo(9);
    assertThat(line.all())
        .containsExactly("highest", "high 1", "high 2", "high 3", "usual 1", "usual 2", "low 1");
    assertThat(all())
        .containsExactly("highest", "high 1", "high 2", "low 1", "high 3", "usual 1", "usual 2");
  }

  /** However many one has in it. */
  @Test
  void thoseOfOnePriorityTakeTurns() {
    for (int i = 0; i < 6; i++) {
      line.add(0, 1, "a" + i);
    }
    line.add(0, 2, "b0");
    line.add(0, 2, "b1");
    line.add(0, 3, "c0");
    line.add(3, 1, "high");
    assertThat(line.all())
        .containsExactly("high", "a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1", "c0");
    // The fourth and the eighth are those who have been in it for longest.
    assertThat(all()).containsExactly("high", "a0", "b0", "a1", "c0", "a2", "b1", "a3", "a4", "a5");
  }

  @Test
  void nobodyIsLostAmongThoseWhoLeave() {
    Random random = new Random(1);
    List<String> expected = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (i < 10_000 || random.nextInt(3) == 0) {
        expected.add("x" + i);
        line.add(random.nextInt(3), random.nextInt(50) == 0 ? i : 7, "x" + i);
      } else if (!line.isEmpty()) {
        left.add(line.remove());
      }
      if (i % 5_000 == 0) {
        assertThat(line.all().count() + left.size()).isEqualTo(expected.size());
      }
    }
    left.addAll(all());
    assertThat(left).containsExactlyInAnyOrderElementsOf(expected);
  }

  /** However many of high priority come meanwhile. */
  @Test
  void nobodyStarves() {
    for (int i = 0; i < 10; i++) {
      line.add(-9, "low");
    }
    int low = 0;
    for (int i = 0; i < 10 * Line.FAIR; i++) {
      line.add(9, "high");
      line.add(9, "high");
      low += line.remove().equals("low") ? 1 : 0;
    }
    assertThat(low).isEqualTo(10);
  }
}
