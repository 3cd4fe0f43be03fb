package hikyaku.server.net;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who has a session that holds no thread while it waits: one thread at a time, or nobody. Whoever
 * comes while somebody has it leaves word, and the one who has it looks again before he lets go; so
 * nothing that happens is missed.
 */
final class Claim {
  private static final int FREE = 0;
  private static final int TAKEN = 1;
  private static final int WANTED = 2;

  /** A session begins with the thread that made it. */
  private final AtomicInteger state = new AtomicInteger(TAKEN);

  /** Takes it if nobody has it, or leaves word. */
  boolean take() {
    while (true) {
      if (state.compareAndSet(FREE, TAKEN)) {
        return true;
      }
      int now = state.get();
      if (now == WANTED || now == TAKEN && state.compareAndSet(TAKEN, WANTED)) {
        return false;
      }
    }
  }

  /** Lets go, unless word was left: then the caller still has it, and has to look again. */
  boolean leave() {
    if (state.compareAndSet(TAKEN, FREE)) {
      return true;
    }
    state.set(TAKEN);
    return false;
  }

  boolean isFree() {
    return state.get() == FREE;
  }
}
