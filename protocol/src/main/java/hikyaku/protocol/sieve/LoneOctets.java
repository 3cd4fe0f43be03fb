package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;

/**
 * Octets of a text, and pieces of them as text again. A wildcard may stand for a single octet of a
 * character (RFC 5228 §2.7.1). In a piece such an octet is a surrogate without another one, of
 * U+DC80 to U+DCFF, which no text has; where pieces come together, it is an octet again.
 */
final class LoneOctets {
  private static final char FIRST = '\uDC80';
  private static final char LAST = '\uDCFF';
  private static final int BASE = 0xDC00;

  private LoneOctets() {}

  /** A stretch of the octets of a text. */
  static String piece(byte[] octets, int from, int to) {
    ByteBuffer rest = ByteBuffer.wrap(octets, from, to - from);
    CharBuffer piece = CharBuffer.allocate(to - from);
    CharsetDecoder decoder =
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CoderResult result = decoder.decode(rest, piece, true);
    while (result.isError()) {
      for (int i = 0; i < result.length(); i++) {
        piece.put((char) (BASE + (rest.get() & 0xFF)));
      }
      result = decoder.reset().decode(rest, piece, true);
    }
    return piece.flip().toString();
  }

  /** The octets of a text. */
  static byte[] of(String text) {
    if (!has(text)) {
      return text.getBytes(UTF_8);
    }
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    int next;
    for (int i = 0; i < text.length(); i = next) {
      int codePoint = text.codePointAt(i);
      next = i + Character.charCount(codePoint);
      if (codePoint >= FIRST && codePoint <= LAST) {
        octets.write(codePoint - BASE);
      } else {
        octets.writeBytes(text.substring(i, next).getBytes(UTF_8));
      }
    }
    return octets.toByteArray();
  }

  /** A text that was put together; what is no character even now is marked as that. */
  static String joined(String text) {
    return has(text) ? new String(of(text), UTF_8) : text;
  }

  private static boolean has(String text) {
    return text.codePoints().anyMatch(each -> each >= FIRST && each <= LAST);
  }
}
