package hikyaku.stores.postgres;

import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Rounds waiting to be committed. Bounded: when it is full, callers wait.
 *
 * <p>A round waits while another one of its logs is being committed: in the database it would wait
 * for that log's lock, and hold others up with the locks that it has. Rounds of one log keep their
 * order.
 */
final class CommitQueue {
  private final PostgresSettings.Queue bounds;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition work = lock.newCondition();
  private final Deque<AppendRound> waiting = new ArrayDeque<>();
  private final Set<LogName> busy = new HashSet<>();
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

  /**
   * What has gathered and can be committed now, up to a batch; waits for some. Its logs are busy
   * until {@link #done}. Nothing if the queue is closed and empty.
   */
  List<AppendRound> take() throws InterruptedException {
    lock.lock();
    try {
      while (true) {
        List<AppendRound> batch = takeReady();
        if (!batch.isEmpty() || (closed && waiting.isEmpty())) {
          return batch;
        }
        work.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private List<AppendRound> takeReady() {
    List<AppendRound> batch = new ArrayList<>();
    Set<LogName> passedOver = new HashSet<>();
    long taken = 0;
    for (Iterator<AppendRound> rounds = waiting.iterator(); rounds.hasNext(); ) {
      AppendRound next = rounds.next();
      if (batch.size() == bounds.batchLength()
          || (!batch.isEmpty() && taken + next.weight() > bounds.batchOctets())) {
        break;
      }
      if (next.isOnAny(busy) || next.isOnAny(passedOver)) {
        next.appends().forEach(append -> passedOver.add(append.log()));
      } else {
        rounds.remove();
        batch.add(next);
        taken += next.weight();
      }
    }
    for (AppendRound round : batch) {
      round.appends().forEach(append -> busy.add(append.log()));
    }
    octets -= taken;
    if (!batch.isEmpty()) {
      room.signalAll();
      if (!waiting.isEmpty()) {
        work.signal();
      }
    }
    return batch;
  }

  /** A batch has come to its end. */
  void done(List<AppendRound> batch) {
    lock.lock();
    try {
      for (AppendRound round : batch) {
        round.appends().forEach(append -> busy.remove(append.log()));
      }
      work.signalAll();
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
