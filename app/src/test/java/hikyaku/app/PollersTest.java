package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

final class PollersTest {
  private final Properties properties = new Properties();

  @Test
  void theWayIsChosenAndNothingElse() {
    Pollers.choose(25, properties);
    assertThat(properties).isEqualTo(Map.of("jdk.pollerMode", "1"));
  }

  @Test
  void whatWasSetOtherwiseStays() {
    Map<String, String> set = Map.of("jdk.pollerMode", "2", "jdk.readPollers", "8");
    properties.putAll(set);
    Pollers.choose(25, properties);
    assertThat(properties).isEqualTo(set);
  }

  @Test
  void aReleaseThatWasNotTriedIsLeftAsItIs() {
    Pollers.choose(26, properties);
    assertThat(properties).isEmpty();
  }
}
