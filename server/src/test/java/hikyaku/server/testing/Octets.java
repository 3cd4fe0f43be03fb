package hikyaku.server.testing;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** Octets in the order in which they came, forgotten from the front. */
final class Octets extends ByteArrayOutputStream {
  byte[] range(int from, int to) {
    return Arrays.copyOfRange(buf, from, to);
  }

  void forget(int octets) {
    System.arraycopy(buf, octets, buf, 0, count - octets);
    count -= octets;
  }
}
