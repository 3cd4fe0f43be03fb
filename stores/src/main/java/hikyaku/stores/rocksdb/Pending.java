package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.stores.base.Counts;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Small blobs that are finished and not yet written: their callers need not wait, for whoever names
 * them in an append stands behind them in the queue.
 */
final class Pending {
  private final Map<BlobId, BlobOperations.PutInline> blobs = new ConcurrentHashMap<>();
  private final Counts counts;

  Pending(Counts counts) {
    this.counts = counts;
  }

  void coming(BlobId id, BlobOperations.PutInline put) {
    blobs.put(id, put);
  }

  void arrived(BlobId id, BlobOperations.PutInline put, boolean isNew) {
    (isNew ? counts.blobsWritten() : counts.blobsShared()).increment();
    gone(id, put);
  }

  void gone(BlobId id, BlobOperations.PutInline put) {
    blobs.remove(id, put);
  }

  /** The content of a blob on its way. */
  byte @Nullable [] content(BlobId id) {
    BlobOperations.PutInline put = blobs.get(id);
    return put == null ? null : put.content();
  }
}
