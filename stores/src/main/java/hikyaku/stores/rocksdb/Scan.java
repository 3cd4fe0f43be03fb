package hikyaku.stores.rocksdb;

import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/** A walk over keys in order, on the database as it was when the walk began. */
final class Scan implements AutoCloseable {
  private final RocksIterator iterator;
  private final ReadOptions options;
  private final @Nullable Slice bound;

  Scan(RocksIterator iterator, ReadOptions options, @Nullable Slice bound) {
    this.iterator = iterator;
    this.options = options;
    this.bound = bound;
  }

  void seek(byte[] key) {
    iterator.seek(key);
  }

  void seekToLast() {
    iterator.seekToLast();
  }

  /**
   * Whether there is a record here. False at the end, and only there.
   *
   * @throws RocksDBException if the walk was stopped by what could not be read
   */
  boolean valid() throws RocksDBException {
    if (iterator.isValid()) {
      return true;
    }
    iterator.status();
    return false;
  }

  void next() {
    iterator.next();
  }

  byte[] key() {
    return iterator.key();
  }

  byte[] value() {
    return iterator.value();
  }

  @Override
  public void close() {
    iterator.close();
    options.close();
    if (bound != null) {
      bound.close();
    }
  }
}
