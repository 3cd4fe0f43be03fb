package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.PieceReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The blobs of a {@link RocksStore}. */
final class RocksBlobs implements BlobStore {
  private static final Logger LOG = LoggerFactory.getLogger(RocksBlobs.class);

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
  private final BlobFiles files;
  private final Set<LargeUpload> uploads;

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
      BlobFiles files,
      Set<LargeUpload> uploads) {
    this.store = store;
    this.queue = queue;
    this.committer = committer;
    this.reads = reads;
    this.encoder = encoder;
    this.maintenance = maintenance;
    this.cache = cache;
    this.pending = pending;
    this.files = files;
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
      BlobState damaged = suspects.contains(id) ? known(id) : null;
      boolean known = damaged == null && cache.get(id) != null;
      BlobOperations.PutInline put =
          new BlobOperations.PutInline(
              id,
              content,
              known ? null : encoder.encode(content),
              store.clock().millis(),
              damaged,
              pending);
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

  LargeUpload beginUpload() {
    return store.counted(() -> {
      committer.requireWrites();
      LargeUpload upload =
          new LargeUpload(
              files.begin(committer.counters().nextNumber()), encoder, store.clock().millis());
      uploads.add(upload);
      return upload;
    });
  }

  /**
   * Takes a chunk of a large blob, and does not wait for it to be written: more of the blob comes
   * in meanwhile.
   *
   * @param octets are not to be changed any more
   */
  void write(LargeUpload upload, byte[] octets, int from, int length) {
    store.counted(() -> {
      upload.add(octets, from, length, store.clock().millis());
      return true;
    });
  }

  Blob finish(LargeUpload upload, Blob blob) {
    return store.counted(() -> {
      committer.requireWrites();
      BlobState damaged;
      boolean isNew;
      try {
        long octets = upload.finish(blob);
        damaged = damaged(blob.id());
        isNew = queue.call(new BlobOperations.Keep(upload, blob, octets, damaged));
      } catch (RuntimeException e) {
        upload.breakOff("the end of the upload has failed");
        uploads.remove(upload);
        maintenance.clearLater(file(blob.id(), upload.number()));
        throw e;
      }
      (isNew ? store.counts().blobsWritten() : store.counts().blobsShared()).increment();
      uploads.remove(upload);
      if (!isNew) {
        takeAway(files.path(blob.id(), upload.number()));
      } else if (damaged != null) {
        suspects.remove(blob.id());
        if (damaged.hasFile()) {
          // Not at once: a verification that began before may want it.
          maintenance.clearLater(file(blob.id(), damaged.number()));
        }
      }
      return blob;
    });
  }

  /** What is known of a blob whose content is missing or was found damaged; null of any other. */
  private @Nullable BlobState damaged(BlobId id) {
    BlobState known = known(id);
    if (known == null) {
      return null;
    }
    boolean damaged =
        suspects.contains(id)
            || (known.hasFile() && files.isMissing(files.path(id, known.number())));
    return damaged ? known : null;
  }

  private @Nullable BlobState known(BlobId id) {
    try {
      return state(id);
    } catch (StoreException.BlobMissing e) {
      return null;
    }
  }

  private BlobFiles.Kept file(BlobId id, long number) {
    return new BlobFiles.Kept(files.path(id, number), id, number);
  }

  private void takeAway(Path path) {
    try {
      files.delete(path);
    } catch (StoreException e) {
      LOG.atWarn().setCause(e).log("a file that nobody needs is left for a sweep");
    }
  }

  /**
   * Takes an upload back. Whoever gave up waiting for its end may not know that it came: then the
   * file is the blob's, or a sweep finds that it is nobody's.
   */
  void abandon(LargeUpload upload) {
    upload.breakOff("the upload was given up");
    uploads.remove(upload);
  }

  // ---- reading

  @Override
  public BlobReader open(BlobId id) {
    return store.counted(() -> {
      byte[] content = pending.content(id);
      if (content != null) {
        return new PieceReader(this::requireOpen, content);
      }
      BlobState stored = state(id);
      BlobChunks chunks = chunks(id, stored);
      if (suspects.contains(id)) {
        readThrough(id, stored, chunks);
      }
      return new PieceReader(this::requireOpen, stored.size(), new Stored(id, stored, chunks));
    });
  }

  /** The chunks of a blob, for its reader. */
  private final class Stored implements PieceReader.Pieces {
    private final BlobId id;
    private final BlobState state;
    private final BlobChunks chunks;

    Stored(BlobId id, BlobState state, BlobChunks chunks) {
      this.id = id;
      this.state = state;
      this.chunks = chunks;
    }

    @Override
    public int size() {
      return state.chunkSize();
    }

    @Override
    public byte[] from(int index, boolean onwards, byte[] spare) {
      return chunk(id, state, chunks, index, spare);
    }

    @Override
    public void close() {
      chunks.close();
    }
  }

  /** Fails as the first damaged chunk does, or clears the blob of suspicion. */
  private void readThrough(BlobId id, BlobState stored, BlobChunks chunks) {
    byte[] spare = {};
    try {
      for (int index = 0; index < stored.chunks(); index++) {
        spare = chunk(id, stored, chunks, index, spare);
      }
    } finally {
      // Where it fails, no reader comes to be that would do so.
      chunks.close();
    }
    suspects.remove(id);
  }

  /** Octets of files that all readers together have read ahead. */
  long readAhead() {
    return reads.readAhead();
  }

  private BlobChunks chunks(BlobId id, BlobState blob) {
    return blob.hasFile()
        ? new FileChunks(files.path(id, blob.number()), blob, reads.files())
        : (index, spare) -> columnChunk(blob, index, spare);
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
   * One chunk of a blob; if the blob has been put in the place of damaged content meanwhile, of
   * what is there now.
   *
   * @param spare where the octets may come to, if they are as many
   * @throws StoreException.BlobMissing if the blob has been swept meanwhile
   * @throws StoreException.Corrupt if it is damaged, which the next {@link #open} will look into
   */
  byte[] chunk(BlobId id, BlobState blob, BlobChunks chunks, int index, byte[] spare) {
    return store.counted(() -> {
      try {
        return chunks.chunk(index, spare);
      } catch (StoreException.Corrupt e) {
        BlobState now = state(id);
        if (now.number() != blob.number()) {
          try (BlobChunks replaced = replaced(id, blob, now)) {
            return replaced.chunk(index, spare);
          }
        }
        if (suspects.size() < MOST_SUSPECTS) {
          suspects.add(id);
        }
        throw e;
      }
    });
  }

  private BlobChunks replaced(BlobId id, BlobState before, BlobState now) {
    if (now.chunkSize() != before.chunkSize()) {
      throw new StoreException.BlobMissing(id);
    }
    return chunks(id, now);
  }

  private byte[] columnChunk(BlobState blob, int index, byte[] spare) {
    byte[] key = Keys.chunk(blob.number(), index);
    Keys.Place place = new Keys.Place(Column.CHUNKS, key);
    byte @Nullable [] frame = reads.getOnce(place, Column.CHUNKS, key);
    if (frame == null) {
      throw new StoreException.Corrupt(place + " is missing", null);
    }
    return Chunks.decode(place, key, frame, 0, frame.length, spare);
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
