package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.WriteBatch;

/** Which threads read what. */
final class ReadsTest {
  private static final byte[] KEY = "key".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OTHER = "other".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] VALUE = "value".getBytes(StandardCharsets.US_ASCII);

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
}
