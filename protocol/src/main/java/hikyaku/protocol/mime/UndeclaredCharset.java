package hikyaku.protocol.mime;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;

/** UTF-8 where it is valid, windows-1252 elsewhere, decided sequence by sequence. */
final class UndeclaredCharset extends Charset {
  /** What windows-1252 has at 0x80 to 0x9f; the five it leaves open are controls. */
  private static final String WINDOWS_1252 =
      "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d"
          + "\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153"
          + "\u009d\u017e\u0178";

  UndeclaredCharset() {
    super("x-hikyaku-undeclared", null);
  }

  @Override
  public boolean contains(Charset other) {
    return other.name().equals("US-ASCII") || other.equals(this);
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
    /** The most chars that one octet can settle: three it does not go on with, and itself. */
    private static final int ROOM = 4;

    /** The beginning of a sequence that may yet turn out to be UTF-8. */
    private final byte[] begun = new byte[4];

    private int size;
    private int length;

    Decoder(Charset charset) {
      super(charset, 1, 1);
    }

    @Override
    protected void implReset() {
      size = 0;
    }

    @Override
    protected CoderResult decodeLoop(ByteBuffer in, CharBuffer out) {
      while (in.hasRemaining()) {
        if (out.remaining() < ROOM) {
          return CoderResult.OVERFLOW;
        }
        int octet = in.get() & 0xff;
        if (size > 0 && !continues(begun[0] & 0xff, size, octet)) {
          giveUp(out);
        }
        if (size == 0) {
          length = length(octet);
        }
        if (length == 1) {
          out.put(single(octet));
        } else {
          begun[size++] = (byte) octet;
          if (size == length) {
            complete(out);
          }
        }
      }
      return CoderResult.UNDERFLOW;
    }

    @Override
    protected CoderResult implFlush(CharBuffer out) {
      if (out.remaining() < size) {
        return CoderResult.OVERFLOW;
      }
      giveUp(out);
      return CoderResult.UNDERFLOW;
    }

    private void giveUp(CharBuffer out) {
      for (int at = 0; at < size; at++) {
        out.put(single(begun[at] & 0xff));
      }
      size = 0;
    }

    private void complete(CharBuffer out) {
      int codePoint = begun[0] & (0x7f >> length);
      for (int at = 1; at < length; at++) {
        codePoint = codePoint << 6 | (begun[at] & 0x3f);
      }
      if (length == 4) {
        out.put(Character.highSurrogate(codePoint)).put(Character.lowSurrogate(codePoint));
      } else {
        out.put((char) codePoint);
      }
      size = 0;
    }

    private static char single(int octet) {
      return octet >= 0x80 && octet < 0xa0 ? WINDOWS_1252.charAt(octet - 0x80) : (char) octet;
    }

    /** The length of the sequence that the octet leads (RFC 3629 §4); 1 if it leads none. */
    private static int length(int lead) {
      if (lead >= 0xc2 && lead < 0xe0) {
        return 2;
      }
      if (lead >= 0xe0 && lead < 0xf0) {
        return 3;
      }
      return lead >= 0xf0 && lead < 0xf5 ? 4 : 1;
    }

    private static boolean continues(int lead, int index, int octet) {
      if (index > 1) {
        return octet >= 0x80 && octet < 0xc0;
      }
      return switch (lead) {
        case 0xe0 -> octet >= 0xa0 && octet < 0xc0;
        case 0xed -> octet >= 0x80 && octet < 0xa0;
        case 0xf0 -> octet >= 0x90 && octet < 0xc0;
        case 0xf4 -> octet >= 0x80 && octet < 0x90;
        default -> octet >= 0x80 && octet < 0xc0;
      };
    }
  }
}
