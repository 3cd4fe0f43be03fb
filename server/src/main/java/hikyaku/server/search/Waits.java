package hikyaku.server.search;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the indexing thread waits for, and who waits for it. It is never interrupted: that would
 * close the files under it.
 */
final class Waits {
  private static final long GATHERING = Duration.ofMillis(50).toNanos();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean stopping;
  private boolean anew;

  /** Whether the thread lets news gather, and is not to be woken by more. */
  private boolean gathering;

  /** Those who wait for it to have seen all. */
  private int awaiting;

  /** Raised by what may be news; {@link #seen} is as much of it as has been entered. */
  private long news = 1;

  private long seen;

  boolean isStopping() {
    lock.lock();
    try {
      return stopping;
    } finally {
      lock.unlock();
    }
  }

  void stop() {
    lock.lock();
    try {
      stopping = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Asks for a beginning anew. */
  void beginAnew() {
    lock.lock();
    try {
      anew = true;
      news++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the thread should leave what it does: to stop, or to begin anew. */
  boolean isCalledOff() {
    lock.lock();
    try {
      return stopping || anew;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a beginning anew was asked for; it is now taken for begun. */
  boolean takeAnew() {
    lock.lock();
    try {
      boolean asked = anew;
      anew = false;
      return asked;
    } finally {
      lock.unlock();
    }
  }

  /** The store may have moved. */
  void poke() {
    lock.lock();
    try {
      news++;
      if (!gathering) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What news there is, to be entered from now on. */
  long news() {
    lock.lock();
    try {
      return news;
    } finally {
      lock.unlock();
    }
  }

  /** Whether somebody waits for searches to see all. */
  boolean isAwaited() {
    lock.lock();
    try {
      return awaiting > 0;
    } finally {
      lock.unlock();
    }
  }

  /** All news up to these was entered, and searches see it. */
  void seen(long upTo) {
    lock.lock();
    try {
      seen = Math.max(seen, upTo);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for news beyond these, for a call, or for the time to pass. Where there are news, others
   * may gather for a moment: each look takes threads from those whose writes they tell of.
   */
  void rest(long known, long nanos) {
    lock.lock();
    try {
      long left = nanos;
      while (!stopping && !anew && news <= known && left > 0) {
        left = await(left);
      }
      gathering = true;
      long moment = GATHERING;
      while (!stopping && !anew && awaiting == 0 && news > known && moment > 0) {
        moment = await(moment);
      }
    } finally {
      gathering = false;
      lock.unlock();
    }
  }

  /** Lets time pass, unless called off. */
  void pause(long nanos) {
    rest(Long.MAX_VALUE, nanos);
  }

  private long await(long nanos) {
    try {
      return changed.awaitNanos(nanos);
    } catch (InterruptedException e) {
      // Nobody interrupts this thread; if the platform does, it has rested enough.
      return 0;
    }
  }

  /**
   * Waits until all that was there before this call was entered.
   *
   * @return whether it was
   */
  boolean awaitSeen(long nanos) throws InterruptedException {
    lock.lock();
    try {
      long wanted = ++news;
      awaiting++;
      changed.signalAll();
      long left = nanos;
      while (seen < wanted && !stopping && left > 0) {
        left = changed.awaitNanos(left);
      }
      return seen >= wanted;
    } finally {
      awaiting--;
      lock.unlock();
    }
  }
}
