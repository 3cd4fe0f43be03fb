package hikyaku.protocol.smtp;

import org.jspecify.annotations.Nullable;

/**
 * What MAIL may say beyond the path; null where it does not.
 *
 * @param size octets, as the client reckons (RFC 1870); beyond a long it is {@link Long#MAX_VALUE}
 * @param body RFC 6152 §2, RFC 3030 §3
 * @param smtpUtf8 RFC 6531 §3.4
 * @param ret RFC 3461 §4.3
 * @param envid the sender's own name for the transaction, decoded (RFC 3461 §4.4)
 * @param auth who submitted it, decoded; empty for {@code <>} (RFC 4954 §5)
 * @param requireTls that nobody may hand it on without TLS that is checked (RFC 8689 §3)
 * @param hold until when it is to be kept back (RFC 4865 §3)
 * @param by within what time it is to be delivered (RFC 2852 §4)
 * @param priority {@value #LOWEST_PRIORITY} to {@value #HIGHEST_PRIORITY}, where most mail has 0
 *     (RFC 6710 §3)
 */
public record MailParameters(
    @Nullable Long size,
    @Nullable Body body,
    boolean smtpUtf8,
    @Nullable Ret ret,
    @Nullable String envid,
    @Nullable String auth,
    boolean requireTls,
    @Nullable Hold hold,
    @Nullable DeliverBy by,
    @Nullable Integer priority) {

  public static final int LOWEST_PRIORITY = -9;
  public static final int HIGHEST_PRIORITY = 9;

  public static final MailParameters NONE =
      new MailParameters(null, null, false, null, null, null, false);

  /** What a message is and what is to be told of it, without wishes for when it goes. */
  public MailParameters(
      @Nullable Long size,
      @Nullable Body body,
      boolean smtpUtf8,
      @Nullable Ret ret,
      @Nullable String envid,
      @Nullable String auth,
      boolean requireTls) {
    this(size, body, smtpUtf8, ret, envid, auth, requireTls, null, null, null);
  }

  /** What kind of octets the message has. */
  public enum Body {
    SEVENBIT,
    EIGHTBITMIME,
    BINARYMIME
  }

  /** How much of the message a failure report brings back. */
  public enum Ret {
    FULL,
    HDRS
  }
}
