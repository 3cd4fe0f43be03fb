package hikyaku.app;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** The wish to stop, as a signal brings it: the first stops in order, the second at once. */
public final class Stop {
  /**
   * The property by which a process is told of another one that looks after it, by its id. Such a
   * process stops when that one ends, and does not heed Ctrl-C, which a terminal sends to both.
   */
  public static final String KEEPER = "hikyaku.keeper";

  /** What a shell reports of a process that a signal has ended. */
  private static final int KILLED_BY = 128;

  private final CountDownLatch wanted = new CountDownLatch(1);

  private Stop() {}

  /** Takes SIGTERM and SIGINT from now on, and heeds the keeper's end if there is a keeper. */
  public static Stop onSignals() {
    Stop stop = new Stop();
    Long keeper = Long.getLong(KEEPER);
    Signal.handle(new Signal("TERM"), stop::received);
    Signal.handle(new Signal("INT"), keeper == null ? stop::received : SignalHandler.SIG_IGN);
    if (keeper != null) {
      ProcessHandle.of(keeper)
          .map(ProcessHandle::onExit)
          .orElse(CompletableFuture.completedFuture(null))
          .thenRun(stop.wanted::countDown);
    }
    return stop;
  }

  private void received(Signal signal) {
    if (wanted.getCount() == 0) {
      Runtime.getRuntime().halt(KILLED_BY + signal.getNumber());
    }
    wanted.countDown();
  }

  /** Waits for the first signal for so long, and tells whether it has come. */
  public boolean await(Duration patience) throws Failure {
    try {
      return wanted.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
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
