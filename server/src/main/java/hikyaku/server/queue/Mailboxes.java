package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** The mailboxes here: what is theirs, and the way into them for reports. */
final class Mailboxes {
  private final MailStore mail;
  private final Directory directory;

  Mailboxes(MailStore mail, Directory directory) {
    this.mail = mail;
    this.directory = directory;
  }

  MailStore mail() {
    return mail;
  }

  /** Whether mail for the address is ours to deliver. */
  boolean isOurs(Mailbox address) {
    return !address.isLiteral()
        && Address.canonicalDomain(address.domain()).flatMap(directory::domain).isPresent();
  }

  Resolution resolve(Mailbox address) {
    return directory.resolve(address.localPart(), address.domain());
  }

  /** Copies octets of a message as it goes out, from its beginning. */
  void copy(Outgoing message, long octets, OctetSink sink) throws IOException {
    message.copy(mail.store().blobs(), octets, sink);
  }

  /** Puts what came in into mailboxes. */
  List<Delivered> put(
      Intake.Received received,
      Resolution.Local local,
      ReversePath from,
      Instant time,
      String session,
      Attempt attempt) {
    List<Delivery> deliveries = new ArrayList<>();
    for (Resolution.Target target : local.targets()) {
      Address reached = target.reachedBy();
      String prefix =
          "Return-Path: <"
              + from
              + ">\r\nDelivered-To: "
              + new Mailbox(reached.localPart(), reached.domain())
              + "\r\n";
      NewMessage entry =
          new NewMessage(
              ByteString.copyFromUtf8(prefix),
              received.blob(),
              InternalDate.of(time, ZoneOffset.UTC),
              Flags.NONE,
              received.structure(),
              session);
      deliveries.add(Delivery.toInbox(target.account().id(), entry));
    }
    return mail.deliver(deliveries, attempt);
  }
}
