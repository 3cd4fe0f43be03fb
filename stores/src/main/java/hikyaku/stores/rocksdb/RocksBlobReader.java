package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An open blob. Holds the chunk last read, for readers mostly go on where they were. */
final class RocksBlobReader implements BlobReader {
  private static final byte[] NOTHING = {};

  private record Stored(BlobState state, BlobChunks chunks) {}

  private final RocksBlobs blobs;
  private final BlobId id;
  private final long size;

  /** Where the rest of it is; null if all of the blob is held already. */
  private final @Nullable Stored stored;

  private byte[] held;
  private long heldFrom;
  private boolean closed;

  RocksBlobReader(RocksBlobs blobs, BlobId id, byte[] content) {
    this.blobs = blobs;
    this.id = id;
    this.size = content.length;
    this.stored = null;
    this.held = content;
  }

  RocksBlobReader(RocksBlobs blobs, BlobId id, BlobState state, BlobChunks chunks) {
    this.blobs = blobs;
    this.id = id;
    this.size = state.size();
    this.stored = new Stored(state, chunks);
    this.held = NOTHING;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    RocksLogs.require(position >= 0, "position " + position);
    if (closed) {
      throw new IllegalStateException("the reader has been closed");
    }
    blobs.requireOpen();
    if (position >= size) {
      return 0;
    }
    int wanted = (int) Math.min(length, size - position);
    int done = 0;
    while (done < wanted) {
      long at = position + done;
      fetch(at);
      int skip = (int) (at - heldFrom);
      int taken = Math.min(wanted - done, held.length - skip);
      System.arraycopy(held, skip, buffer, offset + done, taken);
      done += taken;
    }
    return done;
  }

  /** Holds the chunk with this position. */
  private void fetch(long position) {
    if (position >= heldFrom && position < heldFrom + held.length) {
      return;
    }
    if (stored == null) {
      throw new IllegalStateException("a blob held whole has no other chunk");
    }
    int chunkSize = stored.state().chunkSize();
    int index = (int) (position / chunkSize);
    byte[] spare = held;
    held = NOTHING;
    held = blobs.chunk(id, stored.state(), stored.chunks(), index, spare);
    heldFrom = (long) index * chunkSize;
  }

  @Override
  public void close() {
    closed = true;
    held = NOTHING;
    if (stored != null) {
      stored.chunks().close();
    }
  }
}
