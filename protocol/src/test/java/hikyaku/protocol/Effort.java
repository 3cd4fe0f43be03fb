package hikyaku.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/** How much work something is, which a busy machine does not make more of. */
public final class Effort {
  /** Far more than what is linear takes, and far less than what is not. */
  private static final Duration MOST = Duration.ofSeconds(20);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private Effort() {}

  /**
   * Does it, and fails if that has kept a processor busy for longer than it may.
   *
   * @param what for the message
   */
  public static void isBounded(String what, Runnable work) {
    long before = THREADS.getCurrentThreadCpuTime();
    work.run();
    assertThat(Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - before))
        .as("processor time for %s", what)
        .isLessThan(MOST);
  }
}
