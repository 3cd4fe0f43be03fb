package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.rocksdb.proto.FormatRecord;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** Files and records that are not as they were written. */
final class DamageTest {
  private static final LogName A = new LogName("mailbox/a");
  private static final LogName B = new LogName("mailbox/b");
  private static final LogName C = new LogName("mailbox/c");
  private static final int SIZE = 20_000;

  @TempDir Path directory;

  private Blob blob;

  private RocksStore open() {
    return open(directory);
  }

  private static RocksStore open(Path place) {
    return RocksStore.open(place, RocksSettings.DEFAULT, Clock.systemUTC());
  }

  private static byte[] noise(int seed) {
    byte[] octets = new byte[SIZE];
    new Random(seed).nextBytes(octets);
    return octets;
  }

  @BeforeEach
  void fill() {
    try (RocksStore store = open()) {
      try (BlobWriter writer = store.blobs().create()) {
        writer.write(noise(100), 0, SIZE);
        blob = writer.finish();
      }
      int seed = 0;
      for (LogName log : List.of(A, B, C)) {
        Event first = Event.of(ByteString.copyFrom(noise(seed++)));
        Event second =
            new Event(
                ByteString.copyFrom(noise(seed++)), 1, new Tally(1, SIZE), List.of(blob.id()));
        store
            .logs()
            .append(Append.to(log, List.of(first, second)).expecting(Append.Expect.NEW))
            .orThrow();
      }
    }
  }

  private static List<String> problems(RocksStore store) {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    return problems;
  }

  private static void read(RocksStore store, LogName log) {
    assertThat(store.logs().read(log, 0, Long.MAX_VALUE, 10)).hasSize(2);
  }

