package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.SetClock;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.Counts;
import hikyaku.stores.base.Hints;
import hikyaku.stores.rocksdb.proto.BlobRecord;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import hikyaku.stores.rocksdb.proto.FormatRecord;
import hikyaku.stores.rocksdb.proto.UploadRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** Blobs that have files of their own. */
final class LargeBlobTest {
  private static final LogName LOG = new LogName("mailbox/a");
  private static final Duration GRACE = Duration.ofHours(1);

  /** Five chunks, of which the last is not full; some of it compresses and some does not. */
  private static final byte[] CONTENT = content(1);

  @TempDir Path directory;

  private final SetClock clock = new SetClock(Instant.parse("2026-03-01T12:00:00Z"));

  private static byte[] content(int seed) {
    byte[] octets = new byte[4 * Chunks.SIZE + 12_345];
    byte[] noise = new byte[2 * Chunks.SIZE + 1_000];
    new Random(seed).nextBytes(noise);
    System.arraycopy(noise, 0, octets, Chunks.SIZE, noise.length);
    return octets;
  }

  private RocksStore open() {
    return RocksStore.open(directory, RocksSettings.DEFAULT, clock);
  }

  private static Blob put(RocksStore store, byte[] content) {
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish();
    }
  }

  private static void name(RocksStore store, Blob blob) {
    Event event = new Event(ByteString.EMPTY, 1, new Tally(1, blob.size()), List.of(blob.id()));
    store.logs().append(Append.to(LOG, List.of(event)).expecting(Append.Expect.NEW)).orThrow();
  }

  private static byte[] read(RocksStore store, BlobId id) {
    try (BlobReader reader = store.blobs().open(id)) {
      byte[] octets = new byte[(int) reader.size()];
      assertThat(reader.read(0, octets, 0, octets.length)).isEqualTo(octets.length);
      return octets;
    }
  }

  private static List<String> problems(RocksStore store) {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    return problems;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("large"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private Path file(Blob blob) throws IOException {
    return files().stream()
        .filter(path -> path.getFileName().toString().startsWith(blob.id().toString()))
        .findFirst()
        .orElseThrow();
  }

  /** Reads and writes the database while no store has it. */
  private interface Tampering<T> {
    T with(Handle handle, WriteBatch batch) throws RocksDBException;
  }

  private <T> T tamper(Tampering<T> tampering) throws RocksDBException {
    try (Handle handle =
            Handle.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, true);
        WriteBatch batch = new WriteBatch()) {
      T result = tampering.with(handle, batch);
      handle.write(batch, true);
      return result;
    }
  }

  private int records(Column column) throws RocksDBException {
    return tamper((handle, batch) ->
        Records.take(handle, column, new byte[0], null, Integer.MAX_VALUE).size());
  }

  @Test
  void aLargeBlobIsWrittenOnceIntoAFileOfItsOwn() throws Exception {
    Blob blob;
    try (RocksStore store = open()) {
      blob = put(store, CONTENT);
      name(store, blob);
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
    }
    assertThat(files()).hasSize(1);
    assertThat(Files.size(file(blob))).isBetween(2L * Chunks.SIZE, 3L * Chunks.SIZE);
    assertThat(records(Column.CHUNKS)).isZero();
    try (RocksStore store = open()) {
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
      try (BlobReader reader = store.blobs().open(blob.id())) {
        byte[] some = new byte[10];
        assertThat(reader.read(3L * Chunks.SIZE - 5, some, 0, 10)).isEqualTo(10);
        assertThat(some)
            .isEqualTo(Arrays.copyOfRange(CONTENT, 3 * Chunks.SIZE - 5, 3 * Chunks.SIZE + 5));
      }
      assertThat(problems(store)).isEmpty();
    }
  }

  @Test
  void manyReadersGoThroughItAtATimeAndLeaveItInTheMiddle() throws Exception {
    byte[] content = new byte[40 * Chunks.SIZE + 7];
    new Random(5).nextBytes(content);
    Arrays.fill(content, 3 * Chunks.SIZE, 30 * Chunks.SIZE, (byte) 'x');
    try (RocksStore store = open();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Blob blob = put(store, content);
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        int piece = 10_000 * (i + 1);
        int end = i % 4 == 3 ? content.length / 2 : content.length;
        readers.add(
            threads.submit(() -> {
              byte[] octets = new byte[piece];
              int position = 0;
              try (BlobReader reader = store.blobs().open(blob.id())) {
                while (position < end) {
                  int count = reader.read(position, octets, 0, piece);
                  assertThat(Arrays.copyOf(octets, count))
                      .isEqualTo(Arrays.copyOfRange(content, position, position + count));
                  position += count;
                }
              }
              return position;
            }));
      }
      for (Future<Integer> reader : readers) {
        assertThat(reader.get()).isGreaterThanOrEqualTo(content.length / 2);
      }
    }
  }

  @Test
  void theSameContentHasOneFile() throws IOException {
    try (RocksStore store = open()) {
      Blob first = put(store, CONTENT);
      clock.advance(Duration.ofMinutes(50));
      assertThat(put(store, CONTENT)).isEqualTo(first);
      assertThat(files()).hasSize(1);
      clock.advance(Duration.ofMinutes(50));
      assertThat(store.blobs().sweep(GRACE).removed()).as("put again lately").isZero();
      assertThat(read(store, first.id())).isEqualTo(CONTENT);
      assertThat(store.statistics().blobsShared()).isEqualTo(1);
    }
  }

  @Test
  void aBlobThatIsSweptGivesItsSpaceBackAndCanBePutAnew() throws IOException {
    try (RocksStore store = open()) {
      Blob named = put(store, content(2));
      name(store, named);
      Blob blob = put(store, CONTENT);
      BlobReader reader = store.blobs().open(blob.id());
      clock.advance(Duration.ofHours(2));
      BlobStore.Swept swept = store.blobs().sweep(GRACE);
      assertThat(swept.removed()).isEqualTo(1);
      assertThat(swept.octets()).isEqualTo(CONTENT.length);
      assertThat(files()).hasSize(1);
      assertThatThrownBy(() -> reader.read(0, new byte[1], 0, 1))
          .isInstanceOf(StoreException.BlobMissing.class);
      assertThat(put(store, CONTENT)).isEqualTo(blob);
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
      assertThat(read(store, named.id())).isEqualTo(content(2));
      assertThat(problems(store)).isEmpty();
    }
  }

  @Test
  void nothingIsLeftOfUploadsThatWereGivenUpCutOffOrForgotten() throws IOException {
    BlobWriter cutOff;
    try (RocksStore store = open()) {
      try (BlobWriter givenUp = store.blobs().create()) {
        givenUp.write(CONTENT, 0, CONTENT.length);
      }
      assertThat(files()).isEmpty();
      cutOff = store.blobs().create();
      cutOff.write(CONTENT, 0, CONTENT.length);
    }
    assertThat(files()).hasSize(1);
    try (RocksStore store = open()) {
      assertThat(files()).isEmpty();
      BlobWriter forgotten = store.blobs().create();
      forgotten.write(CONTENT, 0, CONTENT.length);
      BlobWriter going = store.blobs().create();
      clock.advance(Duration.ofHours(2));
      going.write(CONTENT, 0, CONTENT.length);
      store.blobs().sweep(GRACE);
      assertThatThrownBy(forgotten::finish).isInstanceOf(StoreException.Unavailable.class);
      forgotten.close();
      assertThat(going.finish().size()).isEqualTo(CONTENT.length);
      assertThat(files()).hasSize(1);
      assertThat(problems(store)).isEmpty();
    }
    cutOff.close();
    assertThat(files()).hasSize(1);
  }

  /** A crash between the file and its record, and one between the record's end and the file's. */
  @Test
  void aFileThatNoBlobNamesIsSwept() throws Exception {
    Blob kept;
    Blob lost;
    try (RocksStore store = open()) {
      kept = put(store, CONTENT);
      lost = put(store, content(2));
    }
    tamper((handle, batch) -> {
      handle.delete(batch, Column.BLOBS, Keys.blob(lost.id()));
      return 0;
    });
    Path another = file(kept).resolveSibling(kept.id() + "-7");
    Files.copy(file(kept), another);
    try (RocksStore store = open()) {
      assertThat(problems(store)).as("waste is no damage").isEmpty();
      assertThat(store.blobs().sweep(GRACE).removed()).isZero();
      assertThat(files()).containsExactly(file(kept)).doesNotContain(another);
      assertThat(read(store, kept.id())).isEqualTo(CONTENT);
      assertThat(put(store, content(2))).isEqualTo(lost);
      assertThat(read(store, lost.id())).isEqualTo(content(2));
    }
  }

  /** Who gave up waiting for the end does not know whether it came. */
  @Test
  void anUploadThatWasGivenUpBecomesNoBlobAfterwards() throws Exception {
    CommitQueue queue = new CommitQueue(RocksSettings.Queue.DEFAULT);
    BlobId id = BlobId.of(RocksBlobWriter.sha256().digest(CONTENT));
    try (AcknowledgedMark mark = AcknowledgedMark.open(directory);
        BlobFiles files = new BlobFiles(directory.resolve("large"), "rocks");
        ChunkEncoder encoder = new ChunkEncoder(2);
        Database database =
            Database.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, mark);
        Committer committer =
            new Committer(
                database,
                queue,
                mark,
                new CommittedCache<>(10),
                new CommittedCache<>(10),
                new Hints(),
                new Counts(),
                clock,
                RocksSettings.Retry.DEFAULT)) {
      files.prepare();
      committer.start();
      Maintenance maintenance = new Maintenance(database, queue, clock, GRACE, files, Set.of());
      LargeUpload kept = upload(files, encoder, 5);
      Blob blob = new Blob(id, CONTENT.length);
      long octets = kept.finish(blob);
      assertThat(queue.call(new BlobOperations.IsOrphan(id, 5))).isTrue();
      assertThat(queue.call(new BlobOperations.Keep(kept, blob, octets, null))).isTrue();
      kept.breakOff("too late");
      assertThat(queue.call(new BlobOperations.IsOrphan(id, 5))).isFalse();
      assertThat(queue.call(new BlobOperations.IsOrphan(id, 6))).isTrue();

      LargeUpload givenUp = upload(files, encoder, 6);
      long others = givenUp.finish(blob);
      givenUp.breakOff("given up");
      assertThatThrownBy(() -> queue.call(new BlobOperations.Keep(givenUp, blob, others, null)))
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("given up");
      assertThat(files()).hasSize(2);

      StoreException unused = database.fail(new StoreException.Unavailable("full", null));
      maintenance.clearLater(new BlobFiles.Kept(files.path(id, 5), id, 5));
      maintenance.clearLater(new BlobFiles.Kept(files.path(id, 6), id, 6));
      database.mended();
      Instant deadline = Instant.now().plus(Duration.ofMinutes(1));
      while (!maintenance.isClear()) {
        assertThat(Instant.now()).isBefore(deadline);
        Thread.onSpinWait();
      }
      assertThat(files()).containsExactly(files.path(id, 5));
      maintenance.close();
    }
    try (RocksStore store = open()) {
      assertThat(read(store, id)).isEqualTo(CONTENT);
      assertThat(problems(store)).isEmpty();
    }
  }

  @Test
  void nothingIsLeftOfAnUploadThatIsAbandonedBeforeItsEnd() throws IOException {
    try (BlobFiles files = new BlobFiles(directory.resolve("large"), "rocks")) {
      files.prepare();
      BlobId id = BlobId.of(RocksBlobWriter.sha256().digest(CONTENT));
      BlobFiles.Upload upload = files.begin(5);
      upload.abandon();
      upload.abandon();
      assertThatThrownBy(() -> upload.finish(id)).isInstanceOf(StoreException.Unavailable.class);
      assertThat(files()).isEmpty();
    }
  }

  @Test
  void anUploadWithAHoleIsNeverFinished() {
    Blob blob = new Blob(BlobId.of(RocksBlobWriter.sha256().digest(CONTENT)), CONTENT.length);
    try (BlobFiles files = new BlobFiles(directory.resolve("large"), "rocks");
        ChunkEncoder encoder = new ChunkEncoder(2)) {
      files.prepare();
      LargeUpload failed = new LargeUpload(files.begin(5), encoder, 0);
      failed.add(new byte[1], 0, 2, 0);
      assertThatThrownBy(() -> failed.add(CONTENT, 0, Chunks.SIZE, 0)).isNotNull();
      assertThatThrownBy(() -> failed.finish(new Blob(blob.id(), Chunks.SIZE)))
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("lost");
      LargeUpload shorter = new LargeUpload(files.begin(6), encoder, 0);
      shorter.add(CONTENT, 0, Chunks.SIZE, 0);
      assertThatThrownBy(() -> shorter.finish(blob))
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("lost");
    }
  }

  private LargeUpload upload(BlobFiles files, ChunkEncoder encoder, long number) {
    LargeUpload upload = new LargeUpload(files.begin(number), encoder, clock.millis());
    for (int from = 0; from < CONTENT.length; from += Chunks.SIZE) {
      upload.add(CONTENT, from, Math.min(Chunks.SIZE, CONTENT.length - from), clock.millis());
    }
    return upload;
  }

  @Test
  void aDamagedFileFailsItsReadersAndIsNotOpenedAgain() throws IOException {
    Blob blob;
    Path file;
    byte[] octets;
    try (RocksStore store = open()) {
      blob = put(store, CONTENT);
      name(store, blob);
      file = file(blob);
      octets = Files.readAllBytes(file);
      byte[] damaged = octets.clone();
      damaged[octets.length / 2] ^= 1;
      Files.write(file, damaged);
      try (BlobReader reader = store.blobs().open(blob.id())) {
        assertThat(reader.read(0, new byte[10], 0, 10)).isEqualTo(10);
        assertThatThrownBy(() -> reader.read(0, new byte[CONTENT.length], 0, CONTENT.length))
            .isInstanceOf(StoreException.Corrupt.class)
            .hasMessageContaining(file.getFileName().toString());
      }
      assertThatThrownBy(() -> store.blobs().open(blob.id()))
          .isInstanceOf(StoreException.Corrupt.class);
      assertThat(problems(store))
          .singleElement()
          .asString()
          .contains("piece")
          .contains(file.toString());
      Files.write(file, octets);
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
      assertThat(problems(store)).isEmpty();
    }
  }

  @Test
  void whatWasReadAheadOfDamageIsLetGoOf() throws IOException {
    byte[] content = new byte[12 * Chunks.SIZE];
    new Random(6).nextBytes(content);
    try (RocksStore store = open()) {
      Blob blob = put(store, content);
      RocksBlobs blobs = (RocksBlobs) store.blobs();
      Path file = file(blob);
      byte[] octets = Files.readAllBytes(file);
      octets[octets.length * 3 / 4] ^= 1;
      Files.write(file, octets);
      try (BlobReader reader = blobs.open(blob.id())) {
        assertThat(reader.read(0, content, 0, 3 * Chunks.SIZE)).isEqualTo(3 * Chunks.SIZE);
        assertThat(blobs.readAhead()).isPositive();
        assertThatThrownBy(() -> reader.read(0, content, 0, content.length))
            .isInstanceOf(StoreException.Corrupt.class);
      }
      awaitNothingAhead(blobs);
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(() -> blobs.open(blob.id())).isInstanceOf(StoreException.Corrupt.class);
        awaitNothingAhead(blobs);
      }
      octets[octets.length * 3 / 4] ^= 1;
      Files.write(file, octets);
      try (BlobReader reader = blobs.open(blob.id())) {
        assertThat(blobs.readAhead()).as("before anything is read").isZero();
        assertThat(reader.read(0, content, 0, content.length)).isEqualTo(content.length);
      }
      awaitNothingAhead(blobs);
    }
  }

  /** What was under way when its reader was closed comes to its end. */
  private static void awaitNothingAhead(RocksBlobs blobs) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (blobs.readAhead() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(blobs.readAhead()).isZero();
  }

  @Test
  void contentThatIsPutAgainReplacesWhatIsDamagedOrMissing() throws Exception {
    Blob blob;
    try (RocksStore store = open()) {
      blob = put(store, CONTENT);
      name(store, blob);
      BlobReader reader = store.blobs().open(blob.id());
      Path damaged = file(blob);
      byte[] octets = Files.readAllBytes(damaged);
      octets[octets.length / 2] ^= 1;
      Files.write(damaged, octets);
      assertThatThrownBy(() -> read(store, blob.id())).isInstanceOf(StoreException.Corrupt.class);
      assertThat(put(store, CONTENT)).isEqualTo(blob);
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
      byte[] through = new byte[CONTENT.length];
      assertThat(reader.read(0, through, 0, through.length)).isEqualTo(through.length);
      assertThat(through).as("by who had it open").isEqualTo(CONTENT);
      assertThat(problems(store)).isEmpty();
      assertThat(files()).as("after the maintenance").hasSize(1).doesNotContain(damaged);

      Files.delete(file(blob));
      assertThat(put(store, CONTENT)).isEqualTo(blob);
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
    }
    try (RocksStore store = open()) {
      assertThat(read(store, blob.id())).isEqualTo(CONTENT);
      assertThat(problems(store)).isEmpty();
      assertThat(files()).hasSize(1);
    }
  }

  @Test
  void aSweepGoesOnBehindWhatItCannotReadOrTakeAway() throws Exception {
    Blob unreadable;
    Blob old;
    try (RocksStore store = open()) {
      unreadable = put(store, content(2));
      old = put(store, CONTENT);
    }
    tamper((handle, batch) -> {
      handle.put(batch, Column.BLOBS, Keys.blob(unreadable.id()), new byte[] {1, 2, 3});
      return 0;
    });
    Path kept = file(unreadable);
    String zeros = "0".repeat(64);
    Files.createDirectories(directory.resolve("large/00/" + zeros + "-7/full"));
    Path incoming = directory.resolve("large/incoming/8");
    Files.createDirectories(incoming.resolve("full"));
    Path last = directory.resolve("large/ff").resolve("f".repeat(64) + "-9");
    Files.createDirectories(last.resolveSibling("."));
    Files.write(last, new byte[1]);
    clock.advance(Duration.ofHours(2));
    try (RocksStore store = open()) {
      assertThat(store.blobs().sweep(GRACE).removed()).isEqualTo(1);
      assertThat(files()).containsExactly(kept);
      assertThatThrownBy(() -> store.blobs().open(old.id()))
          .isInstanceOf(StoreException.BlobMissing.class);
    }
  }

  /** A directory in a file's place cannot be read, as a file on bad sectors cannot. */
  @Test
  void aVerificationGoesOnBehindAFileThatTheDiskDoesNotGiveBack() throws IOException {
    try (RocksStore store = open()) {
      List<Path> places = new ArrayList<>();
      for (int seed = 2; seed < 5; seed++) {
        Blob blob = put(store, content(seed));
        Path place = file(blob);
        places.add(place);
        Files.delete(place);
        Files.createDirectory(place);
      }
      List<String> problems = problems(store);
      assertThat(problems).hasSize(3);
      assertThat(places)
          .allSatisfy(place ->
              assertThat(problems).anyMatch(problem -> problem.contains(place.toString())));
    }
  }

  @Test
  void aMissingOrShortFileIsNamed() throws IOException {
    Blob blob;
    Path file;
    try (RocksStore store = open()) {
      blob = put(store, CONTENT);
      name(store, blob);
      file = file(blob);
    }
    byte[] octets = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(octets, octets.length - 1));
    try (RocksStore store = open()) {
      assertThat(problems(store)).singleElement().asString().contains("the index of " + file);
      Files.delete(file);
      assertThat(problems(store)).containsExactly(file + " is missing");
      assertThatThrownBy(() -> read(store, blob.id()))
          .isInstanceOf(StoreException.Corrupt.class)
          .hasMessageContaining(file + " is missing");
    }
  }

  /** What format 1 has is read, and goes when it is swept; half uploads are cleared away. */
  @Test
  void aStoreOfTheFormerFormatIsRead() throws Exception {
    BlobId id = BlobId.of(RocksBlobWriter.sha256().digest(CONTENT));
    try (RocksStore store = open()) {
      name(store, put(store, new byte[] {1}));
    }
    tamper((handle, batch) -> {
      long blob = 1L << 40 | 77;
      List<ChunkRecord> chunks = Chunks.raw(CONTENT);
      for (int index = 0; index < chunks.size(); index++) {
        put(handle, batch, Column.CHUNKS, Keys.chunk(blob, index), chunks.get(index));
        put(handle, batch, Column.CHUNKS, Keys.chunk(blob + 1, index), chunks.get(index));
      }
      put(
          handle,
          batch,
          Column.BLOBS,
          Keys.blob(id),
          BlobRecord.newBuilder()
              .setNumber(blob)
              .setSize(CONTENT.length)
              .setChunkSize(Chunks.SIZE)
              .setPut(clock.millis())
              .build());
      put(
          handle,
          batch,
          Column.META,
          Keys.meta(Keys.UPLOAD, blob + 1),
          UploadRecord.newBuilder().setBegan(clock.millis()).build());
      FormatRecord former = format(handle).toBuilder().setVersion(1).build();
      put(handle, batch, Column.META, Keys.FORMAT, former);
      return 0;
    });
    Files.delete(directory.resolve("large/incoming"));
    Files.delete(directory.resolve("large"));
    try (RocksStore store = open()) {
      assertThat(read(store, id)).isEqualTo(CONTENT);
      assertThat(problems(store)).isEmpty();
      assertThat(put(store, CONTENT).id()).isEqualTo(id);
      assertThat(files()).isEmpty();
      clock.advance(Duration.ofHours(2));
      assertThat(store.blobs().sweep(GRACE).removed()).isEqualTo(1);
      assertThat(put(store, CONTENT).id()).isEqualTo(id);
      assertThat(files()).hasSize(1);
    }
    assertThat(records(Column.CHUNKS)).as("of the small blob").isEqualTo(1);
    int version = tamper((handle, batch) -> format(handle).getVersion());
    assertThat(version).isEqualTo(2);
  }

  private static FormatRecord format(Handle handle) throws RocksDBException {
    return Frames.decode(
        Column.META, Keys.FORMAT, handle.get(Column.META, Keys.FORMAT), FormatRecord.parser());
  }

  private static void put(
      Handle handle, WriteBatch batch, Column column, byte[] key, MessageLite record)
      throws RocksDBException {
    handle.put(batch, column, key, Frames.encode(key, record));
  }
}
