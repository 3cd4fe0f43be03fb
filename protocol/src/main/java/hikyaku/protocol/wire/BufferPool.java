package hikyaku.protocol.wire;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Input buffers lent to connections while they have something to say. A connection that waits holds
 * none, so the number of buffers follows the number of busy connections, not of open ones.
 */
final class BufferPool {
  static final int BUFFER_SIZE = 8192;

  /** Kept for reuse at most; beyond this a returned buffer is left to the collector. */
  private static final int KEPT = 512;

  private static final ConcurrentLinkedQueue<byte[]> FREE = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger FREE_COUNT = new AtomicInteger();

  private BufferPool() {}

  static byte[] take() {
    byte[] buffer = FREE.poll();
    if (buffer == null) {
      return new byte[BUFFER_SIZE];
    }
    FREE_COUNT.decrementAndGet();
    return buffer;
  }

  static void giveBack(byte[] buffer) {
    if (FREE_COUNT.incrementAndGet() > KEPT) {
      FREE_COUNT.decrementAndGet();
    } else {
      FREE.add(buffer);
    }
  }
}
