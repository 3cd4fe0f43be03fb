package hikyaku.mailbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.News;
import hikyaku.mailbox.view.View;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Many threads on two nodes at one mailbox, with snapshots and compaction going on. */
class ConcurrencyTest {
  private static final MailboxLimits LIMITS =
      new MailboxLimits(
          100,
          100,
          5,
          100,
          10,
          9_999,
          10,
          10,
          50,
          30,
          100_000,
          10_000,
          10_000,
          50,
          Duration.ZERO,
          1_000,
          Optional.of(10_000L));

  private final MemoryStore store = new MemoryStore();
  private final List<MailStore> nodes =
      List.of(
          new MailStore(store, Clock.systemUTC(), LIMITS),
          new MailStore(store, Clock.systemUTC(), LIMITS));
  private final Set<Long> appended = ConcurrentHashMap.newKeySet();
  private final Set<Long> expunged = ConcurrentHashMap.newKeySet();

  @Test
  void nothingIsLostOrDoubled() throws Exception {
    nodes.getFirst().account("a").tree();
    List<Future<?>> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 12; i++) {
        int worker = i;
        results.add(threads.submit(() -> work(worker)));
      }
    }
    for (Future<?> result : results) {
      result.get();
    }
    MailboxState state = nodes.getFirst().account("a").inbox().refresh();
    Set<Long> left = ConcurrentHashMap.newKeySet();
    state.uids().forEach(left::add);
    appended.removeAll(expunged);
    assertThat(left).isEqualTo(appended);
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    MailVerifier.verify(store, Clock.systemUTC(), LIMITS, problems::add);
    assertThat(problems).isEmpty();
  }

  private void work(int worker) {
    Random random = new Random(worker);
    MailStore node = nodes.get(worker % 2);
    Mailbox inbox = node.account("a").inbox();
    View view = View.open(inbox);
    List<Long> believed = new ArrayList<>();
    view.state().uids().forEach(believed::add);
    for (int step = 0; step < 150; step++) {
      switch (random.nextInt(6)) {
        case 0, 1 ->
            inbox
                .append(List.of(message(node, "text " + random.nextInt(9))), Attempt.ONLY)
                .uids()
                .forEach(uid -> assertThat(appended.add(uid)).isTrue());
        case 2 -> {
          if (view.size() > 0) {
            long uid = view.uid(1 + random.nextInt(view.size()));
            inbox.changeFlags(
                inbox.refresh(),
                UidSet.of(uid),
                FlagChange.add(Flags.of(SystemFlag.DELETED)),
                -1,
                Attempt.ONLY);
          }
        }
        case 3 ->
            inbox
                .expungeDeleted(inbox.refresh(), null, Attempt.ONLY)
                .uids()
                .forEach(uid -> assertThat(expunged.add(uid)).as("expunged twice").isTrue());
        case 4 -> node.housekeeping();
        default -> follow(view, believed);
      }
    }
    follow(view, believed);
  }

  private static void follow(View view, List<Long> believed) {
    view.refresh();
    News news = view.tell(true);
    for (int number : news.expunged()) {
      believed.remove(number - 1);
    }
    for (int number = believed.size() + 1; number <= view.size(); number++) {
      believed.add(view.uid(number));
    }
    List<Long> actual = new ArrayList<>();
    view.state().uids().forEach(actual::add);
    assertThat(believed).isEqualTo(actual);
  }

  private static NewMessage message(MailStore node, String text) {
    byte[] octets = ("Subject: " + text + "\r\n\r\n" + text).getBytes(StandardCharsets.UTF_8);
    try (Intake intake = node.intake()) {
      intake.write(octets, 0, octets.length);
      Intake.Received received = intake.finish();
      return new NewMessage(
          ByteString.EMPTY,
          received.blob(),
          new InternalDate(0, 0),
          Flags.NONE,
          received.structure(),
          "s");
    }
  }
}
