package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.rocksdb.proto.AnswerRecord;
import hikyaku.stores.rocksdb.proto.ChangeRecord;
import hikyaku.stores.rocksdb.proto.TrimRecord;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.rocksdb.RocksDBException;
import org.rocksdb.Snapshot;

/**
 * Reads the whole database as it is at one moment and checks what the contract promises. Needs some
 * hundred octets of memory for each log.
 */
final class Verifier {
  private final Database database;
  private final BlobFiles files;
  private final Consumer<String> problems;

  /** What is known of each log by its number, once its entries have been seen. */
  private final Map<Long, LogName> names = new HashMap<>();

  private final Map<Long, Long> lastSeqs = new HashMap<>();
  private final Set<Long> dropped = new HashSet<>();
  private final Set<Long> blobNumbers = new HashSet<>();
  private long references;
  private long entries;
  private long snapshots;
  private long blobs;
  private long blobOctets;

  Verifier(Database database, BlobFiles files, Consumer<String> problems) {
    this.database = database;
    this.files = files;
    this.problems = problems;
  }

  Store.Verified run() {
    return database.use(
        "verification",
        handle -> {
          Snapshot view = handle.snapshot();
          try {
            return new Pass(handle, view).run();
          } finally {
            handle.release(view);
          }
        });
  }

  /** One step over a record; what it throws concerns that record alone. */
  @FunctionalInterface
  private interface Step {
    void at(byte[] key, byte[] value) throws RocksDBException;
  }

  private final class Pass {
    private final Handle handle;
    private final Snapshot view;

    Pass(Handle handle, Snapshot view) {
      this.handle = handle;
      this.view = view;
    }

    Store.Verified run() throws RocksDBException {
      each(Column.META, new byte[] {Keys.DROPPED}, (key, value) -> dropped.add(number(key, 1)));
      each(Column.LOGS, new byte[0], this::log);
      orphans(Column.ENTRIES, names.keySet(), dropped);
      orphans(Column.SNAPSHOTS, names.keySet(), dropped);
      each(Column.ANSWERS, new byte[0], this::answer);
      references();
      each(Column.BLOBS, new byte[0], this::blob);
      orphans(Column.CHUNKS, blobNumbers, Set.of());
      changes();
      return new Store.Verified(names.size(), entries, snapshots, blobs, blobOctets);
    }

    /** Walks records, reporting those that are broken and going on behind them. */
    private void each(Column column, byte[] prefix, Step step) throws RocksDBException {
      try (Scan scan = handle.scan(column, prefix, Keys.behind(prefix), view)) {
        for (; scan.valid(); scan.next()) {
          database.yieldToLifecycle();
          byte[] key = scan.key();
          try {
            step.at(key, scan.value());
          } catch (StoreException.Corrupt e) {
            problems.accept(String.valueOf(e.getMessage()));
          } catch (RocksDBException e) {
            broken(Keys.describe(column, key), e);
          }
        }
      } catch (RocksDBException e) {
        broken(column.label() + " from " + HexFormat.of().formatHex(prefix) + " on", e);
      }
    }

    /** Reports what cannot be read; but if nothing can, there is no point in going on. */
    private void broken(String what, RocksDBException e) throws RocksDBException {
      StoreException problem = Database.translate(what, e);
      if (!(problem instanceof StoreException.Corrupt)) {
        throw e;
      }
      problems.accept(String.valueOf(problem.getMessage()));
    }

    private void log(byte[] key, byte[] value) throws RocksDBException {
      LogName name = Keys.logName(key);
      LogState log = LogState.decode(key, value);
      if (names.put(log.number(), name) != null) {
        problems.accept(name + " has the number of another log: " + log.number());
      }
      lastSeqs.put(log.number(), log.head().seq());
      LogCheck check = new LogCheck(name, log);
      each(
          Column.ENTRIES,
          Keys.number(log.number()),
          (entryKey, frame) -> {
            Entry entry = Entries.decode(entryKey, frame);
            check.add(entry);
            for (BlobId blob : new HashSet<>(entry.blobs())) {
              reference(name, log.number(), entry.seq(), blob);
            }
          });
      check.end();
      snapshot(name, log);
    }

    private void reference(LogName name, long number, long seq, BlobId blob)
        throws RocksDBException {
      references++;
      if (!has(Column.REFERENCES, Keys.reference(blob, number, seq))) {
        problems.accept(name + ": entry " + seq + " has no hold on blob " + blob);
      }
      if (!has(Column.BLOBS, Keys.blob(blob))) {
        problems.accept(name + ": entry " + seq + " names blob " + blob + ", which is missing");
      }
    }

