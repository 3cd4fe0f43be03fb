package hikyaku.stores.rocksdb;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/** Records read and not yet decoded: decoding needs no native thread. */
final class Records {
  private Records() {}

  record Raw(byte[] key, byte[] value) {
    <M extends MessageLite> M decode(Column column, Parser<M> parser) {
      return Frames.decode(column, key, value, parser);
    }
  }

  /** The records from one key on, up to another or the end, at most so many. */
  static List<Raw> take(Handle handle, Column column, byte[] from, byte @Nullable [] to, int limit)
      throws RocksDBException {
    return take(handle.scan(column, from, to), limit);
  }

  /** What is left of a walk, at most so many records. Closes it. */
  static List<Raw> take(Scan scan, int limit) throws RocksDBException {
    List<Raw> found = new ArrayList<>();
    try (scan) {
      for (; found.size() < limit && scan.valid(); scan.next()) {
        found.add(new Raw(scan.key(), scan.value()));
      }
    }
    return found;
  }

  /** The first key behind this one. */
  static byte[] after(byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }
}
