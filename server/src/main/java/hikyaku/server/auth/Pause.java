package hikyaku.server.auth;

import java.time.Duration;

/** How a delayed login waits. */
@FunctionalInterface
public interface Pause {
  /** Parks the calling virtual thread, and nothing else. */
  Pause SLEEP = Thread::sleep;

  void park(Duration duration) throws InterruptedException;
}
