package hikyaku.server.front;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.net.Home;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which node is better for whom. */
final class PreferenceTest {
  private static final List<String> NONE = List.of();

  private static Preference of(String listener, String node, String pool) {
    return Preference.of(listener, new Home(node, pool));
  }

  @Test
  void whoBelongsNowhereGoesToTheCommonPool() {
    Preference nowhere = of("", "", "");
    assertThat(nowhere.rank("n1", NONE)).isEqualTo(nowhere.rank("n1", List.of("common", "staff")));
    assertThat(nowhere.rank("n1", NONE)).isLessThan(nowhere.rank("n1", List.of("staff")));
    assertThat(nowhere.isAstray(nowhere.rank("n1", List.of("staff")))).isFalse();
  }

  @Test
  void theAccountGoesBeforeTheListenerAndThatBeforeTheRest() {
    Preference staff = of("students", "", "staff");
    assertThat(staff.pools()).containsExactly("staff", "students", "common");
    assertThat(List.of("staff", "students", "common", "other"))
        .extracting(pool -> staff.rank("n1", List.of(pool)))
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(staff.isAstray(staff.rank("n1", List.of("other", "staff")))).isFalse();
    assertThat(staff.isAstray(staff.rank("n1", List.of("students")))).isTrue();
    assertThat(staff.isAstray(staff.rank("n1", NONE))).isTrue();
    assertThat(staff.wanted()).isEqualTo("pool staff");
    assertThat(of("", "", "common").pools()).containsExactly("common");
  }

  @Test
  void thePinGoesBeforeThePool() {
    Preference pinned = of("", "n2", "staff");
    assertThat(pinned.rank("n2", NONE)).isLessThan(pinned.rank("n1", List.of("staff")));
    assertThat(pinned.rank("n1", List.of("staff"))).isLessThan(pinned.rank("n3", NONE));
    assertThat(pinned.isAstray(pinned.rank("n2", NONE))).isFalse();
    assertThat(pinned.isAstray(pinned.rank("n1", List.of("staff")))).isTrue();
    assertThat(pinned.wanted()).isEqualTo("node n2");
  }
}
