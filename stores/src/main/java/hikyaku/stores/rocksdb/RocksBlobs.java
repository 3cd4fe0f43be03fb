package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The blobs of a {@link RocksStore}. */
final class RocksBlobs implements BlobStore {
  /** With more damaged blobs than this, some readers fail in the middle more than once. */
  private static final int MOST_SUSPECTS = 10_000;

  private final RocksStore store;
  private final CommitQueue queue;
  private final Committer committer;
  private final Reads reads;
  private final ChunkEncoder encoder;
  private final Maintenance maintenance;
  private final CommittedCache<BlobId, BlobState> cache;
  private final Pending pending;
  private final Set<BlobOperations.Upload> uploads;

  /**
   * Blobs of which a chunk was found damaged. They are read through before they are opened again:
   * who reads them would fail in the middle, at every attempt.
   */
  private final Set<BlobId> suspects = ConcurrentHashMap.newKeySet();

  RocksBlobs(
      RocksStore store,
      CommitQueue queue,
      Committer committer,
      Reads reads,
      ChunkEncoder encoder,
      Maintenance maintenance,
      CommittedCache<BlobId, BlobState> cache,
      Pending pending,
      Set<BlobOperations.Upload> uploads) {
    this.store = store;
    this.queue = queue;
    this.committer = committer;
    this.reads = reads;
    this.encoder = encoder;
    this.maintenance = maintenance;
    this.cache = cache;
    this.pending = pending;
    this.uploads = uploads;
  }

  @Override
  public BlobWriter create() {
    return store.counted(() -> new RocksBlobWriter(this));
  }

  // ---- for writers

  /** Takes a small blob, and does not wait for it to be written. */
  Blob putInline(BlobId id, byte[] content) {
    return store.counted(() -> {
      boolean known = cache.get(id) != null;
      BlobOperations.PutInline put =
          new BlobOperations.PutInline(
              id, content, known ? null : encoder.encode(content), store.clock().millis(), pending);
      pending.coming(id, put);
      try {
        queue.add(put);
      } catch (StoreException e) {
        put.fail(e);
        throw e;
      }
      return new Blob(id, content.length);
    });
  }

  BlobOperations.Upload beginUpload() {
    BlobOperations.Upload upload =
        new BlobOperations.Upload(committer.counters().opening(), store.clock().millis());
    uploads.add(upload);
    return upload;
  }

  /**
   * Begins to code a chunk of a large blob, and does not wait for it: more of the blob comes in
   * meanwhile.
   *
   * @param octets are not to be changed any more
   */
  CompletableFuture<ChunkRecord> encode(byte[] octets, int from, int length) {
    return CompletableFuture.supplyAsync(
        () -> encoder.encode(octets, from, length), Thread::startVirtualThread);
  }

  /** Takes a chunk when it is coded, and does not wait for it to be written. */
  void putChunk(BlobOperations.Upload upload, int index, CompletableFuture<ChunkRecord> coded) {
    store.counted(() -> {
      upload.requireWhole();
      queue.add(new BlobOperations.PutChunk(upload, index, coded.join(), store.clock().millis()));
      return true;
    });
  }

  Blob finish(BlobOperations.Upload upload, Blob blob) {
    return store.counted(() -> {
      boolean isNew = queue.call(new BlobOperations.Finish(upload, blob));
      (isNew ? store.counts().blobsWritten() : store.counts().blobsShared()).increment();
      uploads.remove(upload);
      return blob;
    });
  }

  /** Takes an upload back. If that cannot be written now, the next start or sweep does it. */
  void abandon(BlobOperations.Upload upload) {
    uploads.remove(upload);
    try {
      queue.add(new BlobOperations.Abandon(upload));
    } catch (StoreException e) {
      upload.breakOff(e);
    }
  }

  // ---- reading

  @Override
  public BlobReader open(BlobId id) {
    return store.counted(() -> {
      byte[] content = pending.content(id);
      if (content != null) {
        return new RocksBlobReader(this, id, content);
      }
      BlobState stored = state(id);
      if (suspects.contains(id)) {
        readThrough(id, stored);
      }
      return new RocksBlobReader(this, id, stored);
    });
  }

  /** Fails as the first damaged chunk does, or clears the blob of suspicion. */
  private void readThrough(BlobId id, BlobState stored) {
    for (int index = 0; (long) index * stored.chunkSize() < stored.size(); index++) {
      chunk(id, stored, index);
    }
    suspects.remove(id);
  }

  private BlobState state(BlobId id) {
    BlobState known = cache.get(id);
    if (known != null) {
      return known;
    }
    long departures = cache.departures();
    byte[] key = Keys.blob(id);
    byte @Nullable [] frame = reads.get(new Keys.Place(Column.BLOBS, key), Column.BLOBS, key);
    if (frame == null) {
      throw new StoreException.BlobMissing(id);
    }
    return cache.add(id, BlobState.decode(id, frame), departures);
  }

  /**
   * One chunk of a blob.
   *
   * @throws StoreException.BlobMissing if the blob has been swept meanwhile
   * @throws StoreException.Corrupt if it is damaged, which the next {@link #open} will look into
   */
  byte[] chunk(BlobId id, BlobState blob, int index) {
    try {
      return soundChunk(id, blob, index);
    } catch (StoreException.Corrupt e) {
      if (suspects.size() < MOST_SUSPECTS) {
        suspects.add(id);
      }
      throw e;
    }
  }

  private byte[] soundChunk(BlobId id, BlobState blob, int index) {
    return store.counted(() -> {
      byte[] key = Keys.chunk(blob.number(), index);
      byte @Nullable [] frame =
          reads.getOnce(new Keys.Place(Column.CHUNKS, key), Column.CHUNKS, key);
      if (frame == null) {
        if (state(id).number() != blob.number()) {
          throw new StoreException.BlobMissing(id);
        }
        throw new StoreException.Corrupt(
            Keys.describe(Column.CHUNKS, key) + " of blob " + id + " is missing", null);
      }
      return Chunks.decode(Column.CHUNKS, key, frame);
    });
  }

  void requireOpen() {
    store.requireOpen();
  }

  @Override
  public List<Blob> list(@Nullable BlobId after, int limit) {
    RocksLogs.requireLimit(limit);
    return store.counted(() -> {
      queue.call(new LogOperations.Barrier());
      byte[] from = after == null ? new byte[0] : Records.after(Keys.blob(after));
      List<Records.Raw> raws = reads.take("listing blobs", Column.BLOBS, from, null, limit);
      List<Blob> blobs = new ArrayList<>(raws.size());
      for (Records.Raw raw : raws) {
        BlobId id = BlobId.of(raw.key());
        blobs.add(new Blob(id, BlobState.decode(id, raw.value()).size()));
      }
      return blobs;
    });
  }

  @Override
  public Swept sweep(Duration grace) {
    return store.counted(() -> maintenance.call(() -> maintenance.sweep(grace)));
  }
}
