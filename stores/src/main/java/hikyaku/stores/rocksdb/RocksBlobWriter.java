package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A blob coming in. Up to {@link BlobStore#INLINE} octets are held and written at once when it is
 * finished; of a larger one a chunk at most is held, and another while it is coded and written.
 */
final class RocksBlobWriter implements BlobWriter {
  private static final int FIRST_BUFFER = 4 * 1024;
  private static final byte[] NOTHING = {};

  private final RocksBlobs blobs;
  private final MessageDigest sha256 = sha256();
  private byte[] held = new byte[FIRST_BUFFER];
  private int count;
  private long size;
  private @Nullable LargeUpload upload;
  private boolean ended;

  RocksBlobWriter(RocksBlobs blobs) {
    this.blobs = blobs;
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void write(byte[] octets, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, octets.length);
    requireGoing();
    blobs.requireOpen();
    sha256.update(octets, offset, length);
    size += length;
    int from = offset;
    int left = length;
    while (left > 0) {
      if (count == capacity()) {
        spill();
      }
      int taken = Math.min(left, capacity() - count);
      makeRoom(taken);
      System.arraycopy(octets, from, held, count, taken);
      count += taken;
      from += taken;
      left -= taken;
    }
  }

  /** What may be held: all of a small blob, one chunk of a large one. */
  private int capacity() {
    return upload == null ? BlobStore.INLINE : Chunks.SIZE;
  }

  private void makeRoom(int more) {
    if (count + more > held.length) {
      int doubled = Math.max(count + more, 2 * held.length);
      held = Arrays.copyOf(held, upload == null ? Math.min(capacity(), doubled) : capacity());
    }
  }

  /** Has what is held coded and written; from the first time on the blob is a large one. */
  private void spill() {
    if (upload == null) {
      upload = blobs.beginUpload();
    }
    for (int from = 0; from < count; from += Chunks.SIZE) {
      blobs.write(upload, held, from, Math.min(count - from, Chunks.SIZE));
    }
    count = 0;
    held = NOTHING;
  }

  @Override
  public Blob finish() {
    requireGoing();
    BlobId id = BlobId.of(sha256.digest());
    if (upload == null) {
      ended = true;
      return blobs.putInline(id, count == held.length ? held : Arrays.copyOf(held, count));
    }
    spill();
    Blob blob = blobs.finish(upload, new Blob(id, size));
    ended = true;
    return blob;
  }

  private void requireGoing() {
    if (ended) {
      throw new IllegalStateException("the blob has been finished or closed");
    }
  }

  @Override
  public void close() {
    if (!ended) {
      ended = true;
      if (upload != null) {
        blobs.abandon(upload);
      }
    }
  }
}
