package hikyaku.protocol.smtp;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What RCPT may say beyond the path; null where it does not.
 *
 * @param notifyOn when the sender wants to be told; the empty set for NEVER (RFC 3461 §4.1)
 * @param orcpt the recipient that the sender meant (RFC 3461 §4.2)
 */
public record RcptParameters(@Nullable Set<Notify> notifyOn, @Nullable OriginalRecipient orcpt) {
  public static final RcptParameters NONE = new RcptParameters(null, null);

  public enum Notify {
    SUCCESS,
    FAILURE,
    DELAY
  }

  /**
   * @param type the address type, as {@code rfc822} or {@code utf-8}
   * @param address decoded
   */
  public record OriginalRecipient(String type, String address) {}
}
