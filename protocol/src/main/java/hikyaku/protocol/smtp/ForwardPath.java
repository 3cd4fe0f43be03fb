package hikyaku.protocol.smtp;

/** Where a message goes (RFC 5321 §4.1.2). */
public sealed interface ForwardPath permits ForwardPath.Postmaster, Mailbox {
  /** {@code <Postmaster>} without a domain, which every server knows (RFC 5321 §4.5.1). */
  record Postmaster() implements ForwardPath {
    @Override
    public String toString() {
      return "Postmaster";
    }
  }

  Postmaster POSTMASTER = new Postmaster();

  /** As written between the angle brackets. */
  @Override
  String toString();
}
