package hikyaku.server.front;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The order in which sessions whose node has gone are given to others. Those whose clients wait for
 * an answer, or begin to, go at once; the others stand in line here, so that thousands of them do
 * not keep the nodes from the few that matter. The line moves as fast as nodes take sessions: the
 * next one is called when one of those under way has arrived.
 */
final class Resettling {
  /**
   * Sessions under way at a time. Enough to keep nodes busy over a link's round trip, and so few
   * that one which goes at once is not behind many.
   */
  static final int AT_ONCE = 32;

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Place> line = new ArrayDeque<>();
  private int underWay;

  private enum State {
    WAITING,
    CALLED,
    DONE
  }

  /** A session's place in the line, and its being under way after that. */
  final class Place {
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final Runnable call;

    private Place(Runnable call) {
      this.call = call;
    }

    /** Whether it is the session's turn. */
    boolean isCalled() {
      return state.get() == State.CALLED;
    }

    /** The session has arrived, or needs no place any more. May be said more than once. */
    void done() {
      if (state.getAndSet(State.DONE) == State.CALLED) {
        lock.lock();
        try {
          underWay--;
        } finally {
          lock.unlock();
        }
        callNext();
      }
    }
  }

  /**
   * Stands in line.
   *
   * @param call run once, by any thread and perhaps before this returns, when it is the session's
   *     turn; must not wait
   */
  Place join(Runnable call) {
    Place place = new Place(call);
    lock.lock();
    try {
      line.add(place);
    } finally {
      lock.unlock();
    }
    return place;
  }

  /** Calls as many as may be under way. */
  void callNext() {
    while (true) {
      Place next;
      lock.lock();
      try {
        next = underWay < AT_ONCE ? line.poll() : null;
        if (next == null) {
          return;
        }
        if (!next.state.compareAndSet(State.WAITING, State.CALLED)) {
          // It has gone by itself.
          continue;
        }
        underWay++;
      } finally {
        lock.unlock();
      }
      next.call.run();
    }
  }
}
