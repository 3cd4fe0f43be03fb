package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, and then is not. Needs the right to mount a small file system in memory. */
final class FullDiskTest {
  private static final LogName LOG = new LogName("mailbox/a");
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir Path mountPoint;

  private final Random random = new Random(1);

  @BeforeEach
  void mount() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", mountPoint.toString());
  }

  @AfterEach
  void unmount() throws Exception {
    run("umount", mountPoint.toString());
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
      fail(String.join(" ", command) + " failed, and this test cannot do without: " + output);
    }
  }

  private RocksStore open() {
    return RocksStore.open(mountPoint.resolve("store"), TightSettings.TIGHT, Clock.systemUTC());
  }

  private Append delivery(RocksStore store, int number) {
    byte[] content = new byte[random.nextInt(100, 30_000)];
    random.nextBytes(content);
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      BlobId blob = writer.finish().id();
      Event event =
          new Event(
              ByteString.copyFromUtf8("delivery " + number),
              1,
              new Tally(1, content.length),
              List.of(blob));
      return Append.to(LOG, List.of(event)).withKey("delivery " + number);
    }
  }

  @Test
  void aLargeBlobThatDoesNotFitLeavesNothing() throws IOException {
    Path filler = mountPoint.resolve("filler");
    Files.write(filler, new byte[6 * 1024 * 1024]);
    byte[] content = new byte[1024 * 1024];
    List<Blob> kept = new ArrayList<>();
    try (RocksStore store = open()) {
      assertThatThrownBy(
              () -> {
                while (kept.size() < 100) {
                  random.nextBytes(content);
                  kept.add(put(store, content));
                }
              })
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("large");
      assertThat(kept).isNotEmpty();
      assertThat(mountPoint.resolve("store/large/incoming")).isEmptyDirectory();
      Files.delete(filler);
      awaitLargeFiles(kept.size());
      Blob last = put(store, content);
      assertThat(store.blobs().list(null, 200)).contains(last).containsAll(kept);
      assertWhole(store);
    }
  }

  /** There is room for the blob itself, but writes are not taken. */
  @Test
  void largeBlobsThatAreRefusedTakeNoRoom() throws IOException {
    Path filler = mountPoint.resolve("filler");
    Path smallFiller = mountPoint.resolve("small");
    Files.write(filler, new byte[6 * 1024 * 1024]);
    Files.write(smallFiller, new byte[512 * 1024]);
    byte[] content = new byte[512 * 1024];
    try (RocksStore store = open();
        BlobWriter begun = store.blobs().create()) {
      begun.write(content, 0, content.length);
      store
          .logs()
          .append(Append.to(LOG, List.of(Event.of(ByteString.EMPTY))).expecting(Append.Expect.NEW));
      assertThatThrownBy(
              () -> {
                for (int number = 0; number < 10_000; number++) {
                  store.logs().append(delivery(store, number)).orThrow();
                }
              })
          .isInstanceOfAny(StoreException.Unavailable.class, StoreException.BlobMissing.class);
      Files.delete(smallFiller);
      assertThatThrownBy(begun::finish).isInstanceOf(StoreException.Unavailable.class);
      begun.close();
      for (int number = 1; number <= 20; number++) {
        content[0] = (byte) number;
        assertThatThrownBy(() -> put(store, content))
            .isInstanceOf(StoreException.Unavailable.class);
      }
      awaitLargeFiles(0);
      Files.delete(filler);
      Blob taken = putInTheEnd(store, content);
      awaitLargeFiles(1);
      assertThat(store.blobs().list(null, 2_000)).contains(taken);
      assertWhole(store);
    }
  }

  private static Blob putInTheEnd(RocksStore store, byte[] content) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return put(store, content);
      } catch (StoreException.Unavailable e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  /** Waits until there are so many files of large blobs, of those coming in included. */
  private void awaitLargeFiles(int count) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (largeFiles() != count) {
      assertThat(System.nanoTime()).as("files: " + largeFiles()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private long largeFiles() throws IOException {
    try (Stream<Path> files = Files.walk(mountPoint.resolve("store/large"))) {
      return files.filter(Files::isRegularFile).count();
    } catch (UncheckedIOException | NoSuchFileException e) {
      return -1;
    }
  }

  private static Blob put(RocksStore store, byte[] content) {
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish();
    }
  }

  @Test
  void refusesLosesNothingAndRecovers() throws IOException {
    Path filler = mountPoint.resolve("filler");
    Files.write(filler, new byte[6 * 1024 * 1024]);
    Map<Integer, Appended> acknowledged = new LinkedHashMap<>();
    List<Integer> refused = new ArrayList<>();
    try (RocksStore store = open()) {
      store
          .logs()
          .append(Append.to(LOG, List.of(Event.of(ByteString.EMPTY))).expecting(Append.Expect.NEW));
      int number = 0;
      while (refused.size() < 200) {
        try {
          Append append = delivery(store, number);
          acknowledged.put(number, store.logs().append(append).orThrow());
        } catch (StoreException.Unavailable | StoreException.BlobMissing e) {
          // A blob may have been lost between its end and its append: also a refusal.
          refused.add(number);
        }
        number++;
      }
      assertThat(acknowledged).hasSizeGreaterThan(50);
      assertThatThrownBy(() -> store.logs().append(delivery(store, -1)))
          .isInstanceOf(StoreException.Unavailable.class);
      // What was acknowledged can be read while nothing can be written.
      assertThere(store, acknowledged);

      Files.delete(filler);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      for (int again : refused) {
        acknowledged.put(again, retry(store, again, deadline));
      }
      assertThere(store, acknowledged);
      assertWhole(store);
    }
    try (RocksStore store = open()) {
      assertThere(store, acknowledged);
      assertWhole(store);
    }
  }

  /** Repeats a delivery under its key until it is taken. */
  private Appended retry(RocksStore store, int number, long deadline) {
    while (true) {
      try {
        return store.logs().append(delivery(store, number)).orThrow();
      } catch (StoreException.Unavailable | StoreException.BlobMissing e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  private static void assertThere(RocksStore store, Map<Integer, Appended> acknowledged) {
    Map<Long, Entry> entries = new LinkedHashMap<>();
    Map<String, Long> texts = new LinkedHashMap<>();
    for (Entry entry : store.logs().read(LOG, 1, Long.MAX_VALUE, Integer.MAX_VALUE)) {
      entries.put(entry.seq(), entry);
      assertThat(texts.put(entry.payload().toStringUtf8(), entry.seq())).as("once").isNull();
      try (BlobReader reader = store.blobs().open(entry.blobs().getFirst())) {
        byte[] octets = new byte[(int) reader.size()];
        assertThat(reader.read(0, octets, 0, octets.length)).isEqualTo(entry.tally().octets());
      }
    }
    acknowledged.forEach((number, answer) ->
        assertThat(texts).containsEntry("delivery " + number, answer.lastSeq()));
  }

  private static void assertWhole(RocksStore store) {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    assertThat(problems).isEmpty();
  }

  @Test
  void doesNotOpenOnAFullDiskAndOpensLater() throws IOException {
    try (RocksStore store = open()) {
      store
          .logs()
          .append(Append.to(LOG, List.of(Event.of(ByteString.EMPTY))).expecting(Append.Expect.NEW));
    }
    Path filler = mountPoint.resolve("filler");
    byte[] block = new byte[4096];
    try (var out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.Unavailable.class)
        .hasMessageContaining("No space left");
    Files.delete(filler);
    try (RocksStore store = open()) {
      assertThat(store.logs().head(LOG).seq()).isEqualTo(1);
      assertWhole(store);
    }
  }
}
