package hikyaku.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/**
 * A closed loop: each of a number of workers does its step again and again. Steps in the warm-up
 * are not counted.
 */
final class Load {
  private final int workers;
  private final double warmUpSeconds;
  private final double seconds;

  Load(int workers, double warmUpSeconds, double seconds) {
    this.workers = workers;
    this.warmUpSeconds = warmUpSeconds;
    this.seconds = seconds;
  }

  /** What one worker does. Made before the clock starts; closed after it stopped. */
  interface Worker extends AutoCloseable {
    void step() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Makes a worker. */
  @FunctionalInterface
  interface WorkerFactory {
    Worker make(int number) throws IOException;
  }

  /**
   * @param perSecond steps per second
   * @param nanos how long each took, rising
   * @param all steps, those in the warm-up among them
   */
  record Figures(double perSecond, long[] nanos, long all) {
    double millis(double quantile) {
      if (nanos.length == 0) {
        return Double.NaN;
      }
      return nanos[(int) Math.min(nanos.length - 1, (long) (nanos.length * quantile))] / 1e6;
    }

    void print(PrintStream out, String what) {
      out.printf(
          Locale.ROOT,
          "%-44s %10.0f/s   p50 %8.2f ms   p99 %8.2f ms   max %8.2f ms   (%d)%n",
          what,
          perSecond,
          millis(0.5),
          millis(0.99),
          millis(1),
          nanos.length);
    }
  }

  Figures run(WorkerFactory factory) throws IOException, InterruptedException {
    List<Worker> made = new ArrayList<>();
    try {
      for (int i = 0; i < workers; i++) {
        made.add(factory.make(i));
      }
      return run(made);
    } finally {
      for (Worker worker : made) {
        worker.close();
      }
    }
  }

  private Figures run(List<Worker> made) throws IOException, InterruptedException {
    CountDownLatch start = new CountDownLatch(1);
    long begin = System.nanoTime() + (long) (warmUpSeconds * 1e9);
    long end = begin + (long) (seconds * 1e9);
    LongAdder steps = new LongAdder();
    List<Future<long[]>> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Worker worker : made) {
        results.add(
            threads.submit(() -> {
              start.await();
              return loop(worker, begin, end, steps);
            }));
      }
      start.countDown();
    }
    List<long[]> all = new ArrayList<>();
    for (Future<long[]> result : results) {
      try {
        all.add(result.get());
      } catch (ExecutionException e) {
        throw new IOException("a worker failed: " + e.getCause(), e);
      }
    }
    long[] nanos = all.stream().flatMapToLong(LongStream::of).sorted().toArray();
    return new Figures(nanos.length / seconds, nanos, steps.sum());
  }

  private static long[] loop(Worker worker, long begin, long end, LongAdder steps)
      throws IOException {
    long[] nanos = new long[1024];
    int count = 0;
    while (true) {
      long before = System.nanoTime();
      if (before >= end) {
        return Arrays.copyOf(nanos, count);
      }
      worker.step();
      steps.increment();
      long after = System.nanoTime();
      if (after >= begin && after < end) {
        if (count == nanos.length) {
          nanos = Arrays.copyOf(nanos, count * 2);
        }
        nanos[count++] = after - before;
      }
    }
  }
}