    private boolean has(Column column, byte[] key) throws RocksDBException {
      return handle.has(column, key, view);
    }

    private void snapshot(LogName name, LogState log) throws RocksDBException {
      List<Records.Raw> raws =
          Records.take(
              handle.scan(
                  Column.SNAPSHOTS, Keys.number(log.number()), Keys.number(log.number() + 1), view),
              Integer.MAX_VALUE);
      if (raws.isEmpty() != (log.snapshotSeq() == 0)) {
        problems.accept(name + ": the head and the snapshots do not agree");
      }
      if (!raws.isEmpty()) {
        hikyaku.mailbox.store.Snapshot kept = RocksLogs.snapshot(raws);
        snapshots++;
        if (kept.seq() != log.snapshotSeq()) {
          problems.accept(
              name + ": the snapshot is at " + kept.seq() + ", not " + log.snapshotSeq());
        }
      }
    }

    private void answer(byte[] key, byte[] value) {
      Frames.decode(Column.ANSWERS, key, value, AnswerRecord.parser());
      long number = number(key, 0);
      if (!names.containsKey(number) && !dropped.contains(number)) {
        problems.accept(Keys.describe(Column.ANSWERS, key) + " belongs to no log");
      }
    }

    /** Reports numbers that nobody answers for, looking between those that somebody does. */
    private void orphans(Column column, Set<Long> known, Set<Long> alsoKnown)
        throws RocksDBException {
      long[] numbers =
          LongStream.concat(
                  Stream.concat(known.stream(), alsoKnown.stream()).mapToLong(Long::longValue),
                  LongStream.of(Long.MAX_VALUE))
              .sorted()
              .toArray();
      try (Scan scan = handle.scan(column, new byte[0], null, view)) {
        long from = 0;
        for (long to : numbers) {
          database.yieldToLifecycle();
          try {
            scan.seek(Keys.number(from));
            while (scan.valid() && number(scan.key(), 0) < to) {
              problems.accept(Keys.describe(column, scan.key()) + " belongs to nothing");
              scan.seek(Keys.number(number(scan.key(), 0) + 1));
            }
          } catch (RocksDBException e) {
            broken(column.label() + " before number " + to, e);
          }
          from = to + 1;
        }
      }
    }

    private void references() throws RocksDBException {
      long[] found = {0};
      each(
          Column.REFERENCES,
          new byte[0],
          (key, value) -> {
            long number = number(key, BlobId.LENGTH);
            if (names.containsKey(number)) {
              found[0]++;
            } else if (!dropped.contains(number)) {
              problems.accept(Keys.describe(Column.REFERENCES, key) + " is of no log");
            }
          });
      if (found[0] != references) {
        problems.accept("there are " + found[0] + " holds on blobs, and entries for " + references);
      }
    }

    private void blob(byte[] key, byte[] value) throws RocksDBException {
      BlobId id = BlobId.of(key);
      BlobState blob = BlobState.decode(id, value);
      blobs++;
      blobOctets += blob.size();
      blobNumbers.add(blob.number());
      MessageDigest sha256 = RocksBlobWriter.sha256();
      long size = blob.hasFile() ? fileContent(id, blob, sha256) : columnContent(id, blob, sha256);
      if (size != blob.size()) {
        problems.accept("blob " + id + " has " + size + " octets, not " + blob.size());
      }
      if (!BlobId.of(sha256.digest()).equals(id)) {
        problems.accept("blob " + id + " does not have the content of its name");
      }
    }

    /** Sweeps run on this thread: a file that is named is there. */
    private long fileContent(BlobId id, BlobState blob, MessageDigest sha256) {
      FileChunks chunks = new FileChunks(files.path(id, blob.number()), blob, Verifier::read);
      long size = 0;
      byte[] octets = {};
      for (int index = 0; index < blob.chunks(); index++) {
        octets = chunks.chunk(index, octets);
        sha256.update(octets);
        size += octets.length;
        database.yieldToLifecycle();
      }
      return size;
    }

