package hikyaku.mailbox.store;

import java.util.function.Consumer;

/**
 * An engine: logs, and the blobs that their entries name.
 *
 * <p>Both halves are durable together: a blob that was finished before an append that names it
 * began is durable when the append returns. So a delivery costs one durability round, blob
 * included.
 *
 * <p>Safe for use by many threads. Calls may block; they never run native code or wait for a disk
 * on the calling thread, so virtual threads may call freely.
 */
public interface Store extends AutoCloseable {
  LogStore logs();

  BlobStore blobs();

  /**
   * Reads everything and checks every invariant of the contract.
   *
   * @param problems told of each violation found, in words for an operator
   * @return what was looked at
   * @throws StoreException if the engine cannot be read at all
   */
  Verified verify(Consumer<String> problems);

  /** What {@link #verify} looked at. */
  record Verified(long logs, long entries, long snapshots, long blobs, long blobOctets) {}

  /** Figures for operators and metrics. */
  StoreStatistics statistics();

  /**
   * Stops taking calls (they get {@link StoreException.Unavailable}), lets those under way finish,
   * and closes the engine.
   */
  @Override
  void close();
}
