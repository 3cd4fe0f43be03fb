package hikyaku.server.net;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Big buffers lent to connections while they are busy. A waiting connection holds none, so their
 * number follows the number of busy connections.
 */
final class Buffers {
  /** Plain octets that fill one TLS record (RFC 8446 §5.1). */
  static final int PLAIN = 16_384;

  /** Holds a whole TLS record with its header and the expansion by any cipher. */
  static final int SIZE = PLAIN + 1024;

  /** Kept for reuse at most; beyond this a returned buffer is left to the collector. */
  private static final int KEPT = 256;

  private static final ConcurrentLinkedQueue<byte[]> FREE = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger FREE_COUNT = new AtomicInteger();

  private Buffers() {}

  static byte[] take() {
    byte[] buffer = FREE.poll();
    if (buffer == null) {
      return new byte[SIZE];
    }
    FREE_COUNT.decrementAndGet();
    return buffer;
  }

  /** Gives back a buffer that came from {@link #take()}; another one is dropped. */
  static void giveBack(byte[] buffer) {
    if (buffer.length != SIZE) {
      return;
    }
    if (FREE_COUNT.incrementAndGet() > KEPT) {
      FREE_COUNT.decrementAndGet();
    } else {
      FREE.add(buffer);
    }
  }
}
