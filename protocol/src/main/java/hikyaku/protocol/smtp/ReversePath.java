package hikyaku.protocol.smtp;

/** Where a message comes from and where failures are told (RFC 5321 §4.1.2). */
public sealed interface ReversePath permits ReversePath.Null, Mailbox {
  /** {@code <>}: of a notification, which nothing may be answered to (RFC 5321 §4.5.5). */
  record Null() implements ReversePath {
    @Override
    public String toString() {
      return "";
    }
  }

  Null NULL = new Null();

  /** As written between the angle brackets. */
  @Override
  String toString();
}