    private long columnContent(BlobId id, BlobState blob, MessageDigest sha256)
        throws RocksDBException {
      long[] size = {0};
      int[] index = {0};
      each(
          Column.CHUNKS,
          Keys.number(blob.number()),
          (chunkKey, frame) -> {
            byte[] octets = Chunks.decode(Column.CHUNKS, chunkKey, frame);
            sha256.update(octets);
            size[0] += octets.length;
            if (Keys.indexAt(chunkKey, Keys.NUMBER) != index[0]++) {
              problems.accept("blob " + id + " lacks a chunk before its " + index[0] + "th");
            }
          });
      return size[0];
    }

    private void changes() throws RocksDBException {
      long[] last = {0};
      byte[] trim = handle.get(Column.META, Keys.TRIM);
      if (trim != null) {
        last[0] = Frames.decode(Column.META, Keys.TRIM, trim, TrimRecord.parser()).getThrough();
      }
      boolean trimmed = last[0] > 0;
      Map<Long, Long> told = new HashMap<>();
      each(
          Column.CHANGES,
          new byte[0],
          (key, value) -> {
            long number = number(key, 0);
            if (number != last[0] + 1) {
              problems.accept("change " + (last[0] + 1) + " is missing");
            }
            last[0] = number;
            ChangeRecord change = Frames.decode(Column.CHANGES, key, value, ChangeRecord.parser());
            tell(number, change, told, trimmed);
          });
      lastSeqs.forEach((number, seq) -> {
        Long known = told.get(number);
        if (known == null ? !trimmed : !known.equals(seq)) {
          problems.accept(names.get(number) + ": the changes go up to " + known + ", not " + seq);
        }
      });
    }

    private void tell(long number, ChangeRecord change, Map<Long, Long> told, boolean trimmed) {
      if (change.getLastSeq() == 0) {
        told.remove(change.getNumber());
        return;
      }
      Long before = told.put(change.getNumber(), change.getLastSeq());
      boolean follows =
          before == null
              ? trimmed || change.getFirstSeq() == 1
              : change.getFirstSeq() == before + 1;
      if (!follows) {
        problems.accept(
            "change " + number + " of " + change.getLog() + " begins at " + change.getFirstSeq());
      }
    }
  }

  /** What the disk does not give back is damage like any other: the walk goes on behind it. */
  private static Optional<byte[]> read(Path path, long from, int length) {
    try {
      return BlobFiles.readHere(path, from, length);
    } catch (StoreException.Unavailable e) {
      throw new StoreException.Corrupt(String.valueOf(e.getMessage()), e);
    }
  }

  private static long number(byte[] key, int offset) {
    return Keys.numberAt(key, offset);
  }

  /** Adds a log's entries up and compares them with its head. */
  private final class LogCheck {
    private final LogName name;
    private final LogState log;
    private long count;
    private long ids;
    private long nextSeq = 1;
    private long nextId = 1;
    private Tally tally = Tally.ZERO;

    LogCheck(LogName name, LogState log) {
      this.name = name;
      this.log = log;
    }

    void add(Entry entry) {
      entries++;
      count++;
      missing(nextSeq, entry.seq());
      nextSeq = entry.seq() + 1;
      if (entry.ids() > 0 && entry.firstId() < nextId) {
        problems.accept(name + ": entry " + entry.seq() + " takes id " + entry.firstId() + " anew");
      }
      if (entry.ids() > 0) {
        nextId = entry.firstId() + entry.ids();
      }
      ids += entry.ids();
      tally = tally.plus(entry.tally());
    }

    private void missing(long from, long to) {
      long first = Math.max(from, log.snapshotSeq() + 1);
      if (first < to) {
        problems.accept(name + ": entries " + first + " to " + (to - 1) + " are missing");
      }
    }

    void end() {
      missing(nextSeq, log.head().seq() + 1);
      if (nextSeq > log.head().seq() + 1) {
        problems.accept(name + ": there are entries above the head at " + log.head().seq());
      }
      same("entries", count + log.goneEntries(), log.head().seq());
      same("ids", ids + log.goneIds(), log.head().nextId() - 1);
      same("things counted", tally.plus(log.goneTally()).count(), log.head().tally().count());
      same("octets counted", tally.plus(log.goneTally()).octets(), log.head().tally().octets());
      if (nextId > log.head().nextId()) {
        problems.accept(name + ": the head would hand out id " + log.head().nextId() + " anew");
      }
    }

    private void same(String what, long found, long said) {
      if (found != said) {
        problems.accept(name + ": " + found + " " + what + ", and the head says " + said);
      }
    }
  }
}
