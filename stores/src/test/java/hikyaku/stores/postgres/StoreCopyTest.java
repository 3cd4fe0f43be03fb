package hikyaku.stores.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreCopy;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.rocksdb.RocksSettings;
import hikyaku.stores.rocksdb.RocksStore;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store copied from one engine to the other and back is the same. */
final class StoreCopyTest {
  private static final LogName COMPACTED = new LogName("mailbox/compacted");
  private static final LogName EMPTIED = new LogName("mailbox/emptied");

  @TempDir Path directory;

  private Store rocks(String name) {
    return RocksStore.open(directory.resolve(name), RocksSettings.DEFAULT, Clock.systemUTC());
  }

  private Store postgres() {
    return PostgresStore.open(TestServer.settings(directory), Clock.systemUTC());
  }

  private static void fill(Store store) {
    Random random = new Random(1);
    for (int log = 0; log < 30; log++) {
      append(store, new LogName("mailbox/" + log), 1 + random.nextInt(40), random);
    }
    append(store, COMPACTED, 1700, random);
    store
        .logs()
        .saveSnapshot(COMPACTED, new Snapshot(1600, ByteString.copyFrom(noise(random, 90_000))));
    store
        .logs()
        .compact(COMPACTED, LongStream.rangeClosed(1, 1600).filter(seq -> seq % 3 != 0).toArray());
    append(store, EMPTIED, 600, random);
    store.logs().saveSnapshot(EMPTIED, new Snapshot(600, ByteString.EMPTY));
    store.logs().compact(EMPTIED, LongStream.rangeClosed(1, 600).toArray());
    append(store, new LogName("mailbox/dropped"), 5, random);
    store.logs().drop(new LogName("mailbox/dropped"));
  }

  private static void append(Store store, LogName log, int count, Random random) {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<BlobId> blobs = new ArrayList<>();
      while (random.nextInt(40) == 0) {
        blobs.add(put(store, noise(random, random.nextInt(8) == 0 ? 400_000 : 5_000)));
      }
      int large = random.nextInt(300) == 0 ? 3_000_000 : random.nextInt(200);
      events.add(
          new Event(
              ByteString.copyFrom(noise(random, large)),
              random.nextInt(3),
              new Tally(random.nextInt(-1, 3), random.nextInt(-50, 500)),
              blobs));
    }
    store.logs().append(Append.to(log, events).expecting(Append.Expect.NEW)).orThrow();
  }

  private static byte[] noise(Random random, int size) {
    byte[] octets = new byte[size];
    random.nextBytes(octets);
    return octets;
  }

  private static BlobId put(Store store, byte[] content) {
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish().id();
    }
  }

  private static void assertSame(Store one, Store other) {
    List<String> differences = new ArrayList<>();
    new StoreCopy(one, other).compare(differences::add);
    assertThat(differences).isEmpty();
    List<String> problems = new ArrayList<>();
    Store.Verified verified = other.verify(problems::add);
    assertThat(problems).isEmpty();
    assertThat(verified).isEqualTo(one.verify(problems::add));
  }

  @Test
  void fromOneEngineToTheOtherAndBack() {
    try (Store first = rocks("first");
        Store second = postgres();
        Store third = rocks("third")) {
      fill(first);
      StoreCopy there = new StoreCopy(first, second);
      StoreCopy.Progress done = there.run(progress -> {});
      assertThat(done.logs()).isEqualTo(32);
      assertSame(first, second);
      assertThat(there.run(progress -> {}).entries()).isZero();
      new StoreCopy(second, third).run(progress -> {});
      assertSame(second, third);
      for (LogName log : List.of(COMPACTED, EMPTIED, new LogName("mailbox/3"))) {
        Append more =
            Append.to(log, List.of(new Event(ByteString.EMPTY, 2, Tally.ZERO, List.of())));
        Appended expected = first.logs().append(more).orThrow();
        assertThat(second.logs().append(more)).isEqualTo(expected);
        assertThat(third.logs().append(more)).isEqualTo(expected);
      }
      assertThatThrownBy(() -> new StoreCopy(postgresWith(second), third).run(progress -> {}))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  /** The same store, gone on by itself. */
  private static Store postgresWith(Store store) {
    store.logs().append(Append.to(COMPACTED, List.of(Event.of(ByteString.EMPTY)))).orThrow();
    store.logs().drop(EMPTIED);
    append(store, EMPTIED, 3, new Random(2));
    return store;
  }

  @Test
  void aCopyThatWasCutOffIsTakenUp() {
    try (Store first = rocks("first");
        Store second = postgres()) {
      fill(first);
      assertThatThrownBy(() ->
              new StoreCopy(first, second)
                  .run(progress -> {
                    throw new IllegalStateException("cut off");
                  }))
          .hasMessage("cut off");
      // In the middle of a log.
      LogName log = new LogName("mailbox/zz");
      append(first, log, 900, new Random(3));
      first
          .blobs()
          .list(null, 10_000)
          .forEach(blob -> {
            byte[] content = new byte[(int) blob.size()];
            int unused = first.blobs().open(blob.id()).read(0, content, 0, content.length);
            put(second, content);
          });
      var part = first.logs().read(log, 0, 3, 3);
      long ids = part.stream().mapToLong(entry -> entry.ids()).sum();
      Tally tally =
          part.stream().map(entry -> entry.tally()).reduce(Tally.ZERO, (a, b) -> a.plus(b));
      second.logs().restore(log, 0, part, new Head(3, 1 + ids, tally));
      new StoreCopy(first, second).run(progress -> {});
      assertSame(first, second);
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    try (Store first = rocks("first");
        Store second = postgres()) {
      fill(first);
      LogName log = new LogName("mailbox/3");
      Head head = first.logs().head(log);
      var entries = first.logs().read(log, 0, head.seq(), 1000);
      BlobId missing = BlobId.of(new byte[32]);
      for (Store store : List.of(second, first)) {
        LogName fresh = new LogName("mailbox/fresh");
        assertThatThrownBy(
                () -> store.logs().restore(fresh, 5, List.of(), new Head(7, 1, Tally.ZERO)))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                () -> store.logs().restore(fresh, 0, entries, new Head(1, 1, Tally.ZERO)))
            .isInstanceOf(IllegalArgumentException.class);
        var first1 = entries.getFirst();
        var naming =
            new hikyaku.mailbox.store.Entry(
                1, 1, 0, first1.time(), first1.payload(), Tally.ZERO, List.of(missing));
        assertThatThrownBy(
                () -> store.logs().restore(fresh, 0, List.of(naming), new Head(1, 1, Tally.ZERO)))
            .isInstanceOf(StoreException.BlobMissing.class);
        assertThat(store.logs().head(fresh)).isEqualTo(Head.NONE);
      }
    }
  }
}
