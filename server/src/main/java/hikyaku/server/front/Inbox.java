package hikyaku.server.front;

import hikyaku.server.link.Told;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a node has told of a session and its passage has not yet looked at. */
final class Inbox implements Consumer<Told> {
  private final Consumer<Inbox> signal;

  // Under the object's own monitor, which costs an idle session nothing.
  private @Nullable Deque<Told> news;

  /**
   * @param signal told when news have come; must not wait
   */
  Inbox(Consumer<Inbox> signal) {
    this.signal = signal;
  }

  @Override
  public void accept(Told told) {
    synchronized (this) {
      Deque<Told> queue = news;
      if (queue == null) {
        queue = new ArrayDeque<>(2);
        news = queue;
      }
      queue.addLast(told);
      notifyAll();
    }
    signal.accept(this);
  }

  synchronized @Nullable Told peek() {
    Deque<Told> queue = news;
    return queue == null ? null : queue.peekFirst();
  }

  synchronized @Nullable Told poll() {
    Deque<Told> queue = news;
    if (queue == null) {
      return null;
    }
    Told first = queue.pollFirst();
    if (queue.isEmpty()) {
      news = null;
    }
    return first;
  }

  /** Waits until there are news, or for the time given. */
  synchronized void await(long nanos) throws InterruptedException {
    long deadline = System.nanoTime() + nanos;
    long left = nanos;
    while (news == null && left > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = deadline - System.nanoTime();
    }
  }
}
