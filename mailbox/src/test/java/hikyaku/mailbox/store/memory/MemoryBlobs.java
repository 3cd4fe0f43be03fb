package hikyaku.mailbox.store.memory;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults.Call;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The blobs of a {@link MemoryStore}. */
final class MemoryBlobs implements BlobStore {
  private final MemoryStore store;
  private final MemoryState state;

  MemoryBlobs(MemoryStore store, MemoryState state) {
    this.store = store;
    this.state = state;
  }

  static BlobId idOf(byte[] octets) {
    try {
      return BlobId.of(MessageDigest.getInstance("SHA-256").digest(octets));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public BlobWriter create() {
    return store.guarded(Call.BLOB_CREATE, Writer::new);
  }

  @Override
  public BlobReader open(BlobId id) {
    return store.guarded(
        Call.BLOB_OPEN,
        () -> {
          MemoryState.StoredBlob blob = state.blobs.get(id);
          if (blob == null) {
            throw new StoreException.BlobMissing(id);
          }
          return new Reader(blob.octets());
        });
  }

  @Override
  public List<Blob> list(@Nullable BlobId after, int limit) {
    MemoryLogs.require(limit > 0, "limit of " + limit);
    return store.guarded(
        Call.BLOB_LIST,
        () ->
            (after == null ? state.blobs : state.blobs.tailMap(after, false))
                .entrySet().stream()
                    .limit(limit)
                    .map(blob -> new Blob(blob.getKey(), blob.getValue().octets().length))
                    .toList());
  }

  @Override
  public Swept sweep(Duration grace) {
    return store.guarded(
        Call.SWEEP,
        () -> {
          Set<BlobId> named =
              state.logs.values().stream()
                  .flatMap(log -> log.entries.values().stream())
                  .map(Entry::blobs)
                  .flatMap(List::stream)
                  .collect(Collectors.toSet());
          Instant edge = store.clock().instant().minus(grace);
          long examined = state.blobs.size();
          long removed = 0;
          long octets = 0;
          Iterator<Map.Entry<BlobId, MemoryState.StoredBlob>> blobs =
              state.blobs.entrySet().iterator();
          while (blobs.hasNext()) {
            Map.Entry<BlobId, MemoryState.StoredBlob> blob = blobs.next();
            if (!named.contains(blob.getKey()) && !blob.getValue().put().isAfter(edge)) {
              removed++;
              octets += blob.getValue().octets().length;
              blobs.remove();
            }
          }
          return new Swept(examined, removed, octets);
        });
  }

  private final class Writer implements BlobWriter {
    private final ByteArrayOutputStream octets = new ByteArrayOutputStream();
    private boolean ended;

    @Override
    public void write(byte[] buffer, int offset, int length) {
      Objects.checkFromIndexSize(offset, length, buffer.length);
      requireGoing();
      store.guarded(Call.BLOB_WRITE, () -> octets.write(buffer, offset, length));
    }

    @Override
    public Blob finish() {
      requireGoing();
      return store.guarded(
          Call.BLOB_FINISH,
          () -> {
            ended = true;
            byte[] content = octets.toByteArray();
            BlobId id = idOf(content);
            MemoryState.StoredBlob before =
                state.blobs.put(id, new MemoryState.StoredBlob(content, store.clock().instant()));
            if (before == null) {
              state.blobsWritten++;
            } else {
              state.blobsShared++;
            }
            return new Blob(id, content.length);
          });
    }

    private void requireGoing() {
      if (ended) {
        throw new IllegalStateException("the blob has been finished or closed");
      }
    }

    @Override
    public void close() {
      ended = true;
    }
  }

  private final class Reader implements BlobReader {
    private final byte[] octets;
    private boolean closed;

    Reader(byte[] octets) {
      this.octets = octets;
    }

    @Override
    public long size() {
      return octets.length;
    }

    @Override
    public int read(long position, byte[] buffer, int offset, int length) {
      Objects.checkFromIndexSize(offset, length, buffer.length);
      MemoryLogs.require(position >= 0, "position " + position);
      if (closed) {
        throw new IllegalStateException("the reader has been closed");
      }
      return store.guarded(
          Call.BLOB_READ,
          () -> {
            if (position >= octets.length) {
              return 0;
            }
            int count = (int) Math.min(length, octets.length - position);
            System.arraycopy(octets, (int) position, buffer, offset, count);
            return count;
          });
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
