package hikyaku.protocol.wire;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Base64 as a client's part of a SASL exchange has it. */
public final class Base64Text {
  private Base64Text() {}

  /**
   * Decodes base64 with its padding in place and nothing else between (RFC 4648 §3.2, §3.3).
   *
   * @return null if it is not that
   */
  public static byte @Nullable [] decode(String text) {
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
