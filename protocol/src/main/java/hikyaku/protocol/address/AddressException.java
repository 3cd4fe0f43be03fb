package hikyaku.protocol.address;

/** Text that is no address under the strict grammar. The reason decides the reply. */
public final class AddressException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why the address was refused. */
  public enum Reason {
    /** Not the grammar of RFC 5321 §4.1.2. */
    SYNTAX,
    /** The local part has more than {@value MailAddress#LONGEST_LOCAL_PART} octets. */
    LOCAL_PART_TOO_LONG,
    /** The domain has more than 255 octets (RFC 5321 §4.5.3.1.2). */
    DOMAIN_TOO_LONG,
    /** The mailbox has more than 254 octets, so that no path of 256 could carry it (§4.5.3.1.3). */
    MAILBOX_TOO_LONG,
    /** Octets above 127 where the client did not ask for SMTPUTF8 (RFC 6531 §3.3). */
    NEEDS_SMTPUTF8,
    /** Octets above 127 that are not UTF-8 (RFC 6531 §3.3). */
    NOT_UTF8,
    /** A domain that no name service could hold: empty label, label too long, refused by IDNA. */
    DOMAIN
  }

  private final Reason reason;

  AddressException(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
