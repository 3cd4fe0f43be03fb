package hikyaku.server.auth;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The platform threads on which passwords are hashed. On virtual threads it would hold their
 * carriers for tens of milliseconds at a time; here the caller parks, and memory in use is known.
 */
final class HashingPool implements AutoCloseable {
  private final ExecutorService threads;
  private final int waitingLimit;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Timer timer;

  HashingPool(HashingLimits limits, MeterRegistry meters) {
    this.threads =
        Executors.newFixedThreadPool(
            limits.threads(), Thread.ofPlatform().name("hashing-", 1).daemon().factory());
    this.waitingLimit = limits.waiting();
    this.timer =
        Timer.builder("hikyaku.password.hash")
            .description("Time to hash a password, without waiting")
            .register(meters);
    Gauge.builder("hikyaku.password.waiting", waiting, AtomicInteger::get)
        .description("Logins that wait for a hash or its turn")
        .register(meters);
  }

  /** Works for a login. */
  <T> T forLogin(Callable<T> work) throws NotNowException, InterruptedException {
    try {
      if (waiting.incrementAndGet() > waitingLimit) {
        throw new NotNowException("too many logins wait for a password hash");
      }
      return await(work);
    } finally {
      waiting.decrementAndGet();
    }
  }

  /** Works for an operator, however many logins wait. */
  <T> T forOperator(Callable<T> work) throws NotNowException, InterruptedException {
    return await(work);
  }

  private <T> T await(Callable<T> work) throws NotNowException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before hashing");
    }
    Future<T> future;
    try {
      future = threads.submit(() -> timer.recordCallable(work));
    } catch (RejectedExecutionException closed) {
      throw new NotNowException("closed");
    }
    try {
      return future.get();
    } catch (InterruptedException stopped) {
      future.cancel(false);
      throw stopped;
    } catch (CancellationException closed) {
      throw new NotNowException("closed");
    } catch (ExecutionException bug) {
      throw new IllegalStateException("hashing failed", bug.getCause());
    }
  }

  /** Logins that wait now, for a hash or its turn. */
  int waiting() {
    return waiting.get();
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
