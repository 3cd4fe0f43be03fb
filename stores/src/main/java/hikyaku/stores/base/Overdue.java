package hikyaku.stores.base;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends waits whose time is up. Nearly every wait is over long before, and setting and taking back a
 * timer for each costs two switches of threads; so one thread looks at all of them now and then. A
 * wait ends up to {@value #LOOK_MILLIS} ms late.
 */
final class Overdue {
  static final int LOOK_MILLIS = 10;

  /** Looks at nothing before the thread sleeps until there is something. */
  private static final int LINGER = 100;

  private static final Set<Wait> WAITS = ConcurrentHashMap.newKeySet();
  private static volatile boolean asleep;

  /** The wait that was ended was too long. */
  static final class Late extends Exception {
    private static final long serialVersionUID = 1L;

    Late() {
      super("the time is up", null, false, false);
    }
  }

  /** One wait; by identity, since two for the same answer are two. */
  private static final class Wait {
    final CompletableFuture<?> answer;
    final long deadline;

    Wait(CompletableFuture<?> answer, long deadline) {
      this.answer = answer;
      this.deadline = deadline;
    }
  }

  private static final class Watcher {
    static final Thread THREAD =
        Thread.ofPlatform().daemon().name("store-overdue").start(Overdue::watch);
  }

  private Overdue() {}

  /**
   * Has the answer fail with {@link Late} when its time is up.
   *
   * @param deadline of {@link System#nanoTime}
   * @return what takes the wait back, to be run when it is over
   */
  static Runnable watch(CompletableFuture<?> answer, long deadline) {
    Wait wait = new Wait(answer, deadline);
    WAITS.add(wait);
    Thread watcher = Watcher.THREAD;
    if (asleep) {
      LockSupport.unpark(watcher);
    }
    return () -> WAITS.remove(wait);
  }

  private static void watch() {
    int idle = 0;
    while (true) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
      long now = System.nanoTime();
      for (Wait wait : WAITS) {
        if (now - wait.deadline >= 0) {
          wait.answer.completeExceptionally(new Late());
        }
      }
      idle = WAITS.isEmpty() ? idle + 1 : 0;
      if (idle > LINGER) {
        asleep = true;
        // Whoever adds a wait from here on sees that this thread sleeps.
        while (WAITS.isEmpty()) {
          LockSupport.park();
        }
        asleep = false;
        idle = 0;
      }
    }
  }
}
