package hikyaku.protocol.smtp;

import hikyaku.protocol.address.MailAddress;
import java.util.Optional;

/** An address in a path (RFC 5321 §4.1.2). */
public record Mailbox(MailAddress address) implements ReversePath, ForwardPath {

  public Mailbox(String localPart, String domain) {
    this(new MailAddress(localPart, domain));
  }

  /** What it means, without quoting; case as sent. */
  public String localPart() {
    return address.localPart();
  }

  /** A name, or an address literal with its brackets; case as sent. */
  public String domain() {
    return address.domain();
  }

  public boolean isLiteral() {
    return address.isLiteral();
  }

  /** Whether it can be written without SMTPUTF8 (RFC 6531). */
  public boolean isAscii() {
    return address.isAscii();
  }

  /** The form that can be written without it: the domain in A-labels; nothing if there is none. */
  public Optional<Mailbox> ascii() {
    return address.ascii().map(Mailbox::new);
  }

  /** As written between the angle brackets, quoted where it must be. */
  @Override
  public String toString() {
    return address.toString();
  }
}