  private static List<Path> files(Path directory, String ending) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("rocks"))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  /** Changes one octet of what was written, in whichever file it is. */
  private void damage(byte[] written) throws IOException {
    damage(written, files(directory, ".sst"));
  }

  private static void damage(byte[] written, List<Path> files) throws IOException {
    for (Path file : files) {
      byte[] octets = Files.readAllBytes(file);
      for (int at = 0; at + 64 <= octets.length; at++) {
        if (octets[at] == written[0] && Arrays.equals(octets, at, at + 64, written, 0, 64)) {
          octets[at + 32] ^= 1;
          Files.write(file, octets);
          return;
        }
      }
    }
    throw new AssertionError("what was written is in no file");
  }

  @Test
  void aDamagedEntryFailsItsLogAndNoOther() throws IOException {
    damage(noise(2));
    try (RocksStore store = open()) {
      read(store, A);
      read(store, C);
      assertThatThrownBy(() -> read(store, B))
          .isInstanceOf(StoreException.Corrupt.class)
          .hasMessageContaining(B.value());
      for (LogName log : List.of(A, B, C)) {
        Append append = Append.to(log, List.of(Event.of(ByteString.copyFromUtf8("more"))));
        assertThat(store.logs().append(append).orThrow().lastSeq()).isEqualTo(3);
      }
      assertThat(store.logs().read(B, 2, 3, 10)).hasSize(1);
      assertThat(problems(store)).anyMatch(problem -> problem.contains("entries"));
    }
  }

  /** Compaction meets the damage sooner or later, and must not take the store down with it. */
  @Test
  void aDamagedFileDoesNotEndAllWriting() throws IOException {
    damage(noise(2));
    for (int i = 0; i < 8; i++) {
      try (RocksStore store = RocksStore.open(directory, TightSettings.TIGHT, Clock.systemUTC())) {
        for (LogName log : List.of(A, B, C)) {
          for (int j = 0; j < 5; j++) {
            append(store, log, "%d-%d".formatted(i, j), noise(1000 + i));
          }
        }
      }
    }
    try (RocksStore store = open()) {
      assertThat(store.logs().read(C, 0, Long.MAX_VALUE, 100)).hasSize(42);
      assertThat(store.logs().read(B, 2, Long.MAX_VALUE, 100)).hasSize(40);
      assertThatThrownBy(() -> store.logs().read(B, 0, Long.MAX_VALUE, 100))
          .isInstanceOf(StoreException.Corrupt.class);
    }
  }

  /** Appends under a key until it is taken. */
  private static void append(RocksStore store, LogName log, String key, byte[] payload) {
    long deadline = System.nanoTime() + Duration.ofMinutes(3).toNanos();
    Append append = Append.to(log, List.of(Event.of(ByteString.copyFrom(payload)))).withKey(key);
    while (true) {
      try {
        store.logs().append(append).orThrow();
        return;
      } catch (StoreException.Unavailable e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  @Test
  void aDamagedBlobFailsItsReaders() throws IOException {
    damage(noise(100));
    try (RocksStore store = open()) {
      read(store, A);
      try (BlobReader reader = store.blobs().open(blob.id())) {
        assertThatThrownBy(() -> reader.read(0, new byte[SIZE], 0, SIZE))
            .isInstanceOf(StoreException.Corrupt.class)
            .hasMessageContaining("chunks record");
      }
      assertThat(problems(store)).isNotEmpty();
    }
  }

  @Test
  void contentThatIsPutAgainReplacesADamagedBlob() throws IOException {
    damage(noise(100));
    try (RocksStore store = open()) {
      BlobReader before = store.blobs().open(blob.id());
      assertThatThrownBy(() -> before.read(0, new byte[SIZE], 0, SIZE))
          .isInstanceOf(StoreException.Corrupt.class);
      try (BlobWriter writer = store.blobs().create()) {
        writer.write(noise(100), 0, SIZE);
        assertThat(writer.finish()).isEqualTo(blob);
      }
      assertThat(store.blobs().list(null, 10)).as("once it is written").containsExactly(blob);
      assertContent(before);
      assertContent(store.blobs().open(blob.id()));
    }
    try (RocksStore store = open()) {
      assertContent(store.blobs().open(blob.id()));
    }
  }

  private static void assertContent(BlobReader opened) {
    try (opened) {
      byte[] octets = new byte[SIZE];
      assertThat(opened.read(0, octets, 0, SIZE)).isEqualTo(SIZE);
      assertThat(octets).isEqualTo(noise(100));
    }
  }

  @Test
  void aMissingFileIsNamedAndItsReturnMendsAll() throws IOException {
    Path file =
        files(directory, ".sst").stream()
            .max(Comparator.comparing(path -> path.toFile().length()))
            .orElseThrow();
    Path aside = directory.resolve("aside");
    Files.move(file, aside);
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(file.getFileName().toString());
    Files.move(aside, file);
    try (RocksStore store = open()) {
      read(store, A);
      assertThat(problems(store)).isEmpty();
    }
  }

  /** Writes to the database behind the store's back. */
  private interface Tampering {
    void with(Handle handle, WriteBatch batch) throws RocksDBException;
  }

  private void tamper(Tampering tampering) throws RocksDBException {
    try (Handle handle =
            Handle.open(directory.resolve("rocks"), RocksSettings.Memory.DEFAULT, true);
        WriteBatch batch = new WriteBatch()) {
      tampering.with(handle, batch);
      handle.write(batch, true);
    }
  }

  private static long number(Handle handle, LogName log) throws RocksDBException {
    return LogState.decode(log, handle.get(Column.LOGS, Keys.log(log))).number();
  }

  /**
   * One column may have let go of a log that others need still; then it knows of less than was
   * acknowledged, and nothing is lost.
   */
  @Test
  void aColumnThatIsWrittenOutHidesNothingOfTheLog() throws RocksDBException {
    Path rocks = directory.resolve("rocks");
    List<ColumnFamilyHandle> columns = new ArrayList<>();
    long latest;
    try (DBOptions options = new DBOptions();
        WriteOptions synced = new WriteOptions().setSync(true);
        FlushOptions waiting = new FlushOptions().setWaitForFlush(true);
        RocksDB db =
            RocksDB.open(
                options,
                rocks.toString(),
                Arrays.stream(Column.values())
                    .map(column -> new ColumnFamilyDescriptor(column.octets()))
                    .toList(),
                columns)) {
      putAgain(db, columns.get(Column.META.ordinal()), synced);
      putAgain(db, columns.get(Column.ENTRIES.ordinal()), synced);
      db.flush(waiting, columns.get(Column.META.ordinal()));
      latest = db.getLatestSequenceNumber();
      columns.forEach(ColumnFamilyHandle::close);
    }
    try (AcknowledgedMark mark = AcknowledgedMark.open(directory)) {
      mark.advance(latest);
    }
    try (RocksStore store = open()) {
      read(store, A);
      assertThat(problems(store)).isEmpty();
    }
  }

  private static void putAgain(RocksDB db, ColumnFamilyHandle column, WriteOptions options)
      throws RocksDBException {
    try (RocksIterator first = db.newIterator(column)) {
      first.seekToFirst();
      db.put(column, options, first.key(), first.value());
    }
  }

  @Test
  void aRecordUnderTheWrongKeyIsFound() throws RocksDBException {
    tamper((handle, batch) -> {
      byte[] from = Keys.entry(number(handle, A), 1);
      byte[] to = Keys.entry(number(handle, B), 1);
      handle.put(batch, Column.ENTRIES, to, handle.get(Column.ENTRIES, from));
    });
    try (RocksStore store = open()) {
      read(store, A);
      assertThatThrownBy(() -> read(store, B))
          .isInstanceOf(StoreException.Corrupt.class)
          .hasMessageContaining("entry 1 does not pass its checksum");
      assertThat(problems(store)).anyMatch(problem -> problem.contains("checksum"));
    }
  }

  @Test
  void whatIsMissingIsFound() throws RocksDBException {
    tamper((handle, batch) -> {
      long a = number(handle, A);
      long b = number(handle, B);
      handle.delete(batch, Column.ENTRIES, Keys.entry(a, 1));
      handle.delete(batch, Column.REFERENCES, Keys.reference(blob.id(), b, 2));
      handle.delete(batch, Column.CHANGES, Keys.number(2));
      handle.put(batch, Column.REFERENCES, Keys.reference(blob.id(), 77, 1), new byte[0]);
      handle.put(
          batch, Column.ENTRIES, Keys.entry(78, 1), handle.get(Column.ENTRIES, Keys.entry(a, 1)));
    });
    try (RocksStore store = open()) {
      assertThatThrownBy(() -> read(store, A))
          .isInstanceOf(StoreException.Corrupt.class)
          .hasMessageContaining("entry 1 of mailbox/a is missing");
      read(store, B);
      String problems = String.join("\n", problems(store));
      assertThat(problems)
          .contains("mailbox/a: entries 1 to 1 are missing")
          .contains("mailbox/b: entry 2 has no hold on blob " + blob.id())
          .contains("change 2 is missing")
          .contains("log number 78 entry 1 belongs to nothing")
          .contains("is of no log");
    }
  }

  @Test
  void aHeadThatDoesNotAgreeIsFound() throws RocksDBException {
    tamper((handle, batch) -> {
      LogState log = LogState.decode(A, handle.get(Column.LOGS, Keys.log(A)));
      LogState other = log.without(0, 1, new Tally(1, 1));
      handle.put(batch, Column.LOGS, Keys.log(A), Frames.encode(Keys.log(A), other.toRecord()));
      handle.delete(batch, Column.BLOBS, Keys.blob(blob.id()));
    });
    try (RocksStore store = open()) {
      String problems = String.join("\n", problems(store));
      assertThat(problems)
          .contains("mailbox/a: 2 ids, and the head says 1")
          .contains("mailbox/a: 2 things counted, and the head says 1")
          .contains("names blob " + blob.id() + ", which is missing")
          .contains("belongs to nothing");
    }
  }

  @Test
  void aLaterFormatIsRefused() throws RocksDBException {
    tamper((handle, batch) ->
        handle.put(
            batch,
            Column.META,
            Keys.FORMAT,
            Frames.encode(Keys.FORMAT, FormatRecord.newBuilder().setVersion(3).build())));
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.Unavailable.class)
        .hasMessageContaining("format 3")
        .hasMessageContaining("later release");
  }

  @Test
  void oneProcessAtATimeAndOneStoreInIt() {
    try (RocksStore store = open()) {
      assertThatThrownBy(this::open)
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("in use by this process");
      read(store, A);
    }
    try (RocksStore store = open()) {
      read(store, A);
    }
  }

  /** The directory as a crash at this moment would leave it. */
  private Path crash(RocksStore store) throws IOException {
    read(store, A);
    Path copy = directory.resolveSibling(directory.getFileName() + "-copy");
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(directory.relativize(file)));
      }
    }
    return copy;
  }

  @Test
  void aTornEndOfTheLogIsNoLossAndABreakBeforeItIsAnError() throws IOException {
    Path copy;
    try (RocksStore store = open()) {
      for (int i = 0; i < 20; i++) {
        store
            .logs()
            .append(Append.to(C, List.of(Event.of(ByteString.copyFrom(noise(200 + i))))))
            .orThrow();
      }
      copy = crash(store);
    }
    Path log =
        files(copy, ".log").stream()
            .max(Comparator.comparing(path -> path.toFile().length()))
            .orElseThrow();
    byte[] whole = Files.readAllBytes(log);
    Files.write(log, Arrays.copyOf(whole, whole.length + 5000));
    try (RocksStore store = open(copy)) {
      assertThat(store.logs().head(C).seq()).isEqualTo(22);
      assertThat(problems(store)).isEmpty();
    }
    deleteAll(copy);
    Path again;
    try (RocksStore store = open()) {
      for (int i = 0; i < 20; i++) {
        store
            .logs()
            .append(Append.to(C, List.of(Event.of(ByteString.copyFrom(noise(300 + i))))))
            .orThrow();
      }
      again = crash(store);
    }
    Path broken =
        files(again, ".log").stream()
            .max(Comparator.comparing(path -> path.toFile().length()))
            .orElseThrow();
    invertMiddle(broken);
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> open(again))
          .isInstanceOf(StoreException.Corrupt.class)
          .hasMessageContaining("acknowledged");
    }
    // The refusals have let go of nothing.
    invertMiddle(broken);
    try (RocksStore store = open(again)) {
      assertThat(store.logs().head(C).seq()).isEqualTo(42);
      assertThat(problems(store)).isEmpty();
    }
    deleteAll(again);
  }

  private static void invertMiddle(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(file.length() / 2);
      int octet = file.read();
      file.seek(file.length() / 2);
      file.write(octet ^ 0xff);
    }
  }

  /** As when a file system is not mounted: nothing is begun anew in its place. */
  @Test
  void aDatabaseThatIsGoneIsNotMadeAnew() throws IOException {
    Path rocks = directory.resolve("rocks");
    Path aside = directory.resolve("aside");
    Files.move(rocks, aside);
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(rocks.toString());
    if (Files.exists(rocks)) {
      deleteAll(rocks);
    }
    Files.move(aside, rocks);
    try (RocksStore store = open()) {
      read(store, A);
      assertThat(problems(store)).isEmpty();
    }
  }

  private static void deleteAll(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
