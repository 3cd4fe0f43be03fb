package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
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
