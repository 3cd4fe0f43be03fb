package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * Something to be written, and the answer that its caller waits for.
 *
 * @param <T> the answer
 */
abstract class Operation<T> {
  /** What an operation costs in the queue beside the octets it brings. */
  static final long OVERHEAD = 256;

  private final CompletableFuture<T> answer = new CompletableFuture<>();
  private @Nullable T staged;

  /** Octets of memory it holds while it waits. */
  abstract long weight();

  /** Whether it must be the only one in its batch, for it looks at the database itself. */
  boolean alone() {
    return false;
  }

  /** Whether nobody waits for it, so that it need not be committed before the next one. */
  boolean canWait() {
    return false;
  }

  /**
   * Adds its writes to the batch. Either it looks first and writes after, so that a failure leaves
   * the batch as it was, or it does not fail.
   *
   * @return the answer, to be given once the batch is written
   */
  abstract T stage(Batch batch) throws RocksDBException;

  /** The batch is written: runs before the answer is given. */
  void written(T result) {}

  /** It was not written, or nobody knows: runs before the failure is given. */
  void lost(Throwable cause) {}

  final CompletableFuture<T> answer() {
    return answer;
  }

  final void stageAndKeep(Batch batch) throws RocksDBException {
    staged = stage(batch);
  }

  final void complete() {
    T result = staged;
    if (result == null) {
      throw new IllegalStateException("completed before it was staged");
    }
    written(result);
    answer.complete(result);
  }

  final void fail(Throwable cause) {
    lost(cause);
    answer.completeExceptionally(cause);
  }

  final void failUnavailable(StoreException cause) {
    fail(new StoreException.Unavailable(String.valueOf(cause.getMessage()), cause));
  }
}
