package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.ChangeRecord;
import hikyaku.stores.rocksdb.proto.FormatRecord;
import hikyaku.stores.rocksdb.proto.TrimRecord;
import java.security.SecureRandom;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** What the committer counts on with, read from the database each time it is opened. */
final class Counters {
  /** The version of everything written in a directory; this program reads it and older ones. */
  static final int FORMAT = 2;

  /** Numbers that one opening can hand out: 2^40. The rest, 2^23 openings, is above. */
  private static final int NUMBERS = 40;

  private final int storeId;
  private final long opening;
  private long numbers;
  private long lastChange;
  private long lastChangeTime;
  private volatile long writtenChange;

  private Counters(int storeId, long opening, long lastChange, long lastChangeTime) {
    this.storeId = storeId;
    this.opening = opening;
    this.lastChange = lastChange;
    this.writtenChange = lastChange;
    this.lastChangeTime = lastChangeTime;
  }

  /**
   * Reads the counters, notes the opening durably, and clears away the chunks of uploads that the
   * end of the last one cut off, if that was of format 1.
   *
   * @throws StoreException.Unavailable if the directory is of a later format
   */
  static Counters open(Handle handle) throws RocksDBException {
    FormatRecord format = format(handle);
    FormatRecord opened =
        format.toBuilder().setVersion(FORMAT).setOpenings(format.getOpenings() + 1).build();
    long lastChange = 0;
    long lastChangeTime = 0;
    byte[] trim = handle.get(Column.META, Keys.TRIM);
    if (trim != null) {
      lastChange = Frames.decode(Column.META, Keys.TRIM, trim, TrimRecord.parser()).getThrough();
    }
    try (Scan changes = handle.scan(Column.CHANGES, Keys.number(0), null);
        WriteBatch batch = new WriteBatch()) {
      changes.seekToLast();
      if (changes.valid()) {
        ChangeRecord last =
            Frames.decode(Column.CHANGES, changes.key(), changes.value(), ChangeRecord.parser());
        lastChange = Keys.numberAt(changes.key(), 0);
        lastChangeTime = last.getTime();
      }
      clearUploads(handle, batch);
      handle.put(batch, Column.META, Keys.FORMAT, Frames.encode(Keys.FORMAT, opened));
      handle.write(batch, true);
    }
    return new Counters(opened.getStoreId(), opened.getOpenings(), lastChange, lastChangeTime);
  }

  private static FormatRecord format(Handle handle) throws RocksDBException {
    byte[] frame = handle.get(Column.META, Keys.FORMAT);
    if (frame == null) {
      return FormatRecord.newBuilder().setStoreId(new SecureRandom().nextInt()).build();
    }
    FormatRecord format = Frames.decode(Column.META, Keys.FORMAT, frame, FormatRecord.parser());
    if (format.getVersion() > FORMAT) {
      throw new StoreException.Unavailable(
          "the directory has format "
              + format.getVersion()
              + ", made by a later release; this one knows formats up to "
              + FORMAT,
          null);
    }
    return format;
  }

  private static void clearUploads(Handle handle, WriteBatch batch) throws RocksDBException {
    try (Scan uploads = handle.scan(Column.META, new byte[] {Keys.UPLOAD})) {
      for (; uploads.valid(); uploads.next()) {
        long number = Keys.numberAt(uploads.key(), 1);
        handle.deleteRange(batch, Column.CHUNKS, Keys.number(number), Keys.number(number + 1));
        handle.delete(batch, Column.META, uploads.key());
      }
    }
  }

  int storeId() {
    return storeId;
  }

  long opening() {
    return opening;
  }

  /** A number for a log or a blob, never used before. */
  synchronized long nextNumber() {
    return (opening << NUMBERS) | numbers++;
  }

  /** The last change that is written and that the caches know of. */
  long writtenChange() {
    return writtenChange;
  }

  /** All changes that have a number are written. */
  synchronized void written() {
    writtenChange = lastChange;
  }

  synchronized long nextChange() {
    return ++lastChange;
  }

  /** The time for a change, not before that of the last one. */
  synchronized long changeTime(long now) {
    lastChangeTime = Math.max(lastChangeTime, now);
    return lastChangeTime;
  }
}
