package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** After all others: what they shared stops in order and leaves sound data directories. */
@Order(Integer.MAX_VALUE)
class LastTest {
  @Test
  void allIsWellInTheEnd() throws Exception {
    Node node = SharedNode.get();
    assertThat(node.command("", "verify").ok().output()).contains("All is well");
    node.terminate();
    assertThat(node.exitCode()).isZero();
    assertThat(node.command("", "verify").ok().output()).contains("All is well");
    assertThat(node.log()).doesNotContainPattern("(?i)\\bbug\\b");
  }

  @Test
  void theInternetEndsInOrder() throws Exception {
    InternetSite.end();
  }
}
