package hikyaku.protocol.mime;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;

/** UTF-7 (RFC 2152), read leniently. */
final class Utf7Charset extends Charset {
  Utf7Charset() {
    super("x-hikyaku-utf-7", null);
  }

  @Override
  public boolean contains(Charset other) {
    return true;
  }

  @Override
  public boolean canEncode() {
    return false;
  }

  @Override
  public CharsetEncoder newEncoder() {
    throw new UnsupportedOperationException("decodes only");
  }

  @Override
  public CharsetDecoder newDecoder() {
    return new Decoder(this);
  }

  private static final class Decoder extends CharsetDecoder {
    private boolean shifted;
    private boolean justShifted;
    private int bits;
    private int count;
    private char high; // a high surrogate waiting for its other half, or 0

    Decoder(Charset charset) {
      super(charset, 1, 1);
    }

    @Override
    protected void implReset() {
      shifted = false;
      justShifted = false;
      bits = 0;
      count = 0;
      high = 0;
    }

    @Override
    protected CoderResult implFlush(CharBuffer out) {
      if (high != 0 && !out.hasRemaining()) {
        return CoderResult.OVERFLOW;
      }
      giveHigh(out);
      return CoderResult.UNDERFLOW;
    }

    @Override
    protected CoderResult decodeLoop(ByteBuffer in, CharBuffer out) {
      while (in.hasRemaining()) {
        if (out.remaining() < 2) {
          return CoderResult.OVERFLOW;
        }
        int octet = in.get() & 0xff;
        if (!shifted) {
          plain(octet, out);
        } else {
          shifted(octet, out);
        }
      }
      return CoderResult.UNDERFLOW;
    }

    private void plain(int octet, CharBuffer out) {
      if (octet == '+') {
        shifted = true;
        justShifted = true;
        bits = 0;
        count = 0;
      } else {
        put(octet < 128 ? (char) octet : '\ufffd', out);
      }
    }

    private void shifted(int octet, CharBuffer out) {
      int value = value(octet);
      if (value >= 0) {
        bits = (bits << 6 | value) & 0xffffff;
        count += 6;
        if (count >= 16) {
          count -= 16;
          put((char) (bits >> count), out);
        }
      } else {
        shifted = false;
        if (octet != '-') {
          plain(octet, out);
        } else if (justShifted) {
          put('+', out);
        }
      }
      justShifted = false;
    }

    private void put(char next, CharBuffer out) {
      if (Character.isLowSurrogate(next) && high != 0) {
        out.put(high).put(next);
        high = 0;
        return;
      }
      giveHigh(out);
      if (Character.isHighSurrogate(next)) {
        high = next;
      } else {
        out.put(Character.isLowSurrogate(next) ? '\ufffd' : next);
      }
    }

    private void giveHigh(CharBuffer out) {
      if (high != 0) {
        out.put('\ufffd');
        high = 0;
      }
    }

    private static int value(int octet) {
      if (octet >= 'A' && octet <= 'Z') {
        return octet - 'A';
      }
      if (octet >= 'a' && octet <= 'z') {
        return octet - 'a' + 26;
      }
      if (octet >= '0' && octet <= '9') {
        return octet - '0' + 52;
      }
      return octet == '+' ? 62 : octet == '/' ? 63 : -1;
    }
  }
}
