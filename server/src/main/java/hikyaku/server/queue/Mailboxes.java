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
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Signer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** The mailboxes here: what is theirs, and the way into them for reports. */
final class Mailboxes {
  private final MailStore mail;
  private final Directory directory;
  private final Outbox outbox;
  private final ListDoor lists;

  Mailboxes(MailStore mail, Directory directory, ListDoor lists) {
    this.mail = mail;
    this.directory = directory;
    this.outbox = new Outbox(mail.store().logs());
    this.lists = lists;
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

  /** Of a letter of the server's own, for the domain of ours that the server's name is in. */
  Signer.Signatures signed(Intake.Received letter, Signer signer, String host) {
    List<Address> author = Address.of(Report.AUTHOR, host).stream().toList();
    try {
      return signer.sign(author, sink -> mail.store().blobs().copy(letter.blob(), sink));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** Copies octets of a message as it goes out, from its beginning. */
  void copy(Outgoing message, long octets, OctetSink sink) throws IOException {
    message.copy(mail.store().blobs(), octets, sink);
  }

  /**
   * The envelope of what is put into mailboxes.
   *
   * @param to the recipient
   * @param tls for those elsewhere
   * @param messageId for logs, or empty
   * @param signatures header fields for those elsewhere, or empty
   */
  record Way(
      ReversePath from,
      Mailbox to,
      boolean smtpUtf8,
      Outgoing.Tls tls,
      String session,
      String messageId,
      ByteString signatures) {}

  /**
   * Puts what came in into mailboxes, and into the queue for those elsewhere whom an alias leads
   * to, in one round.
   *
   * @param local what the recipient stands for
   * @param attempt with a key, so that a repeat changes nothing
   */
  List<Delivered> put(
      Intake.Received received, Resolution.Local local, Way way, Instant time, Attempt attempt) {
    List<Delivery> deliveries = new ArrayList<>();
    for (Resolution.Target target : local.targets()) {
      Address reached = target.reachedBy();
      String prefix =
          "Return-Path: <"
              + way.from
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
              way.session);
      deliveries.add(Delivery.toInbox(target.account().id(), entry));
    }
    List<Append> alongside = new ArrayList<>();
    if (!local.elsewhere().isEmpty()) {
      alongside.add(sentOn(received, local.elsewhere(), way, attempt));
    }
    for (int i = 0; i < local.lists().size(); i++) {
      alongside.addAll(taken(i, received, local.lists().get(i), way, attempt));
    }
    return mail.deliver(deliveries, alongside, attempt);
  }

  /** What a list makes of a report; what it refuses ends here. */
  private List<Append> taken(
      int number, Intake.Received received, Resolution.Listed listed, Way way, Attempt attempt) {
    String key = Objects.requireNonNull(attempt.part(".l" + number).key());
    ListDoor.Arrival arrival =
        new ListDoor.Arrival(
            listed,
            way.from,
            Set.of(),
            false,
            received,
            ByteString.EMPTY,
            key,
            way.session,
            way.smtpUtf8,
            false,
            way.tls,
            "",
            key,
            Optional.empty());
    return lists.take(arrival) instanceof ListDoor.Taken.Accepted(List<Append> round, String _)
        ? round
        : List.of();
  }

  private Append sentOn(
      Intake.Received received, List<Address> elsewhere, Way way, Attempt attempt) {
    String key = Objects.requireNonNull(attempt.part(".g").key());
    ByteString prefix =
        ByteString.copyFromUtf8("Delivered-To: " + way.to + "\r\n").concat(way.signatures);
    return outbox
        .append(
            new Outgoing(
                key,
                way.session,
                way.from,
                null,
                null,
                way.smtpUtf8,
                false,
                received.structure().has8bit() || !way.to.isAscii(),
                way.tls,
                prefix,
                received.blob(),
                received.structure().root().bodyStart(),
                way.messageId,
                elsewhere.stream()
                    .map(each ->
                        new Outgoing.To(
                            new Mailbox(each.localPart(), each.domain()), RcptParameters.NONE))
                    .toList()))
        .withKey(key);
  }
}
