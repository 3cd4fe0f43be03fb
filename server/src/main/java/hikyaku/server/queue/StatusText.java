package hikyaku.server.queue;

import hikyaku.protocol.smtp.RcptParameters.OriginalRecipient;
import org.jspecify.annotations.Nullable;

/**
 * Values of others in fields of reports (RFC 3464 §2.1, RFC 6533 §3): each stays within its line,
 * whatever it has in it.
 */
public final class StatusText {
  private StatusText() {}

  /**
   * In one line.
   *
   * @param utf8 whether the report may have more than ASCII
   */
  public static String of(String value, boolean utf8) {
    return value.replaceAll(utf8 ? "[\\p{Cc}\u2028\u2029]" : "[^ -~]", "?");
  }

  /** What the sender calls the message (RFC 3464 §2.2.1), a line; nothing if it has no name. */
  public static String envelopeId(@Nullable String envid, boolean utf8) {
    return envid == null ? "" : "Original-Envelope-Id: " + of(envid, utf8) + "\r\n";
  }

  /** Whom the sender meant (RFC 3464 §2.3.1, RFC 8098 §3.2.3), a line; nothing if it is unsaid. */
  public static String recipient(@Nullable OriginalRecipient meant, boolean utf8) {
    return meant == null
        ? ""
        : "Original-Recipient: "
            + of(meant.type(), false)
            + "; "
            + of(meant.address(), utf8)
            + "\r\n";
  }
}
