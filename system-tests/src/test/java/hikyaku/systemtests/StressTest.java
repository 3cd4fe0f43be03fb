package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Port;
import hikyaku.systemtests.stress.Stress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many clients do everything at random on the same mailboxes. Longer with {@code
 * -Dhikyaku.stress.seconds=N}; another course with {@code -Dhikyaku.stress.seed=N}.
 */
class StressTest {
  private static final int CLIENTS = 8;

  @Test
  void everyReplyIsTrue(@TempDir Path directory) throws Exception {
    try (Node node = Node.in(directory).start()) {
      Node.Account account = node.account();
      Stress.Target target =
          new Stress.Target(
              "127.0.0.1",
              node.port(Port.IMAP),
              node.port(Port.SMTP),
              node.port(Port.POP3),
              account.address(),
              account.password());
      long seconds = Long.getLong("hikyaku.stress.seconds", 15);
      long seed = Long.getLong("hikyaku.stress.seed", 1);
      long commands = new Stress(target, CLIENTS, seed).run(Duration.ofSeconds(seconds));
      assertThat(commands).isGreaterThan(200);
      assertThat(node.command("", "verify").ok().output()).contains("All is well.");
    }
  }
}
