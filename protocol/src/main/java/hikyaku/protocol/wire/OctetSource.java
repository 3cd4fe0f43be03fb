package hikyaku.protocol.wire;

import java.io.IOException;

/** Where octets come from: a socket, TLS over one, a decompressor, or an array in a test. */
public interface OctetSource {
  /**
   * Blocks until octets can be read or the end is reached, holding no buffer worth mentioning, so
   * that an idle connection costs next to nothing.
   *
   * @return false at the end of input
   */
  boolean await() throws IOException;

  /**
   * Reads at least one octet, blocking for it.
   *
   * @return the number of octets read, or -1 at the end of input
   */
  int read(byte[] buffer, int offset, int length) throws IOException;

  /** A source over octets already in memory. */
  static OctetSource of(byte[] octets) {
    return new OctetSource() {
      private int position;

      @Override
      public boolean await() {
        return position < octets.length;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) {
        if (position == octets.length) {
          return -1;
        }
        int count = Math.min(length, octets.length - position);
        System.arraycopy(octets, position, buffer, offset, count);
        position += count;
        return count;
      }
    };
  }
}
