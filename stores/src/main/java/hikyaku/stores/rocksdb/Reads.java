package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * Reads as callers want them. What is in memory is read where it is asked for: to hand that over to
 * another thread and back takes many times as long. Only what needs the disk goes to the threads
 * that may wait for it.
 */
final class Reads {
  /** More records are worth handing over at once: part of them is likely to be on the disk. */
  static final int FEW = 16;

  private final Database database;
  private final NativePool pool;
  private final Files files = new Files();

  Reads(Database database, NativePool pool) {
    this.database = database;
    this.pool = pool;
  }

  /** Looks up values in the database. */
  @FunctionalInterface
  private interface LookUp {
    byte @Nullable [] value(Handle handle, byte[] key) throws RocksDBException;
  }

  /**
   * The value of one key, null if there is none.
   *
   * @param what names the read in an error
   */
  byte @Nullable [] get(Object what, Column column, byte[] key) {
    return get(what, column, List.of(key)).getFirst();
  }

  /** The values of keys, null where there is none. */
  List<byte @Nullable []> get(Object what, Column column, List<byte[]> keys) {
    return keys.size() > FEW
        ? pool.call(() -> database.use(what, handle -> handle.get(column, keys)))
        : few(what, column, keys, (handle, key) -> handle.get(column, key));
  }

  /** As {@link #get}, without a place in the cache for what will hardly be asked for again. */
  byte @Nullable [] getOnce(Object what, Column column, byte[] key) {
    return few(what, column, List.of(key), (handle, k) -> handle.getOnce(column, k)).getFirst();
  }

  private List<byte @Nullable []> few(
      Object what, Column column, List<byte[]> keys, LookUp anywhere) {
    try {
      return database.useMemory(
          what, handle -> values(handle, keys, (h, key) -> h.getFromMemory(column, key)));
    } catch (Database.NotInMemory e) {
      return pool.call(() -> database.use(what, handle -> values(handle, keys, anywhere)));
    }
  }

  private static List<byte @Nullable []> values(Handle handle, List<byte[]> keys, LookUp lookUp)
      throws RocksDBException {
    List<byte @Nullable []> values = new ArrayList<>(keys.size());
    for (byte[] key : keys) {
      values.add(lookUp.value(handle, key));
    }
    return values;
  }

  /** Octets of files, which may be on the disk. */
  FileChunks.Source files() {
    return files;
  }

  /** Octets of files that were read, or are being read, before they are asked for. */
  long readAhead() {
    return files.ahead.taken();
  }

  /** The files of blobs. */
  private final class Files implements FileChunks.Source {
    private final FileAhead ahead = FileAhead.ofHeap();

    @Override
    public Optional<byte[]> read(Path path, long from, int length) {
      return pool.call(() -> BlobFiles.readHere(path, from, length));
    }

    @Override
    public FileChunks.@Nullable Begun begin(Path path, long from, int length) {
      FileAhead.Room room = ahead.take(length);
      if (room == null) {
        return null;
      }
      try {
        return new BegunHere(pool.begin(() -> BlobFiles.readHere(path, from, length)), room);
      } catch (StoreException e) {
        // Whoever reads when it has to will be told.
        room.close();
        return null;
      }
    }
  }

  private record BegunHere(NativePool.Begun<Optional<byte[]>> read, FileAhead.Room room)
      implements FileChunks.Begun {
    @Override
    public Optional<byte[]> octets() {
      return read.answer();
    }

    @Override
    public boolean hasFailed() {
      return read.hasFailed();
    }

    @Override
    public void release() {
      // Whoever waits no more does not end the read: until it is over it has its octets.
      read.afterwards(room::close);
    }
  }

  /** The records from one key on, up to another or the end, at most so many. */
  List<Records.Raw> take(Object what, Column column, byte[] from, byte @Nullable [] to, int limit) {
    return pool.call(
        () -> database.use(what, handle -> Records.take(handle, column, from, to, limit)));
  }
}
