package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/** What is done to blobs. */
final class BlobOperations {
  private BlobOperations() {}

  /**
   * A small blob, whole. Tells whether it was new. Until it is written it can be read from here.
   */
  static final class PutInline extends Operation<Boolean> {
    private final BlobId id;
    private final byte[] content;
    private final @Nullable List<ChunkRecord> chunks;
    private final long time;
    private final @Nullable BlobState damaged;
    private final Pending pending;

    /**
     * @param chunks the content coded, or null if the blob is thought to be there
     * @param time when it was put, in milliseconds since 1970
     * @param damaged what this is to replace, if it is still so
     */
    PutInline(
        BlobId id,
        byte[] content,
        @Nullable List<ChunkRecord> chunks,
        long time,
        @Nullable BlobState damaged,
        Pending pending) {
      this.id = id;
      this.content = content;
      this.chunks = chunks;
      this.time = time;
      this.damaged = damaged;
      this.pending = pending;
    }

    byte[] content() {
      return content;
    }

    /** It goes with the append that names it; if none does, it is missed by nobody. */
    @Override
    boolean canWait() {
      return true;
    }

    @Override
    long weight() {
      return OVERHEAD + 2L * content.length;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      BlobState known = batch.blob(id);
      if (known != null && !isDamaged(known, damaged)) {
        touch(batch, id, known, time);
        return false;
      }
      if (known != null) {
        replace(batch, known);
      }
      long number = batch.newBlob();
      List<ChunkRecord> pieces = chunks == null ? Chunks.raw(content) : chunks;
      for (int index = 0; index < pieces.size(); index++) {
        batch.put(Column.CHUNKS, Keys.chunk(number, index), pieces.get(index));
      }
      batch.putBlob(id, new BlobState(number, content.length, Chunks.SIZE, time, 0));
      return true;
    }

    @Override
    void written(Boolean isNew) {
      pending.arrived(id, this, isNew);
    }

    @Override
    void lost(Throwable cause) {
      pending.gone(id, this);
    }
  }

  /** Whether this is what somebody has found damaged; if not, it has come anew meanwhile. */
  private static boolean isDamaged(BlobState known, @Nullable BlobState damaged) {
    return damaged != null && damaged.number() == known.number();
  }

  /** Clears damaged content, for sound content takes its place. Its file is not taken away here. */
  private static void replace(Batch batch, BlobState damaged) throws RocksDBException {
    if (damaged.hasFile()) {
      // Before its file goes: after a crash the record would name it again.
      batch.sync();
    } else {
      batch.deleteChunks(damaged.number(), damaged.chunks());
    }
  }

  /** Keeps a blob from being swept for another grace. */
  private static void touch(Batch batch, BlobId id, BlobState known, long time)
      throws RocksDBException {
    if (known.put() < time) {
      batch.putBlob(id, known.putAt(time));
    }
  }

  /**
   * Makes a blob of a file, which is durable. Tells whether the blob is new, or this file is in the
   * place of damaged content; if neither, nobody needs the file.
   */
  static final class Keep extends Operation<Boolean> {
    private final LargeUpload upload;
    private final Blob blob;
    private final long fileOctets;
    private final @Nullable BlobState damaged;

    /**
     * @param fileOctets octets of the chunks in the file
     * @param damaged what this is to replace, if it is still so
     */
    Keep(LargeUpload upload, Blob blob, long fileOctets, @Nullable BlobState damaged) {
      this.upload = upload;
      this.blob = blob;
      this.fileOctets = fileOctets;
      this.damaged = damaged;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    /** Whoever has given up waiting for this may have had the file taken away. */
    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      upload.requireWhole();
      BlobState known = batch.blob(blob.id());
      if (known != null && !isDamaged(known, damaged)) {
        touch(batch, blob.id(), known, batch.now());
        return false;
      }
      if (known != null) {
        replace(batch, known);
      }
      batch.putBlob(
          blob.id(),
          new BlobState(upload.number(), blob.size(), Chunks.SIZE, batch.now(), fileOctets));
      return true;
    }
  }

  /**
   * Whether a file that no upload of this process is writing is no blob's. On the committer and
   * alone, so that it comes before or after the end of an upload that was given up.
   */
  static final class IsOrphan extends Operation<Boolean> {
    private final BlobId id;
    private final long number;

    IsOrphan(BlobId id, long number) {
      this.id = id;
      this.number = number;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    boolean alone() {
      return true;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      BlobState blob = batch.blob(id);
      return blob == null || blob.number() != number;
    }
  }

  /** A blob that was taken away; its file, if it has one, is still there. */
  record Removed(BlobId id, BlobState blob) {}

  /**
   * Takes away those of the blobs that nobody names and nobody has put lately. On the committer and
   * alone, so that no put or append comes between the look and the deed.
   */
  static final class Sweep extends Operation<List<Removed>> {
    private final List<BlobId> candidates;
    private final long edge;

    /**
     * @param edge blobs put after this time, in milliseconds since 1970, stay
     */
    Sweep(List<BlobId> candidates, long edge) {
      this.candidates = candidates;
      this.edge = edge;
    }

    @Override
    long weight() {
      return OVERHEAD * (1 + candidates.size());
    }

    @Override
    boolean alone() {
      return true;
    }

    @Override
    List<Removed> stage(Batch batch) throws RocksDBException {
      List<Removed> removed = new ArrayList<>();
      for (BlobId id : candidates) {
        BlobState blob = batch.blob(id);
        if (blob != null && blob.put() <= edge && !isNamed(batch.handle(), id)) {
          if (blob.hasFile()) {
            // Before its file goes: a blob that came back after a crash would be put without one.
            batch.sync();
          } else {
            batch.deleteChunks(blob.number(), blob.chunks());
          }
          batch.deleteBlob(id);
          removed.add(new Removed(id, blob));
        }
      }
      return removed;
    }
  }

  static boolean isNamed(Handle handle, BlobId id) throws RocksDBException {
    try (Scan references = handle.scan(Column.REFERENCES, Keys.blob(id))) {
      return references.valid();
    }
  }
}
