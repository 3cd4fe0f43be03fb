package hikyaku.stores.postgres;

import hikyaku.mailbox.store.StoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Rounds waiting to be committed, in order. Bounded: when it is full, callers wait. */
final class CommitQueue {
  private final PostgresSettings.Queue bounds;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition work = lock.newCondition();
  private final Queue<AppendRound> waiting = new ArrayDeque<>();
  private long octets;
  private boolean closed;

  CommitQueue(PostgresSettings.Queue bounds) {
    this.bounds = bounds;
  }

  /**
   * Adds a round, waiting for room.
   *
   * @throws StoreException.Unavailable if there is none before its deadline, or the queue is closed
   */
  void add(AppendRound round) {
    boolean interrupted = false;
    lock.lock();
    try {
      while (!closed && isFull(round.weight())) {
        long left = round.deadline() - System.nanoTime();
        if (left <= 0) {
          throw new StoreException.Unavailable("too many writes are waiting", null);
        }
        try {
          long unused = room.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (closed) {
        throw new StoreException.Unavailable("the store is closed", null);
      }
      waiting.add(round);
      octets += round.weight();
      work.signal();
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

  /** What has gathered, up to a batch; waits for some. Nothing if the queue is closed and empty. */
  List<AppendRound> take() throws InterruptedException {
    List<AppendRound> batch = new ArrayList<>();
    long taken = 0;
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed) {
        work.await();
      }
      while (waiting.peek() instanceof AppendRound next
          && batch.size() < bounds.batchLength()
          && (batch.isEmpty() || taken + next.weight() <= bounds.batchOctets())) {
        waiting.remove();
        batch.add(next);
        taken += next.weight();
      }
      octets -= taken;
      if (!waiting.isEmpty()) {
        work.signal();
      }
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
}
