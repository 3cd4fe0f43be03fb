package hikyaku.server.flow;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A gate that lets pass at a rate. Those who have to wait stand in a line for each group, and the
 * groups take turns: a crowd of one group is in the way of itself only.
 */
final class FairGate {
  private final Bucket bucket;
  private final int room;
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private final Map<String, Deque<Waiter>> lines = new HashMap<>();
  private final Deque<String> turns = new ArrayDeque<>();
  private int waiting;
  private @Nullable Waiter watching;

  /** What became of somebody who came to the gate. */
  enum Fate {
    WAITS,
    PASSED,
    TURNED_AWAY
  }

  /** Somebody at the gate. */
  final class Waiter {
    private final Condition told = lock.newCondition();
    private Fate fate = Fate.WAITS;

    Fate fate() {
      lock.lock();
      try {
        return fate;
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * @param room how many may wait
   */
  FairGate(Bucket bucket, int room) {
    this.bucket = bucket;
    this.room = room;
  }

  /** Passes as soon as it is the caller's turn; says whether it came. */
  boolean pass(String group) {
    lock.lock();
    try {
      Waiter me = arrive(group);
      try {
        while (me.fate == Fate.WAITS) {
          await(me);
        }
      } catch (InterruptedException e) {
        giveUp(group, me);
        Thread.currentThread().interrupt();
      }
      appointWatcher();
      return me.fate == Fate.PASSED;
    } finally {
      lock.unlock();
    }
  }

  /** One of those who wait watches the clock for all; the others wait to be told. */
  private void await(Waiter me) throws InterruptedException {
    if (watching != null) {
      me.told.await();
      return;
    }
    watching = me;
    try {
      long unused = me.told.awaitNanos(Math.max(1, bucket.waitForOne()));
    } finally {
      watching = null;
    }
    release();
  }

  /** Who waits for nothing any more sees to it that somebody watches the clock. */
  private void appointWatcher() {
    Deque<Waiter> line = turns.isEmpty() ? null : lines.get(turns.getFirst());
    if (watching == null && line != null) {
      line.getFirst().told.signal();
    }
  }

  private void giveUp(String group, Waiter me) {
    Deque<Waiter> line = lines.get(group);
    if (line != null && line.remove(me)) {
      tell(me, Fate.TURNED_AWAY);
      closeIfEmpty(group, line);
    }
  }

  private void closeIfEmpty(String group, Deque<Waiter> line) {
    if (line.isEmpty()) {
      lines.remove(group);
      turns.remove(group);
    }
  }

  /** Somebody comes. The caller holds no lock, or this one. */
  Waiter arrive(String group) {
    lock.lock();
    try {
      release();
      Waiter waiter = new Waiter();
      if (waiting == 0 && bucket.waitForOne() == 0) {
        long unused = bucket.take(1, 0);
        waiter.fate = Fate.PASSED;
        return waiter;
      }
      Deque<Waiter> line = lines.get(group);
      if (line == null) {
        line = new ArrayDeque<>(1);
        lines.put(group, line);
        turns.addLast(group);
      }
      line.addLast(waiter);
      waiting++;
      if (waiting > room) {
        turnAway();
      }
      return waiter;
    } finally {
      lock.unlock();
    }
  }

  /** There is one too many: the last of the longest line. */
  private void turnAway() {
    String longest = "";
    int length = 0;
    for (Map.Entry<String, Deque<Waiter>> line : lines.entrySet()) {
      if (line.getValue().size() > length) {
        longest = line.getKey();
        length = line.getValue().size();
      }
    }
    Deque<Waiter> line = lines.get(longest);
    if (line != null) {
      tell(line.removeLast(), Fate.TURNED_AWAY);
      closeIfEmpty(longest, line);
    }
  }

  /** Lets pass as many as the rate allows by now. */
  void release() {
    lock.lock();
    try {
      while (waiting > 0 && bucket.waitForOne() == 0) {
        long unused = bucket.take(1, 0);
        String group = turns.removeFirst();
        Deque<Waiter> line = lines.get(group);
        if (line == null) {
          throw new IllegalStateException("a turn without a line");
        }
        tell(line.removeFirst(), Fate.PASSED);
        if (line.isEmpty()) {
          lines.remove(group);
        } else {
          turns.addLast(group);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void tell(Waiter waiter, Fate fate) {
    waiter.fate = fate;
    waiting--;
    waiter.told.signal();
  }
}
