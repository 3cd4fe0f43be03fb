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

  /**
   * The head of the part that programs read (RFC 3464 §2, RFC 8098 §3.1, RFC 6533 §3, §5), with its
   * last line ending.
   *
   * @param kind {@code delivery-status} or {@code disposition-notification}
   */
  public static String head(String kind, boolean utf8) {
    return utf8
        ? "Content-Type: message/global-" + kind + "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        : "Content-Type: message/" + kind + "\r\n\r\n";
  }

  /** The head of the part with the header of the message (RFC 6522 §4, RFC 6533 §4). */
  public static String headOfHeader(boolean utf8) {
    return "Content-Type: "
        + (utf8 ? "message/global-headers" : "text/rfc822-headers")
        + "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
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
