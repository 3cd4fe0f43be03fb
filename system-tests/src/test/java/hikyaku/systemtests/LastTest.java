package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** After all others: the node they shared stops in order and leaves a sound data directory. */
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
}
