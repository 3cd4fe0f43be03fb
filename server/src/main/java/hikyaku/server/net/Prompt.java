package hikyaku.server.net;

import java.io.IOException;

/** A layer that can say what is there now, without a wait for more. */
interface Prompt extends Layer {
  /**
   * Reads what is there.
   *
   * @return how much it was; 0 for nothing, -1 for the end
   */
  int readNow(byte[] buffer, int offset, int length) throws IOException;

  /** Whether octets have come that were not read: a look at the socket would not tell. */
  boolean holds();
}
