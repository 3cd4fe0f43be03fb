package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.rocksdb.proto.FileIndexRecord;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A large blob on its way into a file of its own: one chunk is coded and written while the next one
 * comes. Used by one thread, but that any may break it off.
 */
final class LargeUpload {
  private final BlobFiles.Upload file;
  private final ChunkEncoder encoder;
  private final FileIndexRecord.Builder index = FileIndexRecord.newBuilder();
  private long contentOctets;
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
        unlessBroken(() ->
            file.append(
                () -> ByteBuffer.wrap(Frames.encode(key, encoder.encode(content, from, length)))));
    contentOctets += length;
    lastWrite = now;
  }

  private void settle() {
    requireWhole();
    CompletableFuture<Integer> begun = writing;
    if (begun != null) {
      writing = null;
      int count = unlessBroken(() -> file.finished(begun));
      index.addChunkOctets(count);
      octets += count;
    }
  }

  /** A part that fails leaves a hole: nothing may be made of the file any more. */
  private <T> T unlessBroken(Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      if (broken == null) {
        broken = new StoreException.Unavailable("a part of the blob was lost", e);
      }
      throw e;
    }
  }

  /**
   * Makes the file durable.
   *
   * @return octets of its chunks
   */
  long finish(Blob blob) {
    settle();
    long chunks = (contentOctets + Chunks.SIZE - 1) / Chunks.SIZE;
    if (contentOctets != blob.size() || index.getChunkOctetsCount() != chunks) {
      throw new StoreException.Unavailable("a part of the blob was lost", null);
    }
    return unlessBroken(() -> {
      file.write(ByteBuffer.wrap(Frames.encode(Keys.number(number()), index.build())));
      file.finish(blob.id());
      return octets;
    });
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
