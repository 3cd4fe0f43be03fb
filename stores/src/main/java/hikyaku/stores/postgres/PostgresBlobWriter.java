package hikyaku.stores.postgres;

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
 * A blob coming in. Up to {@link BlobStore#INLINE} octets are held and written with the append that
 * names them; a larger one is written in parts of that size while it comes in.
 */
final class PostgresBlobWriter implements BlobWriter {
  private static final int FIRST_BUFFER = 4 * 1024;

  private final PostgresBlobs blobs;
  private final SharedFiles files;
  private final MessageDigest sha256 = sha256();
  private byte[] held = new byte[FIRST_BUFFER];
  private int count;
  private long size;

  /** Under which a large one is written; 0 while it is small. */
  private long number;

  private SharedFiles.@Nullable Upload file;
  private int chunks;
  private boolean ended;

  PostgresBlobWriter(PostgresBlobs blobs, SharedFiles files) {
    this.blobs = blobs;
    this.files = files;
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
      if (count == BlobStore.INLINE) {
        spill();
      }
      int taken = Math.min(left, BlobStore.INLINE - count);
      makeRoom(taken);
      System.arraycopy(octets, from, held, count, taken);
      count += taken;
      from += taken;
      left -= taken;
    }
  }

  private void makeRoom(int more) {
    if (count + more > held.length) {
      int doubled = Math.max(count + more, 2 * held.length);
      held = Arrays.copyOf(held, Math.min(BlobStore.INLINE, doubled));
    }
  }

  /** Hands on what is held; from the first time on the blob is a large one. */
  private void spill() {
    if (blobs.toFiles()) {
      if (file == null) {
        file = files.begin(blobs.nextNumber());
      }
      file.write(held, count);
    } else if (count > 0) {
      if (number == 0) {
        number = blobs.nextNumber();
      }
      blobs.upload(number, chunks, held, count);
      chunks += (count + Codec.SIZE - 1) / Codec.SIZE;
    }
    count = 0;
  }

  @Override
  public Blob finish() {
    requireGoing();
    blobs.requireOpen();
    BlobId id = BlobId.of(sha256.digest());
    if (blobs.toFiles()) {
      spill();
      SharedFiles.Upload done = Objects.requireNonNull(file);
      done.finish(id);
      ended = true;
      return blobs.putFile(id, done.number(), size, done.sums());
    }
    if (number == 0) {
      ended = true;
      return blobs.putInline(id, count == held.length ? held : Arrays.copyOf(held, count));
    }
    spill();
    Blob blob = blobs.finish(number, new Blob(id, size), chunks);
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
      if (file != null) {
        file.abandon();
      }
      if (number != 0) {
        blobs.abandon(number);
      }
    }
  }
}
