package hikyaku.protocol.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Looks through octets eight at a time: most text has nothing to stop at. */
public final class OctetScan {
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long TOP_BITS = 0x8080_8080_8080_8080L;

  private OctetScan() {}

  /**
   * The first place from {@code from} on with an octet under {@code limit}, as unsigned numbers go.
   *
   * @param to where to end
   * @param limit at most 128
   * @return {@code to} if there is none
   */
  public static int below(byte[] octets, int from, int to, int limit) {
    int at = from;
    for (; at <= to - Long.BYTES; at += Long.BYTES) {
      long word = (long) WORD.get(octets, at);
      // The lowest bit that is set is of the first such octet; a borrow may set others above it.
      long under = word - ONES * limit & ~word & TOP_BITS;
      if (under != 0) {
        return at + Long.numberOfTrailingZeros(under) / Byte.SIZE;
      }
    }
    while (at < to && Byte.toUnsignedInt(octets[at]) >= limit) {
      at++;
    }
    return at;
  }

  /** Whether any octet from {@code from} to {@code to} has its top bit set. */
  public static boolean has8bit(byte[] octets, int from, int to) {
    long seen = 0;
    int at = from;
    for (; at <= to - Long.BYTES; at += Long.BYTES) {
      seen |= (long) WORD.get(octets, at);
    }
    for (; at < to; at++) {
      seen |= octets[at];
    }
    return (seen & TOP_BITS) != 0;
  }
}
