package hikyaku.stores.base;

import hikyaku.mailbox.store.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waiting for the engine's own threads. */
public final class Waiting {
  private Waiting() {}

  /**
   * Has the work done on one of the engine's threads.
   *
   * @throws StoreException.Unavailable if they take no more work: the store is closed
   */
  public static <T extends @Nullable Object> CompletableFuture<T> begin(
      Executor threads, Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, threads);
    } catch (RejectedExecutionException e) {
      throw new StoreException.Unavailable("the store is closed", e);
    }
  }

  /**
   * The answer, waited for even if this thread is interrupted: an interrupt does not undo a write,
   * so its caller is still owed the outcome. The interrupt is kept.
   *
   * @throws StoreException as the answer's failure, or Unavailable when the time is up
   */
  public static <T extends @Nullable Object> T forAnswer(
      CompletableFuture<T> answer, Duration timeout, String tooLate) {
    // Others may wait for the same answer, and longer.
    CompletableFuture<T> own = answer.copy();
    Runnable over = Overdue.watch(own, System.nanoTime() + timeout.toNanos());
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return own.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof Overdue.Late late) {
            throw new StoreException.Unavailable(tooLate, late);
          }
          throw rethrown(e);
        }
      }
    } finally {
      over.run();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits until the thread has ended, even if this one is interrupted. */
  public static void forEnd(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The failure for this thread: its own kind and message, with the other thread's as the cause.
   */
  private static RuntimeException rethrown(ExecutionException failure) {
    return switch (failure.getCause()) {
      case StoreException.BlobMissing missing -> missing;
      case StoreException.Corrupt corrupt ->
          new StoreException.Corrupt(String.valueOf(corrupt.getMessage()), corrupt);
      case StoreException.Unavailable unavailable ->
          new StoreException.Unavailable(String.valueOf(unavailable.getMessage()), unavailable);
      case IllegalArgumentException argument ->
          new IllegalArgumentException(argument.getMessage(), argument);
      case null, default -> new IllegalStateException("the engine has failed", failure);
    };
  }
}
