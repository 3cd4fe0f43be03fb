package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Waiting;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Platform threads for native work, so that callers' virtual threads wait without holding their
 * carriers.
 */
final class NativePool implements AutoCloseable {
  private final ThreadPoolExecutor threads;
  private final Duration timeout;

  NativePool(RocksSettings.Reads reads) {
    this.timeout = reads.timeout();
    this.threads =
        new ThreadPoolExecutor(
            reads.threads(),
            reads.threads(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(reads.waiting()),
            Thread.ofPlatform().daemon().name("rocks-read-", 0).factory());
  }

  /** Runs the work on one of the threads and waits for it. */
  <T extends @Nullable Object> T call(Supplier<T> work) {
    return begin(work).answer();
  }

  /** Work that one of the threads does. */
  static final class Begun<T extends @Nullable Object> {
    private final CompletableFuture<T> answer;
    private final Duration timeout;

    private Begun(CompletableFuture<T> answer, Duration timeout) {
      this.answer = answer;
      this.timeout = timeout;
    }

    /** Waits for what comes of it. */
    T answer() {
      return Waiting.forAnswer(answer, timeout, "a read has not come back in time");
    }

    /** Whether it is over, and {@link #answer} would only tell why it failed. */
    boolean hasFailed() {
      return answer.isCompletedExceptionally();
    }

    /** Does this once the work is over, however it ended: now, or on the thread that did it. */
    void afterwards(Runnable what) {
      var unused = answer.whenComplete((_, _) -> what.run());
    }
  }

  /** Has the work done on one of the threads. */
  <T extends @Nullable Object> Begun<T> begin(Supplier<T> work) {
    try {
      return new Begun<>(CompletableFuture.supplyAsync(work, threads), timeout);
    } catch (RejectedExecutionException e) {
      throw new StoreException.Unavailable(
          threads.isShutdown() ? "the store is closed" : "too many reads are waiting", e);
    }
  }

  /** Lets what has been taken finish. */
  @Override
  public void close() {
    threads.close();
  }
}
