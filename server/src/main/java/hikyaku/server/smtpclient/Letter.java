package hikyaku.server.smtpclient;

import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.List;

/**
 * A message with its envelope, for recipients that take their mail at one place.
 *
 * @param from where failures are told
 * @param parameters of MAIL; size and body are what the message has
 * @param eightBit whether there is an octet above 127 in it
 * @param optionalTls whether it goes without TLS rather than not at all, whatever policies say (RFC
 *     8689 §4); {@link MailParameters#requireTls} goes before it
 * @param recipients at least one
 * @param content its octets
 */
public record Letter(
    ReversePath from,
    MailParameters parameters,
    boolean eightBit,
    boolean optionalTls,
    List<To> recipients,
    Content content) {

  public Letter {
    recipients = List.copyOf(recipients);
  }

  /** One recipient. */
  public record To(Mailbox address, RcptParameters parameters) {}

  /** The octets of a message. */
  @FunctionalInterface
  public interface Content {
    void copyTo(OctetSink sink) throws IOException;
  }

  /** What TLS its sender wants, beyond what the domain does. */
  enum Tls {
    USUAL,
    /** Checked, and demanded of whoever takes it too (RFC 8689 §3). */
    REQUIRED,
    /** It may do without. */
    OPTIONAL
  }

  Tls tls() {
    return parameters.requireTls() ? Tls.REQUIRED : optionalTls ? Tls.OPTIONAL : Tls.USUAL;
  }

  long octets() {
    Long size = parameters.size();
    return size == null ? 0 : size;
  }

  boolean isBinary() {
    return parameters.body() == MailParameters.Body.BINARYMIME;
  }

  /** Whether all its addresses can be written without SMTPUTF8. */
  boolean hasAsciiAddresses() {
    return (!(from instanceof Mailbox sender) || sender.isAscii())
        && recipients.stream().allMatch(to -> to.address().isAscii());
  }
}
