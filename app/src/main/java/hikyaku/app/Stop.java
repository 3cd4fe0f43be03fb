package hikyaku.app;

import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;

/** The wish to stop, as a signal brings it: the first stops in order, the second at once. */
final class Stop {
  /** What a shell reports of a process that a signal has ended. */
  private static final int KILLED_BY = 128;

  private final CountDownLatch wanted = new CountDownLatch(1);

  private Stop() {}

  /** Takes SIGTERM and SIGINT from now on. */
  static Stop onSignals() {
    Stop stop = new Stop();
    for (String name : new String[] {"TERM", "INT"}) {
      Signal.handle(new Signal(name), stop::received);
    }
    return stop;
  }

  private void received(Signal signal) {
    if (wanted.getCount() == 0) {
      Runtime.getRuntime().halt(KILLED_BY + signal.getNumber());
    }
    wanted.countDown();
  }

  /** Returns when the first signal has come. */
  void await() throws Failure {
    try {
      wanted.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }
}
