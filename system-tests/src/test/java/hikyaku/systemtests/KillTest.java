package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import hikyaku.systemtests.stress.Deliveries;
import hikyaku.systemtests.stress.FolderOwner;
import hikyaku.systemtests.stress.Stress.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL while messages come in by SMTP and LMTP, go out by POP3, and are changed and moved about
 * by IMAP, again and again on one data directory: what was acknowledged is so, once, and the
 * directory passes every check. Longer with {@code -Dhikyaku.kill.rounds=N}; another course with
 * {@code -Dhikyaku.kill.seed=N}.
 */
@ExtendWith(SharedNode.class)
class KillTest {
  private static final int OWNERS = 3;
  private static final int SENDERS = 3;
  private static final int MOST_COMMANDS = 250;
  private static final int PATIENCE_SECONDS = 180;

  @TempDir Path directory;

  private final Semaphore acknowledged = new Semaphore(0);

  @Test
  void whatWasAcknowledgedIsThereOnce() throws Exception {
    int rounds = Integer.getInteger("hikyaku.kill.rounds", 6);
    long seed = Long.getLong("hikyaku.kill.seed", 1939);
    Random random = new Random(seed);
    try (Node node = Node.in(directory).start()) {
      Deliveries deliveries =
          new Deliveries(target(node), target(node), node.port(Port.LMTP), acknowledged::release);
      List<FolderOwner> owners = new ArrayList<>();
      for (int i = 0; i < OWNERS; i++) {
        owners.add(new FolderOwner(target(node), "o" + i, seed + i, acknowledged::release));
      }
      for (int round = 0; round < rounds; round++) {
        load(node, deliveries, owners, round, 1 + random.nextInt(MOST_COMMANDS));
        if (random.nextInt(3) == 0) {
          node.killWhileStarting();
        }
        node.start();
        deliveries.check();
        for (FolderOwner owner : owners) {
          owner.check();
        }
        assertThat(node.command("", "verify").ok().output()).contains("All is well");
      }
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  private static Target target(Node node) throws Exception {
    Account account = node.account();
    return new Target(
        "127.0.0.1",
        node.port(Port.IMAP),
        node.port(Port.SMTP),
        node.port(Port.POP3),
        account.address(),
        account.password());
  }

  /** Lets everybody work until so many commands were acknowledged, then kills the node. */
  private void load(
      Node node, Deliveries deliveries, List<FolderOwner> owners, int round, int commands)
      throws Exception {
    acknowledged.drainPermits();
    List<Future<?>> workers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < SENDERS; i++) {
        String names = "r" + round + "-s" + i + "-";
        workers.add(threads.submit(() -> deliveries.sendBySmtp(names)));
      }
      workers.add(threads.submit(() -> deliveries.sendByLmtp("r" + round + "-l-")));
      workers.add(threads.submit(deliveries::takeAway));
      owners.forEach(owner -> workers.add(threads.submit(owner::work)));
      try {
        assertThat(acknowledged.tryAcquire(commands, PATIENCE_SECONDS, TimeUnit.SECONDS))
            .as(commands + " commands")
            .isTrue();
      } finally {
        node.kill();
      }
    }
    for (Future<?> worker : workers) {
      try {
        worker.get();
      } catch (ExecutionException e) {
        throw new AssertionError("in round " + round + ": " + e.getCause(), e.getCause());
      }
    }
  }
}
