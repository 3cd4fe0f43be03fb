package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open blob. Holds what was last read, for readers mostly go on where they were; who does gets
 * several chunks at once.
 */
final class PostgresBlobReader implements BlobReader {
  private static final int AHEAD = 4;

  private final PostgresBlobs blobs;
  private final BlobId id;
  private final long size;

  /** Null if all of the blob is held already. */
  private final PostgresBlobs.@Nullable Stored stored;

  private byte[] held;
  private long heldFrom;
  private boolean closed;

  PostgresBlobReader(PostgresBlobs blobs, BlobId id, byte[] content) {
    this.blobs = blobs;
    this.id = id;
    this.size = content.length;
    this.stored = null;
    this.held = content;
  }

  PostgresBlobReader(PostgresBlobs blobs, BlobId id, PostgresBlobs.Stored stored) {
    this.blobs = blobs;
    this.id = id;
    this.size = stored.size();
    this.stored = stored;
    this.held = new byte[0];
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    PostgresLogs.require(position >= 0, "position " + position);
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
    int index = (int) (position / Codec.SIZE);
    boolean onwards = position == heldFrom + held.length;
    held = blobs.chunks(id, stored, index, onwards ? AHEAD : 1);
    heldFrom = (long) index * Codec.SIZE;
  }

  @Override
  public void close() {
    closed = true;
    held = new byte[0];
  }
}
