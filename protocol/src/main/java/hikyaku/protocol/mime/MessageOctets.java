package hikyaku.protocol.mime;

import java.io.IOException;

/** The octets of a message, to be read at any place: a stored blob, or an array. */
@FunctionalInterface
public interface MessageOctets {
  /**
   * Reads octets from a place.
   *
   * @return the number read, at least one; 0 at or after the end
   */
  int read(long position, byte[] octets, int offset, int length) throws IOException;

  /** The octets of an array. */
  static MessageOctets of(byte[] message) {
    return (position, octets, offset, length) -> {
      int count = (int) Math.max(0, Math.min(length, message.length - position));
      if (count > 0) {
        System.arraycopy(message, (int) position, octets, offset, count);
      }
      return count;
    };
  }
}
