package hikyaku.server.smtp;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.smtp.Hold;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.origin.Finding;
import hikyaku.server.story.MailStory;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What happens once all of a message is there: judged, delivered, answered. */
final class MessageEnd {
  private final SmtpSession session;
  private final Transaction transaction;
  private final IncomingMessage incoming;
  private final boolean bareLineEnding;
  private final EndReplies replies;
  private final MessageLog log;
  private String messageId = "";
  private Optional<Provenance> provenance = Optional.empty();

  private MessageEnd(
      SmtpSession session,
      Transaction transaction,
      IncomingMessage incoming,
      boolean bareLineEnding) {
    this.session = session;
    this.transaction = transaction;
    this.incoming = incoming;
    this.bareLineEnding = bareLineEnding;
    this.replies = new EndReplies(session, transaction);
    this.log = new MessageLog(session, transaction);
  }

  /**
   * Ends the transaction with its message.
   *
   * @param bareLineEnding whether the text as transferred had a CR or LF outside of a pair
   */
  static Answer finish(
      SmtpSession session,
      Transaction transaction,
      IncomingMessage incoming,
      boolean bareLineEnding)
      throws IOException {
    try {
      return new MessageEnd(session, transaction, incoming, bareLineEnding).finish();
    } catch (StoreException e) {
      Reply failed = session.storeFailure("deliver a message", e);
      return new EndReplies(session, transaction).forAll(failed);
    } finally {
      session.endTransaction();
    }
  }

  private Answer finish() throws IOException {
    StoreException failure = incoming.failure();
    if (failure != null) {
      throw failure;
    }
    if (incoming.isTooBig()) {
      return refuseSize();
    }
    Intake.Received received = incoming.finish();
    MessageStructure structure = received.structure();
    messageId = MailStory.printable(structure.envelope().messageId());
    boolean binary = transaction.mail().parameters().body() == MailParameters.Body.BINARYMIME;
    if (!binary && (bareLineEnding || structure.hasBareLineEnding())) {
      return refuse(Replies.BARE_CR_OR_LF, "bare CR or LF");
    }
    if (!binary && structure.hasNul()) {
      return refuse(Replies.HOLDS_NUL, "NUL");
    }
    // Whoever is looked at must be seen by all alike: no header may end elsewhere for others.
    if (binary && (session.account() != null || transaction.examination() != null)) {
      BinaryHeader header = BinaryHeader.of(session.mail().store().blobs(), received);
      if (header.hasBareLineEnding()) {
        return refuse(Replies.BARE_CR_OR_LF, "bare CR or LF in the header");
      }
      if (header.hasNul()) {
        return refuse(Replies.HOLDS_NUL, "NUL in the header");
      }
    }
    if (structure.receivedFields() > session.limits().hops()) {
      return refuse(Replies.LOOP, structure.receivedFields() + " Received fields");
    }
    Optional<Reply> otherAuthor = Authors.refusal(session, received);
    if (otherAuthor.isPresent()) {
      return refuse(otherAuthor.get(), "not by an author that its sender may write as");
    }
    Intake.Received carried = session.mail().withoutNul(received).orElse(received);
    if (carried.structure().size() > session.limits().messageOctets()) {
      return refuseSize();
    }
    Provenance from = Provenance.of(session, transaction, carried.blob());
    provenance = Optional.of(from);
    Optional<Reply> refusal = from.refusal();
    if (refusal.isPresent()) {
      return refuse(refusal.get(), "whom it says to be from");
    }
    if (transaction.mustBeProven() && !from.isSenderProven()) {
      return refuse(Replies.NOT_FOR_YOU, "its sender is not proven, and an alias is not for all");
    }
    // What a repeat has sent before is counted already. Messages that end in the same moment do not
    // see each other, so that as many sessions can go beyond a limit once.
    Reply spent = session.isRepeat() ? null : SenderLimits.refusal(session, transaction, 0);
    if (spent != null) {
      return refuse(spent, "its sender may not send so much, or nothing now");
    }
    CompletedMessage message = CompletedMessage.of(session, transaction, carried, from.finding());
    Hold hold = transaction.mail().parameters().hold();
    return hold == null ? deliver(message, from) : hold(message, hold.release(message.time()));
  }

  private Answer refuseSize() {
    return refuse(Replies.TOO_BIG, "more than " + session.limits().messageOctets() + " octets");
  }

  private Answer refuse(Reply reply, String cause) {
    return refuse(reply, cause, List.of());
  }

