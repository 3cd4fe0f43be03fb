package hikyaku.protocol.wire;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Input buffers lent to connections while they have something to say. A connection that waits holds
 * none, so the number of buffers follows the number of busy connections, not of open ones.
 */
final class BufferPool {
  /** For commands, and the beginnings of everything else. */
  static final BufferPool SMALL = new BufferPool(8 * 1024, 512);

  /** For what comes in large pieces: each read is a call into the system. */
  static final BufferPool LARGE = new BufferPool(64 * 1024, 64);

  private final int size;

  /** Kept for reuse at most; beyond this a returned buffer is left to the collector. */
  private final int kept;

  private final ConcurrentLinkedQueue<byte[]> free = new ConcurrentLinkedQueue<>();
  private final AtomicInteger freeCount = new AtomicInteger();

  private BufferPool(int size, int kept) {
    this.size = size;
    this.kept = kept;
  }

  /** Octets of each buffer. */
  int size() {
    return size;
  }

  byte[] take() {
    byte[] buffer = free.poll();
    if (buffer == null) {
      return new byte[size];
    }
    freeCount.decrementAndGet();
    return buffer;
  }

  /** Takes a buffer back into the pool that it is from. */
  static void giveBack(byte[] buffer) {
    (buffer.length == SMALL.size ? SMALL : LARGE).keep(buffer);
  }

  private void keep(byte[] buffer) {
    if (freeCount.incrementAndGet() > kept) {
      freeCount.decrementAndGet();
    } else {
      free.add(buffer);
    }
  }
}
