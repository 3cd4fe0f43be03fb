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
import hikyaku.mailbox.store.BlobReader;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import hikyaku.server.smtpclient.Verdict;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** The way into mailboxes of our own, for reports and for mail whose domain has become ours. */
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
    ByteString prefix = message.prefix();
    int ofPrefix = (int) Math.min(octets, prefix.size());
    sink.write(prefix.substring(0, ofPrefix).toByteArray());
    try (BlobReader reader = mail.store().blobs().open(message.blob().id())) {
      reader.copy(0, octets - ofPrefix, sink);
    }
  }

  /** Delivers a message that waited for another server. */
  Verdict deliver(Outgoing message, Outgoing.To to, Instant arrived, Attempt attempt)
      throws IOException {
    return switch (resolve(to.address())) {
      case Resolution.Local local -> deliver(message, local, arrived, attempt);
      case Resolution.UnknownRecipient _ -> Verdict.failed("5.1.1", "there is no such user here");
      case Resolution.Suspended _ -> Verdict.failed("5.2.1", "the mailbox is disabled");
      case Resolution.NotLocal _ ->
          Verdict.deferred("4.3.5", "the domain has just ceased to be ours");
      case Resolution.TooManyExpansions _ ->
          Verdict.deferred("4.3.5", "the address is not set up correctly here");
    };
  }

  private Verdict deliver(
      Outgoing message, Resolution.Local local, Instant arrived, Attempt attempt)
      throws IOException {
    try (Intake intake = mail.intake()) {
      copy(message, message.octets(), intake);
      List<Delivered> delivered =
          put(intake.finish(), local, message.sender(), arrived, message.session(), attempt);
      return delivered.stream().allMatch(Delivered.Done.class::isInstance)
          ? new Verdict(Verdict.Kind.DELIVERED, "2.0.0", "delivered to a mailbox here", "")
          : Verdict.deferred("4.2.2", "a mailbox here refuses it");
    }
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
