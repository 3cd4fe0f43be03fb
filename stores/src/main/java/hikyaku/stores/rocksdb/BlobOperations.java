package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import hikyaku.stores.rocksdb.proto.UploadRecord;
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
    private final Pending pending;

    /**
     * @param chunks the content coded, or null if the blob is thought to be there
     * @param time when it was put, in milliseconds since 1970
     */
    PutInline(
        BlobId id, byte[] content, @Nullable List<ChunkRecord> chunks, long time, Pending pending) {
      this.id = id;
      this.content = content;
      this.chunks = chunks;
      this.time = time;
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
      if (known != null) {
        touch(batch, id, known, time);
        return false;
      }
      long number = batch.newBlob();
      List<ChunkRecord> pieces = chunks == null ? Chunks.raw(content) : chunks;
      for (int index = 0; index < pieces.size(); index++) {
        batch.put(Column.CHUNKS, Keys.chunk(number, index), pieces.get(index));
      }
      batch.putBlob(id, new BlobState(number, content.length, Chunks.SIZE, time));
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

  /** Keeps a blob from being swept for another grace. */
  private static void touch(Batch batch, BlobId id, BlobState known, long time)
      throws RocksDBException {
    if (known.put() < time) {
      batch.putBlob(id, known.putAt(time));
    }
  }

  /** One chunk of a large blob. */
  static final class PutChunk extends Operation<Boolean> {
    private final Upload upload;
    private final int index;
    private final ChunkRecord chunk;
    private final long time;

    /**
     * @param time when it was put, in milliseconds since 1970
     */
    PutChunk(Upload upload, int index, ChunkRecord chunk, long time) {
      this.upload = upload;
      this.index = index;
      this.chunk = chunk;
      this.time = time;
    }

    @Override
    long weight() {
      return OVERHEAD + chunk.getOctets().size();
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      long number = upload.numberIn(batch);
      if (index == 0) {
        batch.put(
            Column.META,
            Keys.meta(Keys.UPLOAD, number),
            UploadRecord.newBuilder().setBegan(time).build());
      }
      batch.put(Column.CHUNKS, Keys.chunk(number, index), chunk);
      upload.wrote(index + 1, time);
      return true;
    }

    @Override
    void lost(Throwable cause) {
      upload.breakOff(cause);
    }
  }

  /** Makes a blob of the chunks. Tells whether it was new. */
  static final class Finish extends Operation<Boolean> {
    private final Upload upload;
    private final Blob blob;

    Finish(Upload upload, Blob blob) {
      this.upload = upload;
      this.blob = blob;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      long number = upload.numberIn(batch);
      BlobState known = batch.blob(blob.id());
      batch.delete(Column.META, Keys.meta(Keys.UPLOAD, number));
      if (known != null) {
        batch.deleteChunks(number, upload.chunks());
        touch(batch, blob.id(), known, batch.now());
        return false;
      }
      batch.putBlob(blob.id(), new BlobState(number, blob.size(), Chunks.SIZE, batch.now()));
      upload.finished = true;
      return true;
    }
  }

  /**
   * Takes back the chunks of an upload that will not be finished. Whoever gave up waiting for the
   * end may not know that it came: then the chunks are the blob's.
   */
  static final class Abandon extends Operation<Boolean> {
    private final Upload upload;

    Abandon(Upload upload) {
      this.upload = upload;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      long number = upload.numberIn(batch);
      if (upload.finished) {
        return false;
      }
      batch.deleteChunks(number, upload.chunks());
      batch.delete(Column.META, Keys.meta(Keys.UPLOAD, number));
      return true;
    }
  }

  /**
   * Chunks without a blob that no upload of this process will finish. Between the look that found
   * them and this, the upload may have been finished: then its mark is gone, and the chunks are the
   * blob's.
   */
  static final class ClearUpload extends Operation<Boolean> {
    private final long number;

    ClearUpload(long number) {
      this.number = number;
    }

    @Override
    long weight() {
      return OVERHEAD;
    }

    /** It looks for the mark. */
    @Override
    boolean alone() {
      return true;
    }

    @Override
    Boolean stage(Batch batch) throws RocksDBException {
      byte[] mark = Keys.meta(Keys.UPLOAD, number);
      if (batch.handle().get(Column.META, mark) == null) {
        return false;
      }
      batch.deleteRange(Column.CHUNKS, Keys.number(number), Keys.number(number + 1));
      batch.delete(Column.META, mark);
      return true;
    }
  }

  /**
   * Takes away those of the blobs that nobody names and nobody has put lately. On the committer and
   * alone, so that no put or append comes between the look and the deed.
   */
  static final class Sweep extends Operation<BlobStore.Swept> {
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
    BlobStore.Swept stage(Batch batch) throws RocksDBException {
      long removed = 0;
      long octets = 0;
      for (BlobId id : candidates) {
        BlobState blob = batch.blob(id);
        if (blob != null && blob.put() <= edge && !isNamed(batch.handle(), id)) {
          batch.deleteChunks(blob.number(), blob.chunks());
          batch.deleteBlob(id);
          removed++;
          octets += blob.size();
        }
      }
      return new BlobStore.Swept(0, removed, octets);
    }
  }

  static boolean isNamed(Handle handle, BlobId id) throws RocksDBException {
    try (Scan references = handle.scan(Column.REFERENCES, Keys.blob(id))) {
      return references.valid();
    }
  }

  /** A large blob on its way: its chunks are in the database, and nothing names them yet. */
  static final class Upload {
    private final long opening;
    private volatile long number;
    private volatile int chunks;
    private volatile long lastWrite;
    private volatile @Nullable Throwable broken;

    /** Whether its chunks are a blob's. For the committer. */
    private boolean finished;

    /**
     * @param opening the opening of the database that it belongs to; it does not outlive it
     * @param now the time, in milliseconds since 1970
     */
    Upload(long opening, long now) {
      this.opening = opening;
      this.lastWrite = now;
    }

    /** Its number, taken with the first chunk. For the committer. */
    private long numberIn(Batch batch) {
      requireWhole();
      if (batch.opening() != opening) {
        throw new StoreException.Unavailable(
            "the database was opened anew while a blob came in", broken);
      }
      if (number == 0) {
        number = batch.newBlob();
      }
      return number;
    }

    private void wrote(int count, long time) {
      chunks = count;
      lastWrite = time;
    }

    private int chunks() {
      return chunks;
    }

    long number() {
      return number;
    }

    long lastWrite() {
      return lastWrite;
    }

    void breakOff(Throwable cause) {
      broken = cause;
    }

    void requireWhole() {
      Throwable cause = broken;
      if (cause != null) {
        throw new StoreException.Unavailable("part of the blob could not be written", cause);
      }
    }
  }
}
