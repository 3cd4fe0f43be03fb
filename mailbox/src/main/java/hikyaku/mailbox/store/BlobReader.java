package hikyaku.mailbox.store;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/** An open blob. Used by one thread. */
public interface BlobReader extends AutoCloseable {
  long size();

  /**
   * Reads octets from any place; only the chunks that hold them are fetched.
   *
   * @return the number read: {@code length}, or fewer at the blob's end; 0 at or after it
   * @throws StoreException.Corrupt if what is stored does not pass its checksum
   */
  int read(long position, byte[] buffer, int offset, int length);

  /** Hands octets {@code from} (inclusive) to {@code to} (exclusive) to the sink, in order. */
  default void copy(long from, long to, OctetSink sink) throws IOException {
    byte[] buffer = new byte[(int) Math.max(1, Math.min(64 * 1024, to - from))];
    long position = from;
    while (position < to) {
      int count = read(position, buffer, 0, (int) Math.min(buffer.length, to - position));
      if (count == 0) {
        return;
      }
      sink.write(buffer, 0, count);
      position += count;
    }
  }

  @Override
  void close();
}
