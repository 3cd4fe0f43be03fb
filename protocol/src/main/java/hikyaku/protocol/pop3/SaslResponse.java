package hikyaku.protocol.pop3;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** A line from the client within an AUTH exchange (RFC 5034 §4). */
public sealed interface SaslResponse {
  /**
   * A response.
   *
   * @param octets decoded
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; copied by nobody.
  record Response(byte[] octets) implements SaslResponse {
    @Override
    public String toString() {
      return "Response[***]";
    }
  }

  /** "*": the client gives the exchange up. */
  record Cancelled() implements SaslResponse {}

  /** Not base64: the exchange fails. */
  record NotBase64() implements SaslResponse {}

  /** Reads a line whose line ending is cut off. */
  static SaslResponse parse(byte[] line) {
    if (line.length == 1 && line[0] == '*') {
      return new Cancelled();
    }
    byte[] octets = base64(new String(line, StandardCharsets.ISO_8859_1));
    return octets == null ? new NotBase64() : new Response(octets);
  }

  /** Decodes base64 with its padding in place (RFC 4648 §3.2, §3.3), or returns null. */
  static byte @Nullable [] base64(String text) {
    // The JDK's decoder forgives missing padding, which the RFC does not.
    if (text.length() % 4 != 0) {
      return null;
    }
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
