package hikyaku.mailbox.store;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Immutable octets by their content. Every method may throw {@link StoreException}.
 *
 * <p>Blobs are stored once however often they are put, in chunks, compressed, and are never whole
 * in memory (those above {@value #INLINE} octets, that is).
 */
public interface BlobStore {
  /** A blob up to this size may be held in memory whole. */
  int INLINE = 256 * 1024;

  /** Starts a blob. */
  BlobWriter create();

  /**
   * Opens a blob for reading any part of it.
   *
   * @throws StoreException.BlobMissing if it is not there
   * @throws StoreException.Corrupt if a reader has found it damaged, and it still is
   */
  BlobReader open(BlobId id);

  /**
   * Hands all octets of a blob to the sink, in order.
   *
   * @throws StoreException as {@link #open} and {@link BlobReader#read} do
   * @throws IOException if the sink does
   */
  default void copy(Blob blob, OctetSink sink) throws IOException {
    try (BlobReader reader = open(blob.id())) {
      reader.copy(0, blob.size(), sink);
    }
  }

  /** Blobs in the order of their ids. */
  List<Blob> list(@Nullable BlobId after, int limit);

  /**
   * Takes away blobs that no entry names and that nobody has put for at least {@code grace}. The
   * grace must be longer than a put may take to be followed by its append: hours, not seconds.
   */
  Swept sweep(Duration grace);

  /** What a sweep did. */
  record Swept(long examined, long removed, long octets) {}
}
