package hikyaku.server.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which indexes can be gone on with. */
class PlaceTest {
  private static final int JAVA = Runtime.version().feature();

  private static Map<String, String> by(String java) {
    Map<String, String> map = new HashMap<>(new Place("c", "w", true).toMap());
    map.put("java", java);
    return map;
  }

  /**
   * Another platform may fold characters otherwise: what it noted could keep mail from a search.
   */
  @Test
  void anIndexIsOfThePlatformThatMadeIt() {
    assertThat(Place.isKnown(by("" + JAVA))).isTrue();
    assertThat(Place.isKnown(by("" + (JAVA - 1)))).isFalse();
    Map<String, String> unsaid = by("");
    unsaid.remove("java");
    assertThat(Place.isKnown(unsaid)).isEqualTo(JAVA == 25);
  }
}
