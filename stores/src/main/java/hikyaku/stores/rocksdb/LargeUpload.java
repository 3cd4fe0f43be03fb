package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.rocksdb.proto.FileIndexRecord;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A large blob on its way into a file of its own: one chunk is coded and written while the next one
 * comes. Used by one thread, but that any may break it off.
 */
final class LargeUpload {
  private final BlobFiles.Upload file;
  private final ChunkEncoder encoder;
  private final FileIndexRecord.Builder index = FileIndexRecord.newBuilder();
  private long octets;
  private @Nullable CompletableFuture<Integer> writing;
  private volatile long lastWrite;
  private volatile @Nullable StoreException broken;

  /**
   * @param now the time, in milliseconds since 1970
   */
  LargeUpload(BlobFiles.Upload file, ChunkEncoder encoder, long now) {
    this.file = file;
    this.encoder = encoder;
    this.lastWrite = now;
  }

  long number() {
    return file.number();
  }

  /** When it last grew, in milliseconds since 1970. */
  long lastWrite() {
    return lastWrite;
  }

  /**
   * Begins to code and write a chunk, when the one before is written.
   *
   * @param content is not to be changed any more
   */
  void add(byte[] content, int from, int length, long now) {
    settle();
    byte[] key = Keys.chunk(number(), index.getChunkOctetsCount());
    writing =
        file.append(
            () -> ByteBuffer.wrap(Frames.encode(key, encoder.encode(content, from, length))));
    lastWrite = now;
  }

  private void settle() {
    requireWhole();
    CompletableFuture<Integer> begun = writing;
    if (begun != null) {
      writing = null;
      int count = file.finished(begun);
      index.addChunkOctets(count);
      octets += count;
    }
  }

  /**
   * Makes the file durable.
   *
   * @return octets of its chunks
   */
  long finish(BlobId id) {
    settle();
    file.write(ByteBuffer.wrap(Frames.encode(Keys.number(number()), index.build())));
    file.finish(id);
    return octets;
  }

  /** No blob will be made of it. What it has written under no blob's name is taken away. */
  void breakOff(String why) {
    broken = new StoreException.Unavailable(why, null);
    file.abandon();
  }

  void requireWhole() {
    StoreException cause = broken;
    if (cause != null) {
      throw new StoreException.Unavailable(String.valueOf(cause.getMessage()), cause);
    }
  }
}
