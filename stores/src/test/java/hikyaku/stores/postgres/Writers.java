package hikyaku.stores.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Change;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Tally;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Writers that go on through everything, and remember what was acknowledged. What one node has
 * acknowledged they look for on another at once.
 */
final class Writers {
  private static final int LOGS = 12;

  /** Released at each acknowledgement. */
  final Semaphore acks = new Semaphore(0);

  private final Map<String, Appended> acknowledged = new ConcurrentHashMap<>();
  private final AtomicBoolean done = new AtomicBoolean();
  private final PostgresStore store;
  private final PostgresStore other;
  private final List<Future<Integer>> threads = new ArrayList<>();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param other another node on the same database, or the same
   */
  Writers(PostgresStore store, PostgresStore other, int count, String name) {
    this.store = store;
    this.other = other;
    for (int i = 0; i < count; i++) {
      int writer = i;
      threads.add(executor.submit(() -> write(name + writer, writer)));
    }
  }

  /** Makes the logs that are written to. */
  static void prepare(PostgresStore store) {
    for (int i = 0; i < LOGS; i++) {
      Append first = Append.to(new LogName("log/" + i), List.of(event("first")));
      Appended unused = store.logs().append(first.expecting(Append.Expect.NEW)).orThrow();
    }
  }

  private static Event event(String text, BlobId... blobs) {
    return new Event(ByteString.copyFromUtf8(text), 1, new Tally(1, 10), List.of(blobs));
  }

  private static BlobId put(PostgresStore store, byte[] content) {
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish().id();
    }
  }

  private int write(String name, int seed) {
    Random random = new Random(seed);
    int written = 0;
    while (!done.get()) {
      String text = name + "-" + written++;
      List<BlobId> blobs = new ArrayList<>();
      if (random.nextInt(3) > 0) {
        byte[] content = new byte[random.nextInt(8) == 0 ? 600_000 : 3_000];
        random.nextBytes(content);
        ByteBuffer.wrap(content).putLong(written).putInt(seed);
        blobs.add(put(store, content));
      }
      LogName one = new LogName("log/" + random.nextInt(LOGS));
      LogName two = new LogName("log/" + random.nextInt(LOGS));
      BlobId[] named = blobs.toArray(new BlobId[0]);
      // No keys: the engine itself must see to it that nothing is doubled.
      List<Outcome> outcomes =
          store
              .logs()
              .append(
                  List.of(
                      Append.to(one, List.of(event(text + "a", named), event(text + "b"))),
                      Append.to(two, List.of(event(text + "c", named)))));
      acknowledged(text + "a", outcomes.get(0).orThrow());
      acknowledged(text + "c", outcomes.get(1).orThrow());
      acks.release();
    }
    return written;
  }

  private void acknowledged(String text, Appended answer) {
    acknowledged.put(text, answer);
    assertThat(other.logs().head(answer.log()).seq())
        .as("the end of %s as another node sees it", answer.log())
        .isGreaterThanOrEqualTo(answer.lastSeq());
  }

  /** Waits until so many more were acknowledged; fails as a writer does. */
  void awaitMore(int count) throws Exception {
    while (!acks.tryAcquire(count, 1, TimeUnit.SECONDS)) {
      for (Future<Integer> thread : threads) {
        if (thread.isDone()) {
          int unused = thread.get();
        }
      }
    }
  }

  void end() throws Exception {
    done.set(true);
    for (Future<Integer> thread : threads) {
      int unused = thread.get();
    }
    executor.close();
  }

  /**
   * Compares what is there with what was acknowledged. Nobody was refused, so all that is there was
   * acknowledged, and the other way round.
   *
   * @return how many appends were acknowledged
   */
  static int assertKeptOnce(PostgresStore store, Writers... all) {
    Map<String, Appended> acknowledged = new HashMap<>();
    for (Writers writers : all) {
      acknowledged.putAll(writers.acknowledged);
    }
    Map<String, Integer> times = new HashMap<>();
    for (int i = 0; i < LOGS; i++) {
      LogName log = new LogName("log/" + i);
      for (Entry entry : store.logs().read(log, 0, Long.MAX_VALUE, Integer.MAX_VALUE)) {
        String text = entry.payload().toStringUtf8();
        times.merge(text, 1, Integer::sum);
        Appended answer = acknowledged.get(text);
        if (answer != null) {
          assertThat(answer.log()).isEqualTo(log);
          assertThat(answer.firstSeq()).isEqualTo(entry.seq());
          assertThat(answer.firstId()).isEqualTo(entry.firstId());
        }
      }
    }
    assertThat(times.remove("first")).isEqualTo(LOGS);
    assertThat(times.values()).containsOnly(1);
    assertThat(times.keySet()).containsAll(acknowledged.keySet());
    assertThat(times).hasSize(acknowledged.size() / 2 * 3);
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    assertThat(problems).isEmpty();
    assertWholeFeed(store);
    return acknowledged.size();
  }

  private static void assertWholeFeed(PostgresStore store) {
    Map<LogName, Long> last = new HashMap<>();
    ChangePage page = store.logs().changes(ChangePage.START, 500);
    while (true) {
      for (Change change : page.changes()) {
        Change.Appended appended = (Change.Appended) change;
        assertThat(appended.firstSeq()).isEqualTo(last.getOrDefault(change.log(), 0L) + 1);
        last.put(change.log(), appended.lastSeq());
      }
      if (!page.more()) {
        break;
      }
      page = store.logs().changes(page.next(), 500);
    }
    last.forEach((log, seq) -> assertThat(store.logs().head(log).seq()).isEqualTo(seq));
    assertThat(last).hasSize(LOGS);
  }
}
