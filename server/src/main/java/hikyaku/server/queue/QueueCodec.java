package hikyaku.server.queue;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.MailParameters.Ret;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.RcptParameters.OriginalRecipient;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.queue.proto.Deadline;
import hikyaku.server.queue.proto.MessageQueued;
import hikyaku.server.queue.proto.MessageTried;
import hikyaku.server.queue.proto.MessagesOrdered;
import hikyaku.server.queue.proto.PartClaim;
import hikyaku.server.queue.proto.PartOpened;
import hikyaku.server.queue.proto.QueueEventRecord;
import hikyaku.server.queue.proto.QueuedRecipient;
import hikyaku.server.smtpclient.Relay;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Events of the queue to records of {@code queue.proto} and back. */
final class QueueCodec {
  private QueueCodec() {}

  // ---- to the store

  static Event opened() {
    return plain(QueueEventRecord.newBuilder().setOpened(PartOpened.getDefaultInstance()));
  }

  static Event claim(String run) {
    return Event.of(PartClaim.newBuilder().setRun(run).build().toByteString());
  }

  /** Takes an id, and names its blob. */
  static Event queued(Outgoing message) {
    MessageQueued.Builder record =
        MessageQueued.newBuilder()
            .setTransaction(message.transaction())
            .setSession(message.session())
            .setSender(message.sender().toString())
            .setEnvid(message.envid() == null ? "" : message.envid())
            .setHeaderOnly(message.ret() == Ret.HDRS)
            .setWhole(message.ret() == Ret.FULL)
            .setSmtpUtf8(message.smtpUtf8())
            .setBinary(message.binary())
            .setEightBit(message.eightBit())
            .setRequireTls(message.tls() == Outgoing.Tls.REQUIRED)
            .setOptionalTls(message.tls() == Outgoing.Tls.OPTIONAL)
            .setPrefix(message.prefix())
            .setBlob(message.blob().id().sha256())
            .setBlobOctets(message.blob().size())
            .setHeaderOctets(message.headerOctets())
            .setMessageId(message.messageId())
            .setAccount(message.account())
            .setScript(message.script())
            .setReleaseMillis(message.terms().release())
            .setHold(message.terms().hold())
            .setPriority(message.terms().priority());
    Outgoing.Deadline by = message.terms().by();
    if (by != null) {
      record.setDeadline(
          Deadline.newBuilder()
              .setMillis(by.millis())
              .setReturned(by.returned())
              .setTrace(by.trace()));
    }
    if (!message.reversePath().equals(message.sender())) {
      record.setReversePath(message.reversePath().toString());
    }
    message.recipients().forEach(to -> record.addRecipients(recipient(to)));
    return new Event(
        QueueEventRecord.newBuilder().setQueued(record).build().toByteString(),
        1,
        Tally.ZERO,
        List.of(message.blob().id()));
  }

  private static QueuedRecipient recipient(Outgoing.To to) {
    QueuedRecipient.Builder record =
        QueuedRecipient.newBuilder().setAddress(to.address().toString()).setHere(to.here());
    OriginalRecipient meant = to.parameters().orcpt();
    if (meant != null) {
      record.setOrcptType(meant.type()).setOrcpt(meant.address());
    }
    Set<Notify> notifyOn = to.parameters().notifyOn();
    if (notifyOn != null) {
      record
          .setNotify(true)
          .setNotifySuccess(notifyOn.contains(Notify.SUCCESS))
          .setNotifyFailure(notifyOn.contains(Notify.FAILURE))
          .setNotifyDelay(notifyOn.contains(Notify.DELAY));
    }
    return record.build();
  }

  static Event tried(QueueEvent.Tried tried) {
    MessageTried.Builder record =
        MessageTried.newBuilder()
            .setId(tried.id())
            .addAllSettled(Arrays.stream(tried.settled()).boxed().toList())
            .addAllWaiting(Arrays.stream(tried.waiting()).boxed().toList())
            .setAttempts(tried.attempts())
            .setDueMillis(tried.due())
            .setDelayTold(tried.delayTold())
            .setLateTold(tried.lateTold())
            .setReason(tried.reason());
    return plain(QueueEventRecord.newBuilder().setTried(record));
  }

  static Event ordered(QueueEvent.Ordered ordered) {
    MessagesOrdered.Order order =
        switch (ordered.order()) {
          case HOLD -> MessagesOrdered.Order.HOLD;
          case RELEASE -> MessagesOrdered.Order.RELEASE;
          case RETRY -> MessagesOrdered.Order.RETRY;
          case DELETE -> MessagesOrdered.Order.DELETE;
          case REROUTE -> MessagesOrdered.Order.REROUTE;
        };
    Relay relay = ordered.relay();
    MessagesOrdered.Builder record =
        MessagesOrdered.newBuilder()
            .setOrder(order)
            .setRelay(relay == null ? "" : relay.toString());
    for (QueueEvent.Meant meant : ordered.meant()) {
      if (meant.isWhole()) {
        record.addIds(meant.id());
      } else {
        record.addParts(part(meant));
      }
    }
    return plain(QueueEventRecord.newBuilder().setOrdered(record));
  }

  private static MessagesOrdered.Part part(QueueEvent.Meant meant) {
    return MessagesOrdered.Part.newBuilder()
        .setId(meant.id())
        .addAllPlaces(Arrays.stream(meant.places()).boxed().toList())
        .build();
  }

