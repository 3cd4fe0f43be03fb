package hikyaku.server.imap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  @Test
  void workThatTurnsOutToNeedMoreTakesMore() throws Exception {
    Workspace workspace = new Workspace(8L * MIB);
    try (Workspace.Space space = workspace.take(2, MIB, () -> {})) {
      space.atLeast(MIB);
      space.atLeast(3L * MIB);
      space.atLeast(8L * MIB);
      assertThatThrownBy(() -> space.atLeast(8L * MIB + 1))
          .isInstanceOf(MailboxException.LimitReached.class)
          .hasMessageContaining("No more than 8388608 octets");
      assertThatThrownBy(() -> busy(workspace, 2L * MIB)).hasMessage("busy");
    }
    workspace.take(8, MIB, () -> {}).close();
    try (Workspace.Space little = workspace.take(1, 1, () -> {})) {
      little.atLeast(7L * MIB);
      assertThatThrownBy(() -> busy(workspace, 2L * MIB)).hasMessage("busy");
    }
    workspace.take(8, MIB, () -> {}).close();
  }

  private static void busy(Workspace workspace, long octets) throws IOException {
    workspace
        .take(
            octets,
            1,
            () -> {
              throw new IOException("busy");
            })
        .close();
  }

  /** Each of them has what another one waits for: one gives up, and the others go on. */
  @Test
  void thoseWhoAllWaitForMoreDoNotWaitForEver() throws Exception {
    Workspace workspace = new Workspace(8L * MIB);
    CountDownLatch all = new CountDownLatch(2);
    List<Future<Boolean>> both = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 2; i++) {
        both.add(
            threads.submit(() -> {
              try (Workspace.Space space = workspace.take(4, MIB, () -> {})) {
                all.countDown();
                all.await();
                space.atLeast(6L * MIB);
                return true;
              } catch (MailboxException.LimitReached e) {
                return false;
              }
            }));
      }
      assertThat(
              List.of(both.get(0).get(60, TimeUnit.SECONDS), both.get(1).get(60, TimeUnit.SECONDS)))
          .containsExactlyInAnyOrder(true, false);
    }
    workspace.take(8, MIB, () -> {}).close();
  }

  /** Of few messages, which say more than messages do. */
  @Test
  void whatMessagesSayIsCounted() throws IOException {
    try (ImapRig rig =
            new ImapRig(
                ImapSettings.DEFAULTS,
                MessageLimit.of(ImapSettings.DEFAULTS),
                new Workspace(2L * MIB),
                TlsMode.NONE,
                Optional.empty(),
                TextIndex.NONE);
        ImapClient client = rig.connect()) {
      for (int message = 0; message < 100; message++) {
        StringBuilder header = new StringBuilder("Subject: " + "long ".repeat(6000) + "\r\n");
        header.append("References:");
        for (int i = 0; i < 200; i++) {
          header.append(" <").append(message).append('.').append(i).append("@t>");
        }
        rig.deliver("bob", header.append("\r\n\r\n").toString().getBytes(US_ASCII));
      }
      client.login("bob");
      client.say("s", "SELECT INBOX");
      for (String command : List.of("THREAD REFERENCES", "SORT (SUBJECT)")) {
        assertThat(client.say("few", command + " US-ASCII 1:50").getLast()).startsWith("few OK");
        assertThat(client.say("all", command + " US-ASCII ALL").getLast())
            .startsWith("all NO [LIMIT] ");
      }
      assertThat(client.say("all", "SORT (DATE) US-ASCII ALL").getLast()).startsWith("all OK");
      assertThat(client.say("all", "THREAD ORDEREDSUBJECT US-ASCII ALL").getLast())
          .startsWith("all OK");
    }
  }
}
