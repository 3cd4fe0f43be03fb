package hikyaku.server.smtpclient;

import hikyaku.protocol.mime.SevenBit;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A message with its envelope, for recipients that take their mail at one place.
 *
 * @param from where failures are told
 * @param parameters of MAIL; size and body are what the message has
 * @param deadline by when it is to be delivered, null for whenever; the parameters need not say it
 * @param eightBit whether there is an octet above 127 in it
 * @param optionalTls whether it goes without TLS rather than not at all, whatever policies say (RFC
 *     8689 §4); {@link MailParameters#requireTls} goes before it
 * @param recipients at least one
 * @param content its octets
 */
public record Letter(
    ReversePath from,
    MailParameters parameters,
    @Nullable Deadline deadline,
    boolean eightBit,
    boolean optionalTls,
    List<To> recipients,
    Content content) {

  public Letter {
    recipients = List.copyOf(recipients);
  }

  /**
   * By when a message is to be delivered (RFC 2852).
   *
   * @param returned whether it is of no use later
   * @param trace whether each server that passes it on is to say so
   * @param clock which time it is when it is handed over
   */
  public record Deadline(Instant time, boolean returned, boolean trace, InstantSource clock) {
    /** How many seconds are left, as BY can say it. */
    long left() {
      long left = Duration.between(clock.instant(), time).toSeconds();
      return Math.clamp(left, -DeliverBy.LONGEST, DeliverBy.LONGEST);
    }
  }

  /** One recipient. */
  public record To(Mailbox address, RcptParameters parameters) {
    /** The same without SMTPUTF8; nothing if the address has no form in ASCII. */
    Optional<To> ascii() {
      return address.ascii().map(each -> new To(each, parameters));
    }
  }

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

  /** The same message in lines of 7-bit characters. */
  Letter as(SevenBit converted) throws IOException {
    long[] size = {0};
    converted.copyTo((_, _, length) -> size[0] += length);
    MailParameters other =
        new MailParameters(
            size[0],
            null,
            parameters.smtpUtf8(),
            parameters.ret(),
            parameters.envid(),
            parameters.auth(),
            parameters.requireTls(),
            parameters.hold(),
            parameters.by(),
            parameters.priority());
    return new Letter(from, other, deadline, false, optionalTls, recipients, converted::copyTo);
  }

  /** The same message under another envelope. */
  Letter with(ReversePath newFrom, List<To> newRecipients) {
    return new Letter(newFrom, parameters, deadline, eightBit, optionalTls, newRecipients, content);
  }

  /** Its sender without SMTPUTF8; nothing if the address has no form in ASCII. */
  Optional<ReversePath> asciiFrom() {
    return from instanceof Mailbox sender
        ? sender.ascii().map(ReversePath.class::cast)
        : Optional.of(from);
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