  /** Octets by which an order gets longer that is for this message too. */
  static int octets(QueueEvent.Meant meant) {
    return meant.isWhole()
        ? CodedOutputStream.computeUInt64SizeNoTag(meant.id())
        : CodedOutputStream.computeMessageSize(MessagesOrdered.PARTS_FIELD_NUMBER, part(meant));
  }

  private static Event plain(QueueEventRecord.Builder record) {
    return Event.of(record.build().toByteString());
  }

  // ---- from the store

  /**
   * @throws StoreException.Corrupt if the entry is none of a queue
   */
  static QueueEvent read(Entry entry) {
    try {
      QueueEventRecord record = QueueEventRecord.parseFrom(entry.payload());
      return switch (record.getEventCase()) {
        case OPENED -> new QueueEvent.Opened();
        case QUEUED -> new QueueEvent.Queued(message(record.getQueued()));
        case TRIED -> tried(record.getTried());
        case ORDERED -> ordered(record.getOrdered());
        case EVENT_NOT_SET -> throw corrupt(entry, null);
      };
    } catch (InvalidProtocolBufferException | AddressException | IllegalArgumentException e) {
      throw corrupt(entry, e);
    }
  }

  /** The run that has a part; empty if nobody does. */
  static String claim(Entry entry) {
    try {
      return PartClaim.parseFrom(entry.payload()).getRun();
    } catch (InvalidProtocolBufferException e) {
      throw corrupt(entry, e);
    }
  }

  private static StoreException.Corrupt corrupt(Entry entry, @Nullable Exception cause) {
    return new StoreException.Corrupt("entry " + entry.seq() + " is none of a queue", cause);
  }

  private static Outgoing message(MessageQueued record) throws AddressException {
    List<Outgoing.To> recipients = new ArrayList<>();
    for (QueuedRecipient each : record.getRecipientsList()) {
      recipients.add(recipient(each));
    }
    ReversePath sender =
        record.getSender().isEmpty()
            ? ReversePath.NULL
            : new Mailbox(MailAddress.parse(record.getSender()));
    return new Outgoing(
        record.getTransaction(),
        record.getSession(),
        sender,
        record.getEnvid().isEmpty() ? null : record.getEnvid(),
        record.getHeaderOnly() ? Ret.HDRS : record.getWhole() ? Ret.FULL : null,
        record.getSmtpUtf8(),
        record.getBinary(),
        record.getEightBit(),
        record.getRequireTls()
            ? Outgoing.Tls.REQUIRED
            : record.getOptionalTls() ? Outgoing.Tls.OPTIONAL : Outgoing.Tls.USUAL,
        record.getPrefix(),
        new Blob(new BlobId(record.getBlob()), record.getBlobOctets()),
        record.getHeaderOctets(),
        record.getMessageId(),
        recipients,
        record.getAccount(),
        record.getScript(),
        new Outgoing.Terms(
            record.getReleaseMillis(),
            record.getHold(),
            record.hasDeadline() ? deadline(record.getDeadline()) : null,
            record.getPriority()),
        record.getReversePath().isEmpty()
            ? sender
            : new Mailbox(MailAddress.parse(record.getReversePath())));
  }

  private static Outgoing.Deadline deadline(Deadline record) {
    return new Outgoing.Deadline(record.getMillis(), record.getReturned(), record.getTrace());
  }

  private static Outgoing.To recipient(QueuedRecipient record) throws AddressException {
    Set<Notify> notifyOn = null;
    if (record.getNotify()) {
      notifyOn = EnumSet.noneOf(Notify.class);
      if (record.getNotifySuccess()) {
        notifyOn.add(Notify.SUCCESS);
      }
      if (record.getNotifyFailure()) {
        notifyOn.add(Notify.FAILURE);
      }
      if (record.getNotifyDelay()) {
        notifyOn.add(Notify.DELAY);
      }
    }
    OriginalRecipient meant =
        record.getOrcptType().isEmpty()
            ? null
            : new OriginalRecipient(record.getOrcptType(), record.getOrcpt());
    return new Outgoing.To(
        new Mailbox(MailAddress.parse(record.getAddress())),
        new RcptParameters(notifyOn, meant),
        record.getHere());
  }

  private static QueueEvent.Tried tried(MessageTried record) {
    return new QueueEvent.Tried(
        record.getId(),
        record.getSettledList().stream().mapToInt(Integer::intValue).toArray(),
        record.getWaitingList().stream().mapToInt(Integer::intValue).toArray(),
        record.getAttempts(),
        record.getDueMillis(),
        record.getDelayTold(),
        record.getLateTold(),
        record.getReason());
  }

  private static QueueEvent.Ordered ordered(MessagesOrdered record) {
    Order order =
        switch (record.getOrder()) {
          case HOLD -> Order.HOLD;
          case RELEASE -> Order.RELEASE;
          case RETRY -> Order.RETRY;
          case DELETE -> Order.DELETE;
          case REROUTE -> Order.REROUTE;
          case NONE, UNRECOGNIZED -> throw new IllegalArgumentException("an unknown order");
        };
    List<QueueEvent.Meant> meant = new ArrayList<>();
    record.getIdsList().forEach(id -> meant.add(QueueEvent.Meant.whole(id)));
    for (MessagesOrdered.Part part : record.getPartsList()) {
      if (part.getPlacesCount() == 0) {
        throw new IllegalArgumentException("an order for nobody");
      }
      meant.add(
          new QueueEvent.Meant(
              part.getId(), part.getPlacesList().stream().mapToInt(Integer::intValue).toArray()));
    }
    return new QueueEvent.Ordered(
        meant, order, order == Order.REROUTE ? Relay.parse(record.getRelay()) : null);
  }
}
