package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Arrays;

/**
 * Base64 (RFC 2045 §6.8). Octets outside the alphabet are passed over; after padding a new encoded
 * text may begin, as where senders join several.
 */
final class Base64Decoder extends TransferDecoder {
  private static final byte[] VALUES = new byte[256];
  private static final int PADDING = -2;
  private static final int LINE = -3;

  static {
    Arrays.fill(VALUES, (byte) -1);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int value = 0; value < alphabet.length(); value++) {
      VALUES[alphabet.charAt(value)] = (byte) value;
    }
    VALUES['='] = PADDING;
    VALUES['\r'] = LINE;
    VALUES['\n'] = LINE;
    VALUES[' '] = LINE;
    VALUES['\t'] = LINE;
  }

  private int bits;
  private int digits; // of the quantum at hand
  private int padding; // seen after an incomplete quantum
  private boolean padded; // the text has ended

  Base64Decoder(OctetSink decoded) {
    super(decoded);
  }

  @Override
  void octet(byte octet) throws IOException {
    int value = VALUES[octet & 0xff];
    if (value >= 0) {
      if (padded) {
        damage();
        padded = false;
        padding = 0;
      }
      bits = bits << 6 | value;
      if (++digits == 4) {
        put(bits >> 16);
        put(bits >> 8);
        put(bits);
        digits = 0;
        bits = 0;
      }
    } else if (value == PADDING) {
      pad();
    } else if (value != LINE) {
      damage();
    }
  }

  private void pad() throws IOException {
    if (digits > 0) {
      padding = 4 - digits;
      rest();
      padded = true;
    } else if (!padded || padding == 0) {
      damage();
    }
    if (padding > 0) {
      padding--;
    }
  }

  private void rest() throws IOException {
    switch (digits) {
      case 2 -> put(bits >> 4);
      case 3 -> {
        put(bits >> 10);
        put(bits >> 2);
      }
      default -> damage();
    }
    digits = 0;
    bits = 0;
  }

  @Override
  void end() throws IOException {
    if (digits > 0) {
      damage();
      rest();
    } else if (padding > 0) {
      damage();
    }
  }
}
