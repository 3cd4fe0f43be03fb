package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A small file that says how far writes have been made durable, beside the database and written
 * after each sync.
 *
 * <p>RocksDB reads its log up to the first record that is broken and takes the rest for the torn
 * end that a crash leaves. If the break lies before something that was answered, that would be a
 * silent loss; with this mark it is an error. The file is not synced: it may be behind the truth
 * after a power failure, never ahead of it.
 */
final class AcknowledgedMark implements AutoCloseable {
  private static final int LENGTH = Long.BYTES + Integer.BYTES;

  private final Path path;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(LENGTH);

  private AcknowledgedMark(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static AcknowledgedMark open(Path directory) {
    Path path = directory.resolve("acknowledged");
    try {
      return new AcknowledgedMark(
          path,
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw new StoreException.Unavailable("cannot open " + path, e);
    }
  }

  /**
   * Fails if the database has come back with less than was made durable.
   *
   * @param latest how far the database goes
   */
  void check(long latest) {
    long marked = read();
    if (latest < marked) {
      throw new StoreException.Corrupt(
          "the write-ahead log is broken: records up to "
              + marked
              + " were acknowledged, and it can be read up to "
              + latest
              + ". Nothing has been changed. Restore the files, or accept the loss by deleting "
              + path,
          null);
    }
  }

  /** How far that is; 0 if nothing was ever marked. */
  long read() {
    try {
      if (channel.size() == 0) {
        return 0;
      }
      ByteBuffer octets = ByteBuffer.allocate(LENGTH);
      while (octets.hasRemaining() && channel.read(octets, octets.position()) > 0) {
        continue;
      }
      octets.flip();
      if (octets.remaining() == LENGTH) {
        long marked = octets.getLong();
        if (octets.getInt() == checksum(marked)) {
          return marked;
        }
      }
      throw new StoreException.Corrupt(
          path + " does not pass its checksum; delete it to go on without it", null);
    } catch (IOException e) {
      throw new StoreException.Unavailable("cannot read " + path, e);
    }
  }

  /** Notes that everything up to here is durable. Called by the committer alone. */
  void advance(long latest) {
    buffer.clear().putLong(latest).putInt(checksum(latest)).flip();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer, buffer.position());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int checksum(long marked) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(marked).flip());
    return (int) crc.getValue();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
