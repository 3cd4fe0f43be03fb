package hikyaku.server.auth;

import hikyaku.protocol.address.SaslPrep;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Brings passwords into the one form in which they are compared.
 *
 * <p>Most are printable ASCII, which every profile leaves as it is; they are never put in a string.
 * The character classes are those of the running Java, without the contextual rules of RFC 8264.
 */
final class Preparation {
  private Preparation() {}

  /**
   * OpaqueString (RFC 8265 §4.2): other spaces become U+0020, then NFC.
   *
   * @param limit octets of the result
   * @return a copy; empty if the octets are not UTF-8, are empty, too many, or hold a control
   *     character
   */
  static Optional<byte[]> opaqueString(byte[] utf8, int limit) {
    return prepare(utf8, limit, Normalizer.Form.NFC);
  }

  /**
   * SASLprep (RFC 4013), which SCRAM derives its keys from: as above, but some characters are
   * dropped, and NFKC.
   */
  static Optional<byte[]> saslPrep(byte[] utf8, int limit) {
    return prepare(utf8, limit, Normalizer.Form.NFKC);
  }

  private static Optional<byte[]> prepare(byte[] utf8, int limit, Normalizer.Form form) {
    if (utf8.length == 0 || utf8.length > limit) {
      return Optional.empty();
    }
    if (printableAscii(utf8)) {
      return Optional.of(utf8.clone());
    }
    CharBuffer decoded;
    try {
      decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
    } catch (CharacterCodingException notUtf8) {
      return Optional.empty();
    }
    StringBuilder mapped = new StringBuilder();
    boolean usable =
        decoded
            .codePoints()
            .filter(c -> form == Normalizer.Form.NFC || !SaslPrep.isMappedToNothing(c))
            .map(c -> Character.getType(c) == Character.SPACE_SEPARATOR ? ' ' : c)
            .peek(mapped::appendCodePoint)
            .noneMatch(Preparation::prohibited);
    Arrays.fill(decoded.array(), '\0');
    if (!usable || mapped.isEmpty()) {
      return Optional.empty();
    }
    byte[] prepared = Normalizer.normalize(mapped, form).getBytes(StandardCharsets.UTF_8);
    return prepared.length > limit ? Optional.empty() : Optional.of(prepared);
  }

  private static boolean printableAscii(byte[] octets) {
    for (byte octet : octets) {
      if (octet < ' ' || octet == 127) {
        return false;
      }
    }
    return true;
  }

  private static boolean prohibited(int c) {
    int type = Character.getType(c);
    return type == Character.CONTROL
        || type == Character.SURROGATE
        || type == Character.UNASSIGNED
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
