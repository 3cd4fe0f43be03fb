package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.MailboxException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Work waits for memory, is never given more than there is, and is refused what there never is. */
class WorkspaceTest {
  private static final int MIB = 1 << 20;

  @Test
  void neverMoreIsGivenThanThereIs() throws Exception {
    Workspace workspace = new Workspace(10L * MIB);
    AtomicLong taken = new AtomicLong();
    List<Future<Long>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        long octets = (2L + i % 9) * MIB;
        all.add(
            threads.submit(() -> {
              try (Workspace.Space _ = workspace.take(octets, 1, () -> {})) {
                long now = taken.addAndGet(octets);
                Thread.yield();
                taken.addAndGet(-octets);
                return now;
              }
            }));
      }
      for (Future<Long> one : all) {
        assertThat(one.get()).isLessThanOrEqualTo(10L * MIB);
      }
    }
  }

  @Test
  void whoWaitsGivesSignsOfLifeAndMayGiveUp() throws Exception {
    Workspace workspace = new Workspace(4L * MIB);
    CountDownLatch waits = new CountDownLatch(1);
    Workspace.Space first = workspace.take(3L * MIB, 1, () -> {});
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> second =
          threads.submit(() -> {
            try (Workspace.Space _ = workspace.take(3, MIB, waits::countDown)) {
              return true;
            }
          });
      assertThat(waits.await(60, TimeUnit.SECONDS)).isTrue();
      assertThatThrownBy(() ->
              workspace.take(
                  2L * MIB,
                  1,
                  () -> {
                    throw new IOException("gone");
                  }))
          .hasMessage("gone");
      first.close();
      assertThat(second.get(60, TimeUnit.SECONDS)).isTrue();
      workspace.take(4L * MIB, 1, () -> {}).close();
    }
  }

  @Test
  void littleGoesAtOnceAndTooMuchNever() throws IOException {
    Workspace workspace = new Workspace(4L * MIB);
    try (Workspace.Space _ = workspace.take(4L * MIB, 1, () -> {});
        Workspace.Space _ = workspace.take(1000, 1000, () -> {})) {
      assertThatThrownBy(() -> workspace.take(100_000, 100, () -> {}))
          .isInstanceOf(MailboxException.LimitReached.class)
          .hasMessageContaining("No more than 41943 messages");
    }
  }
}
