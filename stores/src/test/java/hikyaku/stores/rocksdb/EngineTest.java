package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.SetClock;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.Counts;
import hikyaku.stores.base.Hints;
import hikyaku.stores.base.Waiting;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What this engine does beyond the contract. */
final class EngineTest {
  private static final LogName LOG = new LogName("mailbox/a");

  @TempDir Path directory;

  private final SetClock clock = new SetClock(Instant.parse("2026-03-01T12:00:00Z"));

  private RocksStore open() {
    return RocksStore.open(directory, RocksSettings.DEFAULT, clock);
  }

  private Committer committer(Database database, CommitQueue queue, AcknowledgedMark mark) {
    return new Committer(
        database,
        queue,
        mark,
        new CommittedCache<>(10),
        new CommittedCache<>(10),
        new Hints(),
        new Counts(),
        clock,
        TightSettings.TIGHT.retry());
  }

  private static Append append(String text) {
    return Append.to(LOG, List.of(Event.of(ByteString.copyFromUtf8(text))));
  }

  private long records(Column column) {
    try (AcknowledgedMark mark = AcknowledgedMark.open(directory);
        Database database =
            Database.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, mark)) {
      return database.use(
          "counting",
          handle ->
              (long) Records.take(handle, column, new byte[0], null, Integer.MAX_VALUE).size());
    }
  }

  @Test
  void keysAreForgottenAfterTheirTimeAndNotBefore() {
    try (RocksStore store = open()) {
      store.logs().append(append("a").expecting(Append.Expect.NEW).withKey("first")).orThrow();
      clock.advance(Duration.ofHours(47));
      store.logs().append(append("b").withKey("second")).orThrow();
      store.blobs().sweep(Duration.ofHours(1));
      assertThat(store.logs().append(append("a").withKey("first")).orThrow().repeated()).isTrue();
      clock.advance(Duration.ofHours(2));
      store.blobs().sweep(Duration.ofHours(1));
      assertThat(store.logs().append(append("b").withKey("second")).orThrow().repeated()).isTrue();
    }
    assertThat(records(Column.ANSWERS)).isEqualTo(1);
  }

  @Test
  void nothingIsLeftOfADroppedLog() {
    try (RocksStore store = open()) {
      List<Event> events = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        events.add(Event.of(ByteString.copyFromUtf8("e" + i)));
      }
      store
          .logs()
          .append(Append.to(LOG, events).expecting(Append.Expect.NEW).withKey("k"))
          .orThrow();
      store
          .logs()
          .saveSnapshot(LOG, new hikyaku.mailbox.store.Snapshot(5, ByteString.copyFromUtf8("s")));
      store.logs().drop(LOG);
      store.blobs().sweep(Duration.ofHours(1));
    }
    for (Column column : List.of(Column.LOGS, Column.ENTRIES, Column.SNAPSHOTS, Column.ANSWERS)) {
      assertThat(records(column)).as(column.label()).isZero();
    }
  }

  @Test
  void aCompactionOfUnknownOutcomeCountsOnceWhenItIsAskedForAgain() {
    try (RocksStore store = open()) {
      store.logs().append(append("a").expecting(Append.Expect.NEW)).orThrow();
      store.logs().append(append("b")).orThrow();
      store.logs().append(append("c")).orThrow();
      store.logs().saveSnapshot(LOG, new Snapshot(3, ByteString.EMPTY));
    }
    RocksSettings.Queue bounds = RocksSettings.Queue.DEFAULT;
    CommitQueue queue =
        new CommitQueue(
            new RocksSettings.Queue(
                bounds.length(),
                bounds.octets(),
                bounds.batchLength(),
                bounds.batchOctets(),
                bounds.roomTimeout(),
                Duration.ofMillis(1)));
    try (AcknowledgedMark mark = AcknowledgedMark.open(directory);
        Database database =
            Database.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, mark);
        BlobFiles files = new BlobFiles(directory.resolve("large"), "rocks");
        Committer committer = committer(database, queue, mark);
        Maintenance maintenance =
            new Maintenance(database, queue, clock, Duration.ofHours(48), files, Set.of())) {
      // Nobody commits yet.
      askInVain(maintenance, database, 1, 2);
      askInVain(maintenance, database, 1, 2);
      askInVain(maintenance, database, 2, 3);
      committer.start();
    }
    try (RocksStore store = open()) {
      List<String> problems = new ArrayList<>();
      store.verify(problems::add);
      assertThat(problems).isEmpty();
      assertThat(store.logs().read(LOG, 0, 3, 10)).isEmpty();
    }
  }

  private static void askInVain(Maintenance maintenance, Database database, long... dead) {
    assertThatThrownBy(() ->
            maintenance.call(() -> {
              byte[] log =
                  database.use("the log", handle -> handle.get(Column.LOGS, Keys.log(LOG)));
              maintenance.compact(LOG, LogState.decode(LOG, log).number(), dead);
              return true;
            }))
        .isInstanceOf(StoreException.Unavailable.class)
        .hasMessageContaining("its outcome is unknown");
  }

  @Test
  void aCursorOfAnotherStoreIsAGap(@TempDir Path other) {
    String cursor;
    try (RocksStore store = RocksStore.open(other, RocksSettings.DEFAULT, clock)) {
      cursor = store.logs().changes(ChangePage.START, 1).next();
    }
    try (RocksStore store = open()) {
      store.logs().append(append("a").expecting(Append.Expect.NEW)).orThrow();
      ChangePage page = store.logs().changes(cursor, 10);
      assertThat(page.gap()).isTrue();
      assertThat(page.changes()).hasSize(1);
      assertThat(store.logs().changes(page.next(), 10).gap()).isFalse();
    }
  }

  @Test
  void aFullQueueRefusesWhenTheTimeIsUp() throws InterruptedException {
    CommitQueue queue =
        new CommitQueue(
            new RocksSettings.Queue(
                2, 1_000_000, 10, 1_000_000, Duration.ofMillis(1), Duration.ofSeconds(1)));
    queue.add(new LogOperations.Barrier());
    queue.add(new LogOperations.Barrier());
    assertThatThrownBy(() -> queue.add(new LogOperations.Barrier()))
        .isInstanceOf(StoreException.Unavailable.class)
        .hasMessageContaining("too many writes");
    assertThat(queue.take(Duration.ofSeconds(1))).hasSize(2);
    queue.add(new LogOperations.Barrier());
    queue.close();
    assertThatThrownBy(() -> queue.add(new LogOperations.Barrier()))
        .isInstanceOf(StoreException.Unavailable.class)
        .hasMessageContaining("closed");
    assertThat(queue.isDone()).isFalse();
    assertThat(queue.take(Duration.ofSeconds(1))).hasSize(1);
    assertThat(queue.isDone()).isTrue();
  }

  @Test
  void anInterruptedCallerStillGetsItsAnswer() throws Exception {
    try (RocksStore store = open()) {
      CompletableFuture<Boolean> result = new CompletableFuture<>();
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                Thread.currentThread().interrupt();
                long seq =
                    store
                        .logs()
                        .append(append("a").expecting(Append.Expect.NEW))
                        .orThrow()
                        .lastSeq();
                result.complete(seq == 1 && Thread.currentThread().isInterrupted());
              });
      caller.join();
      assertThat(result.get()).isTrue();
    }
  }

  @Test
  void blobsThatNothingNamesMakeRoomForEachOther() throws Exception {
    try (RocksStore store = RocksStore.open(directory, TightSettings.TIGHT, clock)) {
      List<Blob> blobs = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        try (BlobWriter writer = store.blobs().create()) {
          byte[] content = ("blob " + i).getBytes(StandardCharsets.US_ASCII);
          writer.write(content, 0, content.length);
          blobs.add(writer.finish());
        }
      }
      assertThat(store.blobs().list(null, 2000)).containsExactlyInAnyOrderElementsOf(blobs);
    }
  }

  /** A bug in the engine itself. */
  private static final class Broken extends Operation<Boolean> {
    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) {
      throw new UnsupportedOperationException("a bug");
    }
  }

  @Test
  void aBugFailsItsRoundAndNotTheThread() {
    RocksSettings.Queue bounds = RocksSettings.Queue.DEFAULT;
    CommitQueue queue = new CommitQueue(bounds);
    try (AcknowledgedMark mark = AcknowledgedMark.open(directory);
        Database database =
            Database.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, mark);
        Committer committer = committer(database, queue, mark)) {
      List<Operation<Boolean>> round =
          List.of(new LogOperations.Barrier(), new Broken(), new LogOperations.Barrier());
      round.forEach(queue::add);
      committer.start();
      for (Operation<Boolean> operation : round) {
        assertThatThrownBy(
                () -> Waiting.forAnswer(operation.answer(), bounds.commitTimeout(), "late"))
            .isInstanceOf(StoreException.Unavailable.class)
            .hasMessageContaining("a bug");
      }
      long deadline = System.nanoTime() + Duration.ofMinutes(3).toNanos();
      boolean again = false;
      while (!again && System.nanoTime() < deadline) {
        try {
          again = queue.call(new LogOperations.Barrier());
        } catch (StoreException.Unavailable e) {
          assertThat(e).hasMessageContaining("a bug");
        }
      }
      assertThat(again).isTrue();
    }
  }

  @Test
  void aCacheNeverGoesBehindWhatWasPut() {
    CommittedCache<Integer, String> cache = new CommittedCache<>(8);
    long before = cache.departures();
    cache.put(1, "new");
    assertThat(cache.add(1, "old", before)).isEqualTo("new");
    cache.remove(1);
    assertThat(cache.add(1, "old", before)).isEqualTo("old");
    assertThat(cache.get(1)).as("something left meanwhile: it may be behind").isNull();
    assertThat(cache.add(1, "read", cache.departures())).isEqualTo("read");
    assertThat(cache.get(1)).isEqualTo("read");
    for (int i = 0; i < 100; i++) {
      cache.put(i, "x" + i);
    }
    long kept = 0;
    for (int i = 0; i < 100; i++) {
      kept += cache.get(i) == null ? 0 : 1;
    }
    assertThat(kept).isBetween(4L, 8L);
    assertThat(cache.get(99)).isEqualTo("x99");
  }
}
