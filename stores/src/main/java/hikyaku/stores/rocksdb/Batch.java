package hikyaku.stores.rocksdb;

import com.google.protobuf.MessageLite;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.AnswerRecord;
import hikyaku.stores.rocksdb.proto.ChangeRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The writes of one durability round while they are put together, and the state of what they touch
 * as it will be. Belongs to the committer.
 */
final class Batch {
  private record AnswerKey(long log, String key) {}

  private final Handle handle;
  private final WriteBatch writes;
  private final Counters counters;
  private final CommittedCache<LogName, LogState> heads;
  private final CommittedCache<BlobId, BlobState> blobs;
  private final long now;

  private final Map<LogName, LogState> logStates = new HashMap<>();
  private final Set<LogName> changedLogs = new HashSet<>();
  private final Set<Long> newLogs = new HashSet<>();
  private final Set<LogName> moved = new LinkedHashSet<>();
  private final Map<AnswerKey, Optional<AnswerRecord>> answers = new HashMap<>();
  private final Map<BlobId, Optional<BlobState>> blobStates = new HashMap<>();
  private boolean synced;

  Batch(
      Handle handle,
      WriteBatch writes,
      Counters counters,
      CommittedCache<LogName, LogState> heads,
      CommittedCache<BlobId, BlobState> blobs,
      long now) {
    this.handle = handle;
    this.writes = writes;
    this.counters = counters;
    this.heads = heads;
    this.blobs = blobs;
    this.now = now;
  }

  /** The time of this round, in milliseconds since 1970. */
  long now() {
    return now;
  }

  long opening() {
    return counters.opening();
  }

  Handle handle() {
    return handle;
  }

  /** Somebody waits for this round to be durable. */
  void sync() {
    synced = true;
  }

  boolean isSynced() {
    return synced;
  }

  // ---- logs

  LogState log(LogName name) throws RocksDBException {
    LogState known = logStates.get(name);
    if (known == null) {
      known = heads.get(name);
      if (known == null) {
        byte[] frame = handle.get(Column.LOGS, Keys.log(name));
        known = frame == null ? LogState.NONE : LogState.decode(name, frame);
      }
      logStates.put(name, known);
    }
    return known;
  }

  void setLog(LogName name, LogState state) {
    logStates.put(name, state);
    changedLogs.add(name);
  }

  /** A number for a log that is being made. */
  long newLog() {
    long number = counters.nextNumber();
    newLogs.add(number);
    return number;
  }

  /** Adds to the changes feed; both sequences are 0 for a drop. */
  void change(LogName name, long log, long firstSeq, long lastSeq) throws RocksDBException {
    put(
        Column.CHANGES,
        Keys.number(counters.nextChange()),
        ChangeRecord.newBuilder()
            .setLog(name.value())
            .setNumber(log)
            .setFirstSeq(firstSeq)
            .setLastSeq(lastSeq)
            .setTime(counters.changeTime(now))
            .build());
    moved.add(name);
  }

  Optional<AnswerRecord> answer(long log, String key) throws RocksDBException {
    AnswerKey place = new AnswerKey(log, key);
    Optional<AnswerRecord> known = answers.get(place);
    if (known == null) {
      known = newLogs.contains(log) ? Optional.empty() : readAnswer(log, key);
      answers.put(place, known);
    }
    return known;
  }

  private Optional<AnswerRecord> readAnswer(long log, String text) throws RocksDBException {
    byte[] key = Keys.answer(log, text);
    byte[] frame = handle.get(Column.ANSWERS, key);
    return frame == null
        ? Optional.empty()
        : Optional.of(Frames.decode(Column.ANSWERS, key, frame, AnswerRecord.parser()));
  }

  void putAnswer(long log, String key, AnswerRecord answer) throws RocksDBException {
    put(Column.ANSWERS, Keys.answer(log, key), answer);
    answers.put(new AnswerKey(log, key), Optional.of(answer));
  }

  // ---- blobs

  @Nullable BlobState blob(BlobId id) throws RocksDBException {
    Optional<BlobState> known = blobStates.get(id);
    if (known == null) {
      known = Optional.ofNullable(blobs.get(id));
      if (known.isEmpty()) {
        byte[] frame = handle.get(Column.BLOBS, Keys.blob(id));
        known = frame == null ? Optional.empty() : Optional.of(BlobState.decode(id, frame));
      }
      blobStates.put(id, known);
    }
    return known.orElse(null);
  }

  void requireBlob(BlobId id) throws RocksDBException {
    if (blob(id) == null) {
      throw new StoreException.BlobMissing(id);
    }
  }

  void putBlob(BlobId id, BlobState state) throws RocksDBException {
    put(Column.BLOBS, Keys.blob(id), state.toRecord());
    blobStates.put(id, Optional.of(state));
  }

  void deleteBlob(BlobId id) throws RocksDBException {
    delete(Column.BLOBS, Keys.blob(id));
    blobStates.put(id, Optional.empty());
  }

  long newBlob() {
    return counters.nextNumber();
  }

  // ---- records

  void put(Column column, byte[] key, MessageLite record) throws RocksDBException {
    handle.put(writes, column, key, Frames.encode(key, record));
  }

  void putReference(BlobId id, long log, long seq) throws RocksDBException {
    handle.put(writes, Column.REFERENCES, Keys.reference(id, log, seq), new byte[0]);
  }

  void delete(Column column, byte[] key) throws RocksDBException {
    handle.delete(writes, column, key);
  }

  void deleteRange(Column column, byte[] from, byte[] to) throws RocksDBException {
    handle.deleteRange(writes, column, from, to);
  }

  void deleteChunks(long number, int count) throws RocksDBException {
    for (int index = 0; index < count; index++) {
      delete(Column.CHUNKS, Keys.chunk(number, index));
    }
  }

  // ---- the end

  /** Writes what was put together, and makes it known to the caches. */
  void write() throws RocksDBException {
    for (LogName name : changedLogs) {
      LogState state = logStates.getOrDefault(name, LogState.NONE);
      if (state.exists()) {
        put(Column.LOGS, Keys.log(name), state.toRecord());
      } else {
        delete(Column.LOGS, Keys.log(name));
      }
    }
    if (writes.count() > 0) {
      handle.write(writes, synced);
    }
    for (LogName name : changedLogs) {
      heads.put(name, logStates.getOrDefault(name, LogState.NONE));
    }
    blobStates.forEach(
        (id, state) -> state.ifPresentOrElse(s -> blobs.put(id, s), () -> blobs.remove(id)));
  }

  /** Logs that were appended to or dropped. */
  Set<LogName> moved() {
    return moved;
  }
}
