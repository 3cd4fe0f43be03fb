package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.RcptParameters.OriginalRecipient;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.story.MailStory;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Mail that a script (RFC 5228 §4.2) or an alias sends on to another service. */
final class Forwarding {
  private Forwarding() {}

  /**
   * The message as it goes out: as it came, with the trace of this delivery before it but the
   * Return-Path, which the last server writes (RFC 5321 §4.4). The Delivered-To in it ends a loop
   * that comes back here.
   *
   * @param id the transaction's in the queue
   * @param by the address that it was sent on for
   * @param tls what the sender wants of it
   * @param now the moment from which on its time counts, if it has one
   * @param as the sender under which other servers get it; the author's stays the one who hears of
   *     failures
   * @param script the id of the account whose script sends it; empty for an alias
   * @param recipient what is said to their servers of each of them
   * @param sealed puts a seal before the fields before it
   */
  static Outgoing of(
      String id,
      NewMessage message,
      Address by,
      Envelope envelope,
      Outgoing.Tls tls,
      Instant now,
      ReversePath as,
      String script,
      Collection<Mailbox> to,
      RcptParameters recipient,
      UnaryOperator<ByteString> sealed) {
    MailParameters parameters = envelope.parameters();
    MessageStructure structure = message.structure();
    ByteString prefix = sealed.apply(withoutReturnPath(message.prefix()));
    return new Outgoing(
        id,
        message.session(),
        envelope.from(),
        parameters.envid(),
        parameters.ret(),
        parameters.smtpUtf8() || !to.stream().allMatch(Mailbox::isAscii),
        parameters.body() == MailParameters.Body.BINARYMIME,
        structure.has8bit() || !isAscii(prefix),
        tls,
        prefix,
        message.blob(),
        structure.root().bodyStart(),
        MailStory.printable(structure.envelope().messageId()),
        to.stream().map(each -> new Outgoing.To(each, recipient)).toList(),
        "",
        script,
        new Outgoing.Terms(0, "", by(parameters, now), 0),
        as);
  }

  private static Outgoing.@Nullable Deadline by(MailParameters parameters, Instant now) {
    DeliverBy by = parameters.by();
    return by == null ? null : Outgoing.Deadline.of(by, now);
  }

  /**
   * What the sender wanted to hear (RFC 3461 §5.2.7.3). That the message was delivered is told from
   * here, so nobody else tells it again; the recipient is the one that the sender knows. Whoever
   * most likely never wrote it hears nothing, from here nor from a server behind us.
   */
  static RcptParameters recipient(Envelope envelope, Address by) {
    Set<Notify> wanted =
        envelope.silence().isPresent() ? Set.of() : envelope.recipient().notifyOn();
    Set<Notify> left = null;
    if (wanted != null) {
      left = EnumSet.noneOf(Notify.class);
      left.addAll(wanted);
      left.remove(Notify.SUCCESS);
    }
    OriginalRecipient meant = envelope.recipient().orcpt();
    return new RcptParameters(left, meant != null ? meant : meant(envelope, by));
  }

  private static OriginalRecipient meant(Envelope envelope, Address by) {
    Mailbox named =
        envelope.to() instanceof Mailbox mailbox
            ? mailbox
            : new Mailbox(by.localPart(), by.domain());
    return new OriginalRecipient(named.isAscii() ? "rfc822" : "utf-8", named.toString());
  }

  private static ByteString withoutReturnPath(ByteString prefix) {
    String fields = prefix.toString(ISO_8859_1);
    return fields.startsWith("Return-Path:")
        ? prefix.substring(fields.indexOf("\r\n") + 2)
        : prefix;
  }

  static boolean isAscii(ByteString octets) {
    return octets.toString(ISO_8859_1).chars().allMatch(c -> c < 128);
  }
}
