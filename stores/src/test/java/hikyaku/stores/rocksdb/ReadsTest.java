package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** Which threads read what. */
final class ReadsTest {
  private static final byte[] KEY = "key".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OTHER = "other".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] VALUE = "value".getBytes(StandardCharsets.US_ASCII);

  /** As many as RocksDB merges of itself. */
  private static final int FILES_MERGED = 4;

  private static final int RECORDS_OF_A_FILE = 250_000;

  @TempDir Path directory;

  private AcknowledgedMark mark;
  private Database database;
  private NativePool pool;
  private Reads reads;

  @BeforeEach
  void open() {
    mark = AcknowledgedMark.open(directory);
    database = Database.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, mark);
    pool = new NativePool(RocksSettings.Reads.DEFAULT);
    reads = new Reads(database, pool);
    boolean written =
        database.use(
            "writing",
            handle -> {
              try (WriteBatch batch = new WriteBatch()) {
                handle.put(batch, Column.META, KEY, VALUE);
                handle.write(batch, true);
              }
              return true;
            });
    assertThat(written).isTrue();
  }

  @AfterEach
  void close() {
    pool.close();
    database.close();
    mark.close();
  }

  private static <T> T onVirtualThread(Callable<T> call) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return threads.submit(call).get();
    }
  }

  private byte[] fromMemory() throws Database.NotInMemory {
    return database.useMemory("reading", handle -> handle.getFromMemory(Column.META, KEY));
  }

  private void writeOut() {
    boolean flushed =
        database.use(
            "writing out",
            handle -> {
              handle.flush();
              return true;
            });
    assertThat(flushed).isTrue();
  }

  @Test
  void whatMayWaitForTheDiskStaysOffVirtualThreads() throws Exception {
    assertThat(
            onVirtualThread(() -> {
              assertThatThrownBy(
                      () -> database.use("reading", handle -> handle.get(Column.META, KEY)))
                  .isInstanceOf(IllegalStateException.class);
              return true;
            }))
        .isTrue();
  }

  /** A directory is opened as a file is, and gives no octets. */
  @Test
  void aReadAheadThatHasFailedSaysSo() {
    FileChunks.Begun failed = Objects.requireNonNull(reads.files().begin(directory, 0, 10));
    assertThatThrownBy(failed::octets).isInstanceOf(StoreException.Unavailable.class);
    assertThat(failed.hasFailed()).isTrue();
    FileChunks.Begun missing =
        Objects.requireNonNull(reads.files().begin(directory.resolve("missing"), 0, 10));
    assertThat(missing.octets()).isEmpty();
    assertThat(missing.hasFailed()).as("it has told what there is").isFalse();
    assertThat(reads.readAhead()).isEqualTo(20);
    failed.release();
    missing.release();
    assertThat(reads.readAhead()).isZero();
  }

  /** Whoever asked for it may be gone, and have closed what it read by. */
  @Test
  void aReadAheadHasItsRoomUntilItIsOver() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (NativePool one =
        new NativePool(new RocksSettings.Reads(1, 10, Duration.ofMinutes(1), 1, 1))) {
      Reads slow = new Reads(database, one);
      NativePool.Begun<Boolean> before = one.begin(() -> awaited(go));
      FileChunks.Begun ahead =
          Objects.requireNonNull(slow.files().begin(directory.resolve("missing"), 0, 10));
      ahead.release();
      ahead.release();
      assertThat(slow.readAhead()).as("it is still to come").isEqualTo(10);
      go.countDown();
      assertThat(before.answer()).isTrue();
      assertThat(ahead.octets()).isEmpty();
      one.close();
      assertThat(slow.readAhead()).isZero();
    } finally {
      go.countDown();
    }
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void memoryIsReadByAnyThread() throws Exception {
    assertThat(onVirtualThread(this::fromMemory)).isEqualTo(VALUE);
    // Nobody else could read it any more.
    pool.close();
    assertThat(onVirtualThread(() -> reads.get("reading", Column.META, List.of(KEY, OTHER))))
        .containsExactly(VALUE, null);
  }

  @Test
  void theDiskIsReadByThreadsThatMayWait() throws Exception {
    writeOut();
    assertThatThrownBy(this::fromMemory).isInstanceOf(Database.NotInMemory.class);
    assertThat(onVirtualThread(() -> reads.getOnce("reading", Column.META, KEY))).isEqualTo(VALUE);
    assertThatThrownBy(this::fromMemory)
        .as("read once, and not kept")
        .isInstanceOf(Database.NotInMemory.class);
    assertThat(onVirtualThread(() -> reads.get("reading", Column.META, KEY))).isEqualTo(VALUE);
    assertThat(fromMemory()).isEqualTo(VALUE);
  }

  @Test
  void whatIsNotThereAmongVeryManyIsSoughtInMemory() throws Exception {
    Random random = new Random(7);
    for (int file = 0; file < FILES_MERGED; file++) {
      boolean written =
          database.use(
              "writing",
              handle -> {
                writeMany(handle, random);
                handle.flush();
                return true;
              });
      assertThat(written).isTrue();
    }
    awaitMerged();
    List<byte[]> absent = Stream.generate(() -> randomKey(random)).limit(100).toList();
    for (byte[] key : absent) {
      assertThat(this.<byte @Nullable []>use(handle -> handle.get(Column.ANSWERS, key))).isNull();
    }
    for (byte[] key : absent) {
      // Throws if the disk would have to be asked once more.
      byte[] found =
          database.useMemory("reading", handle -> handle.getFromMemory(Column.ANSWERS, key));
      assertThat(found).isNull();
    }
  }

  private <T extends @Nullable Object> T use(Database.Use<T> use) {
    return database.use("reading", use);
  }

  private static void writeMany(Handle handle, Random random) throws RocksDBException {
    try (WriteBatch batch = new WriteBatch()) {
      for (int i = 0; i < RECORDS_OF_A_FILE; i++) {
        handle.put(batch, Column.ANSWERS, randomKey(random), VALUE);
      }
      handle.write(batch, false);
    }
  }

  private static byte[] randomKey(Random random) {
    byte[] key = new byte[16];
    random.nextBytes(key);
    return key;
  }

  /** Waits until the files that were written out are one: only then is its filter a large one. */
  private void awaitMerged() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!isMerged(System.nanoTime() > end)) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /**
   * @param last whether it is to fail if it cannot be seen: while files are merged, one may go
   *     between its name and its opening
   */
  private boolean isMerged(boolean last) throws RocksDBException {
    try {
      long files = filesNotMerged();
      assertThat(last && files > 0).as("time to merge is over").isFalse();
      return files == 0;
    } catch (RocksDBException e) {
      if (last) {
        throw e;
      }
      return false;
    }
  }

  private long filesNotMerged() throws RocksDBException {
    List<ColumnFamilyHandle> columns = new ArrayList<>();
    try (DBOptions options = new DBOptions();
        ColumnFamilyOptions plain = new ColumnFamilyOptions();
        RocksDB db =
            RocksDB.openReadOnly(
                options,
                directory.resolve("rocks").toString(),
                Stream.of(Column.values())
                    .map(column -> new ColumnFamilyDescriptor(column.octets(), plain))
                    .toList(),
                columns)) {
      long files =
          Long.parseLong(
              db.getProperty(columns.get(Column.ANSWERS.ordinal()), "rocksdb.num-files-at-level0"));
      columns.forEach(ColumnFamilyHandle::close);
      return files;
    }
  }
}
