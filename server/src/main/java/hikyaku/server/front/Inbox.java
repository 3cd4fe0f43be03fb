package hikyaku.server.front;

import hikyaku.server.link.Told;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a node has told of a session and its passage has not yet looked at. */
final class Inbox implements Consumer<Told> {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Deque<Told> news = new ArrayDeque<>(2);
  private final Runnable signal;

  /**
   * @param signal called when news have come; must not block
   */
  Inbox(Runnable signal) {
    this.signal = signal;
  }

  @Override
  public void accept(Told told) {
    lock.lock();
    try {
      news.addLast(told);
      arrived.signal();
    } finally {
      lock.unlock();
    }
    signal.run();
  }

  @Nullable Told poll() {
    lock.lock();
    try {
      return news.pollFirst();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until there are news, or for the time given.
   *
   * @return whether there are any
   */
  boolean await(long nanos) throws InterruptedException {
    lock.lock();
    try {
      return !news.isEmpty() || arrived.await(nanos, TimeUnit.NANOSECONDS);
    } finally {
      lock.unlock();
    }
  }
}
