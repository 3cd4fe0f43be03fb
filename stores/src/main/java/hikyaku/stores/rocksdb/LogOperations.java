package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import hikyaku.stores.rocksdb.proto.DroppedRecord;
import hikyaku.stores.rocksdb.proto.SnapshotRecord;
import hikyaku.stores.rocksdb.proto.TrimRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/** What is done to logs beside appending. */
final class LogOperations {
  private LogOperations() {}

  /** Waits for everything before it to be written: blobs that are finished may not be yet. */
  static final class Barrier extends Operation<Boolean> {
    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) {
      return true;
    }
  }

  /** Looks up the answer given to an append; writes nothing. */
  static final class FindAnswer extends Operation<Optional<Appended>> {
    private final LogName name;
    private final String key;

    FindAnswer(LogName name, String key) {
      this.name = name;
      this.key = key;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Optional<Appended> stage(Batch batch) throws RocksDBException {
      LogState log = batch.log(name);
      return log.exists()
          ? batch.answer(log.number(), key).map(answer -> AppendRound.repeated(name, answer))
          : Optional.empty();
    }
  }

  /**
   * Takes a log's name away and leaves its entries to be buried; tells whether there was anything.
   */
  static final class Drop extends Operation<Boolean> {
    private final LogName name;

    Drop(LogName name) {
      this.name = name;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      LogState log = batch.log(name);
      if (!log.exists()) {
        return false;
      }
      batch.put(
          Column.META,
          Keys.meta(Keys.DROPPED, log.number()),
          DroppedRecord.newBuilder().setLog(name.value()).build());
      batch.change(name, log.number(), 0, 0);
      batch.setLog(name, LogState.NONE);
      batch.sync();
      return true;
    }
  }

  /** Adds entries as another store has them; tells whether they were not there. */
  static final class Restore extends Operation<Boolean> {
    private final LogName name;
    private final long after;
    private final List<Entry> entries;
    private final Head head;

    Restore(LogName name, long after, List<Entry> entries, Head head) {
      this.name = name;
      this.after = after;
      this.entries = entries;
      this.head = head;
    }

    @Override
    long weight() {
      return OVERHEAD
          + entries.stream().mapToLong(entry -> OVERHEAD + entry.payload().size()).sum();
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      LogState log = batch.log(name);
      if (log.head().equals(head)) {
        return false;
      }
      check(batch, log);
      long number = log.exists() ? log.number() : batch.newLog();
      long time = log.lastTime();
      long ids = 0;
      Tally tally = Tally.ZERO;
      for (Entry entry : entries) {
        Event event = new Event(entry.payload(), entry.ids(), entry.tally(), entry.blobs());
        time = Math.max(time, entry.time().toEpochMilli());
        batch.put(
            Column.ENTRIES,
            Keys.entry(number, entry.seq()),
            Entries.record(event, entry.firstId(), entry.time().toEpochMilli()));
        for (BlobId blob : new HashSet<>(entry.blobs())) {
          batch.putReference(blob, number, entry.seq());
        }
        ids += entry.ids();
        tally = tally.plus(entry.tally());
      }
      Head before = log.head();
      Tally gone =
          new Tally(
              head.tally().count() - before.tally().count() - tally.count(),
              head.tally().octets() - before.tally().octets() - tally.octets());
      batch.setLog(
          name,
          new LogState(
                  number,
                  head,
                  time,
                  log.snapshotSeq(),
                  log.goneEntries(),
                  log.goneIds(),
                  log.goneTally())
              .without(
                  head.seq() - after - entries.size(),
                  head.nextId() - before.nextId() - ids,
                  gone));
      batch.change(name, number, after + 1, head.seq());
      batch.sync();
      return true;
    }

    private void check(Batch batch, LogState log) throws RocksDBException {
      boolean fits = log.head().seq() == after && head.seq() > after;
      long last = after;
      for (Entry entry : entries) {
        fits = fits && entry.seq() > last && entry.seq() <= head.seq();
        last = entry.seq();
        for (BlobId blob : entry.blobs()) {
          batch.requireBlob(blob);
        }
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "entries behind " + after + " for " + name + ", which is at " + log.head().seq());
      }
    }
  }

  /** Keeps a snapshot; tells whether it was newer than the one kept. */
  static final class SaveSnapshot extends Operation<Boolean> {
    private final LogName name;
    private final long seq;
    private final long size;
    private final List<ChunkRecord> chunks;

    SaveSnapshot(LogName name, long seq, long size, List<ChunkRecord> chunks) {
      this.name = name;
      this.seq = seq;
      this.size = size;
      this.chunks = chunks;
    }

    @Override
    long weight() {
      return OVERHEAD + chunks.stream().mapToLong(chunk -> chunk.getOctets().size()).sum();
    }

    /** It looks for the pieces of the one before. */
    @Override
    boolean alone() {
      return true;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      LogState log = batch.log(name);
      if (seq < 1 || seq > log.head().seq()) {
        throw new IllegalArgumentException(
            "snapshot at " + seq + " of " + name + ", which is at " + log.head().seq());
      }
      if (seq < log.snapshotSeq()) {
        return false;
      }
      byte[] key = Keys.number(log.number());
      byte[] before = batch.handle().get(Column.SNAPSHOTS, key);
      int surplus =
          before == null
              ? 0
              : Frames.decode(Column.SNAPSHOTS, key, before, SnapshotRecord.parser()).getChunks();
      batch.put(
          Column.SNAPSHOTS,
          key,
          SnapshotRecord.newBuilder().setSeq(seq).setSize(size).setChunks(chunks.size()).build());
      for (int index = 0; index < chunks.size(); index++) {
        batch.put(Column.SNAPSHOTS, Keys.chunk(log.number(), index), chunks.get(index));
      }
      for (int index = chunks.size(); index < surplus; index++) {
        batch.delete(Column.SNAPSHOTS, Keys.chunk(log.number(), index));
      }
      batch.setLog(name, log.withSnapshot(seq));
      return true;
    }
  }

  /**
   * Forgets those of the entries that are still there; tells whether the log still was. The
   * maintenance thread has found them, but one before this whose caller gave up waiting may have
   * taken them since.
   */
  static final class Forget extends Operation<Boolean> {
    private final LogName name;
    private final long number;
    private final List<Entry> dead;

    Forget(LogName name, long number, List<Entry> dead) {
      this.name = name;
      this.number = number;
      this.dead = dead;
    }

    @Override
    long weight() {
      return OVERHEAD * (1 + dead.size());
    }

    /** It looks for the entries, and another one's writes of the same batch are not to be seen. */
    @Override
    boolean alone() {
      return true;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      LogState log = batch.log(name);
      if (log.number() != number) {
        return false;
      }
      List<byte @Nullable []> there =
          batch
              .handle()
              .get(
                  Column.ENTRIES,
                  dead.stream().map(entry -> Keys.entry(number, entry.seq())).toList());
      long count = 0;
      long ids = 0;
      Tally tally = Tally.ZERO;
      for (int i = 0; i < dead.size(); i++) {
        if (there.get(i) != null) {
          Entry entry = dead.get(i);
          forget(batch, number, entry);
          count++;
          ids += entry.ids();
          tally = tally.plus(entry.tally());
        }
      }
      if (count > 0) {
        batch.setLog(name, log.without(count, ids, tally));
      }
      return true;
    }
  }

  private static void forget(Batch batch, long number, Entry entry) throws RocksDBException {
    batch.delete(Column.ENTRIES, Keys.entry(number, entry.seq()));
    for (BlobId blob : entry.blobs()) {
      batch.delete(Column.REFERENCES, Keys.reference(blob, number, entry.seq()));
    }
  }

  /** Clears away entries of a dropped log. */
  static final class Bury extends Operation<Boolean> {
    private final long number;
    private final List<Entry> entries;

    Bury(long number, List<Entry> entries) {
      this.number = number;
      this.entries = entries;
    }

    @Override
    long weight() {
      return OVERHEAD * (1 + entries.size());
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      for (Entry entry : entries) {
        forget(batch, number, entry);
      }
      return true;
    }
  }

  /** Clears away what is left of a dropped log when no entry holds a blob any more. */
  static final class CloseGrave extends Operation<Boolean> {
    private final long number;

    CloseGrave(long number) {
      this.number = number;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      byte[] from = Keys.number(number);
      byte[] to = Keys.number(number + 1);
      batch.deleteRange(Column.ENTRIES, from, to);
      batch.deleteRange(Column.SNAPSHOTS, from, to);
      batch.deleteRange(Column.ANSWERS, from, to);
      batch.delete(Column.META, Keys.meta(Keys.DROPPED, number));
      return true;
    }
  }

  /** Forgets answers to idempotency keys. */
  static final class ForgetAnswers extends Operation<Boolean> {
    private final List<byte[]> keys;

    ForgetAnswers(List<byte[]> keys) {
      this.keys = keys;
    }

    @Override
    long weight() {
      return OVERHEAD * keys.size();
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      for (byte[] key : keys) {
        batch.delete(Column.ANSWERS, key);
      }
      return true;
    }
  }

  /** Forgets the changes up to this one. Only the maintenance thread trims. */
  static final class Trim extends Operation<Boolean> {
    private final long through;

    Trim(long through) {
      this.through = through;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      batch.deleteRange(Column.CHANGES, Keys.number(0), Keys.number(through + 1));
      batch.put(Column.META, Keys.TRIM, TrimRecord.newBuilder().setThrough(through).build());
      return true;
    }
  }
}
