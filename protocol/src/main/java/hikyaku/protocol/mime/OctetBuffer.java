package hikyaku.protocol.mime;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Octets gathered up to a limit; of more, the beginning is kept. */
final class OctetBuffer {
  private final int limit;
  private byte[] octets = new byte[128];
  private int size;

  OctetBuffer(int limit) {
    this.limit = limit;
  }

  /** Returns false if not everything found room. */
  boolean append(byte[] from, int start, int end) {
    int count = Math.min(end - start, limit - size);
    if (size + count > octets.length) {
      octets = Arrays.copyOf(octets, Math.min(limit, Math.max(size + count, 2 * octets.length)));
    }
    System.arraycopy(from, start, octets, size, count);
    size += count;
    return count == end - start;
  }

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  byte at(int index) {
    return octets[index];
  }

  /** The array behind, of which the first {@link #size} octets count. */
  byte[] array() {
    return octets;
  }

  /** The octets from {@code start} on, one per char. */
  String text(int start) {
    return new String(octets, start, size - start, StandardCharsets.ISO_8859_1);
  }
}
