package hikyaku.server.ops;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is tidied up while the node runs, one task at a time. A task that fails is logged and tried
 * again at its next time.
 */
public final class Housekeeping implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

  /**
   * A task.
   *
   * @param name for the log
   * @param every the time from the end of one run to the beginning of the next
   * @param run does it, and tells how much there was to do
   */
  public record Task(String name, Duration every, LongSupplier run) {}

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("housekeeping").daemon().factory());

  public Housekeeping(List<Task> tasks) {
    for (Task task : tasks) {
      long every = task.every.toMillis();
      thread.scheduleWithFixedDelay(() -> run(task), every, every, TimeUnit.MILLISECONDS);
    }
  }

  private static void run(Task task) {
    long began = System.nanoTime();
    try {
      long done = task.run.getAsLong();
      LOG.atInfo()
          .addKeyValue("task", task.name)
          .addKeyValue("done", done)
          .addKeyValue("millis", (System.nanoTime() - began) / 1_000_000)
          .log("Tidied up");
    } catch (RuntimeException | Error e) {
      // What the executor sees it takes for the task's end, without a word.
      LOG.atError().setCause(e).addKeyValue("task", task.name).log("Tidying up failed");
    }
  }

  /** Waits for the task at hand. */
  @Override
  public void close() {
    thread.close();
  }
}
