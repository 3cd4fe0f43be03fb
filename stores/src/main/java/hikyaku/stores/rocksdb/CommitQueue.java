package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Waiting;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Operations waiting to be committed, in order. Bounded: when it is full, callers wait. */
final class CommitQueue {
  private final RocksSettings.Queue bounds;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition work = lock.newCondition();
  private final Queue<Operation<?>> waiting = new ArrayDeque<>();
  private long octets;
  private boolean closed;

  CommitQueue(RocksSettings.Queue bounds) {
    this.bounds = bounds;
  }

  /**
   * Adds an operation, waiting for room.
   *
   * @throws StoreException.Unavailable if there is none in time, or the queue is closed
   */
  void add(Operation<?> operation) {
    long weight = operation.weight();
    long left = bounds.roomTimeout().toNanos();
    boolean interrupted = false;
    lock.lock();
    try {
      while (!closed && isFull(weight)) {
        if (left <= 0) {
          throw new StoreException.Unavailable("too many writes are waiting", null);
        }
        long now = System.nanoTime();
        // What is there may all be of a kind that waits for others.
        work.signal();
        try {
          left = room.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
          left -= System.nanoTime() - now;
        }
      }
      if (closed) {
        throw new StoreException.Unavailable("the store is closed", null);
      }
      waiting.add(operation);
      octets += weight;
      if (!operation.canWait() || octets >= bounds.batchOctets()) {
        work.signal();
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean isFull(long weight) {
    return waiting.size() >= bounds.length()
        || (octets + weight > bounds.octets() && !waiting.isEmpty());
  }

  /** Adds an operation and waits for its answer. */
  <T> T call(Operation<T> operation) {
    add(operation);
    return Waiting.forAnswer(
        operation.answer(),
        bounds.commitTimeout(),
        "a write has not come back in time; its outcome is unknown");
  }

  /**
   * What has gathered, up to a batch; waits for some.
   *
   * @param patience how long to wait
   * @return nothing if the time is up, or if the queue is closed and empty
   */
  List<Operation<?>> take(Duration patience) throws InterruptedException {
    List<Operation<?>> batch = new ArrayList<>();
    long left = patience.toNanos();
    long taken = 0;
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed && left > 0) {
        left = work.awaitNanos(left);
      }
      while (waiting.peek() instanceof Operation<?> next
          && batch.size() < bounds.batchLength()
          && (batch.isEmpty()
              || (taken + next.weight() <= bounds.batchOctets() && !next.alone()))) {
        waiting.remove();
        batch.add(next);
        taken += next.weight();
        if (next.alone()) {
          break;
        }
      }
      octets -= taken;
      room.signalAll();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more. What is in it is still to be taken. */
  void close() {
    lock.lock();
    try {
      closed = true;
      room.signalAll();
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isDone() {
    lock.lock();
    try {
      return closed && waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }
}