  private Answer refuse(Reply reply, String cause, List<String> scripts) {
    Finding finding = provenance.map(Provenance::finding).orElse(Finding.NONE);
    log.refused(incoming.octets(), reply, cause, scripts, messageId, finding);
    if (!reply.isTransient()) {
      provenance.ifPresent(Provenance::countRefused);
    }
    return replies.forAll(reply);
  }

  private Answer deliver(CompletedMessage message, Provenance from) {
    if (transaction.recipients().stream().anyMatch(to -> isLoop(message, to))) {
      return refuse(Replies.LOOP, "Delivered-To names an alias that leads elsewhere");
    }
    if (session.face() != SmtpFace.LMTP && Copies.anyLoop(message)) {
      // One reply for all: whoever looped must be told of, so nobody gets it.
      return refuse(Replies.LOOP, "Delivered-To names a recipient");
    }
    Copies copies = Copies.file(message);
    ForLists forLists = ForLists.of(message);
    if (forLists.refusal().isPresent() && session.face() != SmtpFace.LMTP) {
      return refuse(forLists.refusal().get(), "a mailing list refuses it");
    }
    copies.settleRefusals(forLists);
    if (copies.areFull()) {
      return refuse(copies.refusal(), "whoever it is for is full");
    }
    List<Delivery> deliveries = copies.deliveries();
    Onward onward = new Onward(message);
    List<Append> outgoing = onward.round();
    List<Append> others = new ArrayList<>(outgoing);
    others.addAll(forLists.round());
    List<Append> arrival = from.arrival();
    List<Append> notes = new ArrayList<>(from.counted());
    notes.addAll(arrival);
    copies.delivered(
        deliver(
            deliveries,
            left -> {
              List<Append> round = new ArrayList<>(others);
              round.addAll(copies.alongside(left));
              boolean taken =
                  !others.isEmpty()
                      || deliveries.isEmpty()
                      || left.cardinality() < deliveries.size();
              if (taken) {
                round.addAll(notes);
              }
              return round;
            },
            message.attempt()));
    copies.tellOfFailures();
    if (copies.areRefused()) {
      return refuse(copies.refusal(), copies.cause(), copies.scripts());
    }
    if (!outgoing.isEmpty()) {
      onward.lookAtSender();
    }
    boolean any = transaction.sentElsewhere() > 0 || forLists.isTaken() || copies.anyAccepted();
    Answer answer = replies.answer(copies.replies(replies, any), forLists);
    if (any) {
      List<String> sealed = new ArrayList<>(onward.sealed());
      sealed.addAll(copies.sealed());
      log.taken(message, copies.into(), copies.scripts(), copies.sent(), sealed, null);
      if (!arrival.isEmpty()) {
        from.lookAtArrival();
      }
      if (answer.replies().stream().allMatch(Reply::isPositive) && !from.finding().denied()) {
        SuccessReport.deliver(session, transaction, message.received(), copies);
      }
    } else {
      log.refused(
          incoming.octets(),
          answer.replies().getFirst(),
          copies.cause(),
          copies.scripts(),
          messageId,
          from.finding());
      if (answer.replies().stream().noneMatch(Reply::isTransient)) {
        from.countRefused();
      }
    }
    return answer;
  }

  /**
   * Puts it into the queue for all of its recipients, those here too: nobody has it before its
   * time, and what scripts make of it is found out then.
   */
  private Answer hold(CompletedMessage message, Instant release) {
    if (Copies.anyLoop(message)) {
      return refuse(Replies.LOOP, "Delivered-To names a recipient");
    }
    Onward onward = new Onward(message);
    List<Append> outgoing = onward.held(release);
    deliver(List.of(), _ -> outgoing, message.attempt());
    onward.lookAtSender();
    log.taken(message, List.of(), List.of(), List.of(), List.of(), release);
    String until = " until " + release.truncatedTo(ChronoUnit.SECONDS);
    return Answer.of(replies.accepted("Queued as " + transaction.id() + until));
  }

  /**
   * Delivers in one durability round. When the store does not say what became of it, it is asked
   * once more under the same key: a client that was refused would send a copy that no key connects
   * with this one.
   */
  private List<Delivered> deliver(
      List<Delivery> deliveries, MailStore.Alongside alongside, Attempt attempt) {
    try {
      return session.mail().deliver(deliveries, alongside, attempt);
    } catch (StoreException.Unavailable e) {
      session.failed("a delivery is repeated", e);
      return session.mail().deliver(deliveries, alongside, attempt);
    }
  }

  /** Whether it came back from where an alias leads. */
  private static boolean isLoop(CompletedMessage message, Recipient recipient) {
    return !recipient.forwarded().isEmpty()
        && message.structure().wasDeliveredTo(recipient.path().toString());
  }
}
