package hikyaku.protocol.mime;

import hikyaku.protocol.address.EnvelopeAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a header that IMAP's ENVELOPE tells (RFC 9051 §7.5.2, RFC 3501 §7.4.2). Strings
 * hold octets, one per char (ISO-8859-1), unfolded and trimmed, encoded-words not decoded, without
 * CR, LF and NUL; null where the field is absent, empty where it is there and empty. Where a field
 * stands several times, its addresses are joined and of other fields the first is taken.
 *
 * @param sender the Sender field, or the same as {@code from} if it is absent or empty
 * @param replyTo the Reply-To field, or the same as {@code from} if it is absent or empty
 */
public record Envelope(
    @Nullable String date,
    @Nullable String subject,
    List<EnvelopeAddress> from,
    List<EnvelopeAddress> sender,
    List<EnvelopeAddress> replyTo,
    List<EnvelopeAddress> to,
    List<EnvelopeAddress> cc,
    List<EnvelopeAddress> bcc,
    @Nullable String inReplyTo,
    @Nullable String messageId) {

  /** The envelope of a message without a header. */
  public static final Envelope EMPTY =
      new Envelope(
          null, null, List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), null, null);

  public Envelope {
    from = List.copyOf(from);
    sender = List.copyOf(sender);
    replyTo = List.copyOf(replyTo);
    to = List.copyOf(to);
    cc = List.copyOf(cc);
    bcc = List.copyOf(bcc);
  }

  /** The same with another Date and another Message-ID. */
  public Envelope with(@Nullable String newDate, @Nullable String newMessageId) {
    return new Envelope(
        newDate, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, newMessageId);
  }
}
