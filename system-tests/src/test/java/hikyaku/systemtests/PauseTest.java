package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import hikyaku.systemtests.stress.Deliveries;
import hikyaku.systemtests.stress.FolderOwner;
import hikyaku.systemtests.stress.Stress.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGSTOP and SIGCONT under load, as when a machine swaps, is moved or suspended: clients wait, no
 * session ends, new connections are served afterwards, and what was acknowledged is there once.
 */
@ExtendWith(SharedNode.class)
class PauseTest {
  private static final int ROUNDS = 3;
  private static final int COMMANDS = 60;
  private static final int PATIENCE_SECONDS = 180;
  private static final Duration PAUSE = Duration.ofMillis(1500);

  @TempDir Path directory;

  private final Semaphore acknowledged = new Semaphore(0);

  @Test
  void clientsSeeAPauseAndNoMore() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Deliveries deliveries =
          new Deliveries(target(node), target(node), node.port(Port.LMTP), acknowledged::release);
      FolderOwner owner = new FolderOwner(target(node), "o", 1939, acknowledged::release);
      Account idler = node.account();
      List<Future<?>> workers = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
          Line idling = idling(node, idler)) {
        workers.add(threads.submit(() -> deliveries.sendBySmtp("s0-")));
        workers.add(threads.submit(() -> deliveries.sendBySmtp("s1-")));
        workers.add(threads.submit(() -> deliveries.sendByLmtp("l-")));
        workers.add(threads.submit(deliveries::takeAway));
        workers.add(threads.submit(owner::work));
        try {
          for (int round = 1; round <= ROUNDS; round++) {
            work(workers);
            node.freeze();
            try (Line newcomer = new Line(node.port(Port.SMTP))) {
              idling.send("DONE\r\n");
              assertThat(newcomer.isSilentFor(PAUSE)).isTrue();
              node.thaw();
              assertThat(newcomer.reply()).startsWith("220 ");
            }
            assertThat(idling.readTo("i ")).startsWith("i OK");
            work(workers);
            idling.send("i IDLE\r\n");
            assertThat(idling.readTo("+")).startsWith("+ ");
            Mail.deliver(node, idler, "message " + round, "body");
            assertThat(idling.readTo("* " + round + " EXISTS")).endsWith("EXISTS");
          }
        } finally {
          node.kill();
        }
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
      node.start();
      deliveries.check();
      owner.check();
      assertThat(Mail.subjects(node, idler)).hasSize(ROUNDS);
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
    }
  }

  /** Waits until so many more commands were acknowledged, and no connection has broken. */
  private void work(List<Future<?>> workers) throws InterruptedException {
    acknowledged.drainPermits();
    assertThat(acknowledged.tryAcquire(COMMANDS, PATIENCE_SECONDS, TimeUnit.SECONDS))
        .as(COMMANDS + " commands")
        .isTrue();
    assertThat(workers).noneMatch(Future::isDone);
  }

  private static Line idling(Node node, Account account) throws IOException {
    Line line = new Line(node.port(Port.IMAP));
    line.read();
    line.send("a LOGIN " + account.address() + " " + account.password() + "\r\n");
    assertThat(line.readTo("a ")).startsWith("a OK");
    line.send("b SELECT INBOX\r\n");
    assertThat(line.readTo("b ")).startsWith("b OK");
    line.send("i IDLE\r\n");
    assertThat(line.readTo("+")).startsWith("+ ");
    return line;
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
}
