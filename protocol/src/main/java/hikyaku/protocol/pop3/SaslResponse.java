package hikyaku.protocol.pop3;

import hikyaku.protocol.wire.Base64Text;
import java.nio.charset.StandardCharsets;

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

  /** Longer than {@link CommandLine#LONGEST_SASL}: the exchange fails. */
  record TooLong() implements SaslResponse {}

  /** Reads a line whose line ending is cut off. */
  static SaslResponse parse(byte[] line) {
    if (line.length == 1 && line[0] == '*') {
      return new Cancelled();
    }
    byte[] octets = Base64Text.decode(new String(line, StandardCharsets.ISO_8859_1));
    return octets == null ? new NotBase64() : new Response(octets);
  }
}
