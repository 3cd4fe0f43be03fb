package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.Hold;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.ReportInbox;
import hikyaku.server.filter.Envelope;
import hikyaku.server.filter.Filed;
import hikyaku.server.filter.Refusal;
import hikyaku.server.origin.Examination;
import hikyaku.server.origin.Finding;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.Senders;
import hikyaku.server.queue.TlsWish;
import hikyaku.server.story.MailStory;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** What happens once all of a message is there: judged, delivered, answered. */
final class MessageEnd {
  /** Recipients named in a line of the log; of more, only the number is told. */
  private static final int LOGGED_RECIPIENTS = 50;

  private final SmtpSession session;
  private final Transaction transaction;
  private final IncomingMessage message;
  private final boolean bareLineEnding;
  private Finding finding = Finding.NONE;

  /** The message of which there is a finding; null before. */
  private @Nullable Blob judged;

  private String messageId = "";

  private MessageEnd(
      SmtpSession session,
      Transaction transaction,
      IncomingMessage message,
      boolean bareLineEnding) {
    this.session = session;
    this.transaction = transaction;
    this.message = message;
    this.bareLineEnding = bareLineEnding;
  }

  /**
   * Ends the transaction with its message.
   *
   * @param bareLineEnding whether the text as transferred had a CR or LF outside of a pair
   */
  static Answer finish(
      SmtpSession session, Transaction transaction, IncomingMessage message, boolean bareLineEnding)
      throws IOException {
    try {
      return new MessageEnd(session, transaction, message, bareLineEnding).finish();
    } catch (StoreException e) {
      Reply failed = session.storeFailure("deliver a message", e);
      return answer(session, transaction, failed);
    } finally {
      session.endTransaction();
    }
  }

  /** In LMTP each recipient gets its reply (RFC 2033 §4.2), elsewhere there is one. */
  private static Answer answer(SmtpSession session, Transaction transaction, Reply forAll) {
    if (session.face() != SmtpFace.LMTP) {
      return Answer.of(forAll);
    }
    List<Reply> replies = new ArrayList<>();
    transaction.recipients().forEach(_ -> replies.add(forAll));
    return new Answer(replies, false);
  }

  private Answer finish() throws IOException {
    long began = session.services().nanoTime().getAsLong();
    StoreException failure = message.failure();
    if (failure != null) {
      throw failure;
    }
    if (message.isTooBig()) {
      return refuse(Replies.TOO_BIG, "more than " + session.limits().messageOctets() + " octets");
    }
    Intake.Received received = message.finish();
    MessageStructure structure = received.structure();
    messageId = MailStory.printable(structure.envelope().messageId());
    boolean binary = transaction.mail().parameters().body() == MailParameters.Body.BINARYMIME;
    if (!binary && (bareLineEnding || structure.hasBareLineEnding())) {
      return refuse(Replies.BARE_CR_OR_LF, "bare CR or LF");
    }
    if (!binary && structure.hasNul()) {
      return refuse(Replies.HOLDS_NUL, "NUL");
    }
    if (structure.receivedFields() > session.limits().hops()) {
      return refuse(Replies.LOOP, structure.receivedFields() + " Received fields");
    }
    finding = finding();
    judged = received.blob();
    Reply refusal = refusal(finding, !transaction.elsewhere().isEmpty());
    if (refusal != null) {
      return refuse(refusal, "whom it says to be from");
    }
    if (transaction.mustBeProven() && !finding.results().contains("spf=pass")) {
      return refuse(Replies.NOT_FOR_YOU, "its sender is not proven, and an alias is not for all");
    }
    return deliver(received, began);
  }

  /** A repeat of what was delivered elsewhere finds what was found there. */
  private Finding finding() {
    Examination examination = transaction.examination();
    if (examination == null) {
      return Finding.NONE;
    }
    if (session.isRepeat()) {
      for (Transaction.Copy copy : transaction.copies()) {
        Optional<ByteString> before =
            DeliveredBefore.prefix(copy.target().account(), session, transaction);
        if (before.isPresent()) {
          return Finding.ofDelivered(before.get().toStringUtf8());
        }
      }
    }
    return examination.finish();
  }

  /**
   * @param onward whether it is to go to other servers, where there is no mailbox of ours for junk
   */
  private static @Nullable Reply refusal(Finding finding, boolean onward) {
    return switch (finding.disposition()) {
      case ACCEPT -> null;
      case JUNK -> onward ? Replies.SUSPECT : null;
      case REFUSE_DMARC ->
          Reply.of(550, "5.7.26", "Refused by the DMARC policy of " + finding.author());
      case REFUSE_SPF -> Replies.SPF_FAILS;
      case DEFER_SPF -> Replies.SPF_UNSURE;
      case DEFER_DNS -> Replies.ORIGIN_UNSURE;
    };
  }

  private Answer refuse(Reply reply, String cause) {
    session
        .log(Level.INFO, "message refused")
        .addKeyValue("mail", true)
        .addKeyValue("from", transaction.mail().from())
        .addKeyValue("to", named())
        .addKeyValue("octets", message.octets())
        .addKeyValue("reply", reply)
        .addKeyValue("cause", cause)
        .addKeyValue("message_id", messageId)
        .addKeyValue("origin", finding.results())
        .addKeyValue("author", finding.author())
        .log();
    if (!reply.isTransient()) {
      countRefused();
    }
    return answer(session, transaction, reply);
  }

  /** What does not come again is counted, as nothing is that does. */
  private void countRefused() {
    Blob blob = judged;
    if (blob != null && finding.judged().isPresent()) {
      session
          .services()
          .dmarc()
          .ifPresent(results ->
              results.countRefused(finding.judged().get(), recipients(), countKey(blob)));
    }
  }

  /** What counts the message for the domain of its author. */
  private List<Append> judgement(Blob blob) {
    return finding
        .judged()
        .flatMap(judgement ->
            session
                .services()
                .dmarc()
                .flatMap(results -> results.counted(judgement, recipients(), countKey(blob))))
        .stream()
        .toList();
  }

  /**
   * What notes the message for who reads reports. One that comes from elsewhere must be proven to
   * be from its author: anybody could report anything else.
   */
  private List<Append> arrival(Blob blob) {
    boolean examined = transaction.examination() != null;
    if (session.face() == SmtpFace.SUBMISSION
        || (examined && !finding.results().contains("dmarc=pass"))) {
      return List.of();
    }
    String key = Objects.requireNonNull(attempt(session, transaction, blob).part("/report").key());
    return session
        .services()
        .reportInbox()
        .flatMap(inbox -> inbox.arrived(recipients(), blob, finding.author(), key))
        .stream()
        .toList();
  }

  private List<String> recipients() {
    return transaction.recipients().stream().map(to -> to.path().toString()).toList();
  }

  private String countKey(Blob blob) {
    return Objects.requireNonNull(attempt(session, transaction, blob).part("/dmarc").key());
  }

  private Answer deliver(Intake.Received received, long began) throws IOException {
    Instant now = session.services().clock().instant();
    MissingFields completed =
        session.face() == SmtpFace.SUBMISSION
            ? MissingFields.of(
                received.structure(), transaction.id(), session.settings().hostName(), now)
            : new MissingFields("", received.structure());
    // Copies for mailboxes here are signed too: a script may send them on.
    Signer.Signatures signatures = Authors.sign(session, received, completed);
    String added = signatures.fields() + completed.fields();
    TraceFields trace = new TraceFields(session, transaction, now);
    Hold hold = transaction.mail().parameters().hold();
    if (hold != null) {
      return hold(received, completed, signatures, trace, hold.release(now), began);
    }
    Map<String, Reply> byAccount = new HashMap<>();
    List<FiledCopy> copies = new ArrayList<>();
    for (Transaction.Copy copy : transaction.copies()) {
      if (isLoop(received.structure(), copy)) {
        byAccount.put(copy.target().account().id(), Replies.LOOP);
        continue;
      }
      NewMessage entry =
          new NewMessage(
              trace.prefix(copy, received.structure(), finding.field(), added),
              received.blob(),
              InternalDate.of(now, ZoneOffset.UTC),
              Flags.NONE,
              completed.structure(),
              session.connection().sessionId());
      Envelope envelope = envelope(copy.recipient(), received.blob());
      Filed filed = session.services().filter().file(entry, copy.target(), envelope);
      copies.add(new FiledCopy(copy, entry, envelope, filed));
    }
    if (transaction.recipients().stream().anyMatch(to -> isLoop(received.structure(), to))) {
      return refuse(Replies.LOOP, "Delivered-To names an alias that leads elsewhere");
    }
    if (!byAccount.isEmpty() && session.face() != SmtpFace.LMTP) {
      // One reply for all: whoever looped must be told of, so nobody gets it.
      return refuse(Replies.LOOP, "Delivered-To names a recipient");
    }
    ForLists forLists =
        ForLists.of(session, transaction, received, completed, finding, trace, added);
    if (forLists.refusal().isPresent() && session.face() != SmtpFace.LMTP) {
      return refuse(forLists.refusal().get(), "a mailing list refuses it");
    }
    Set<String> refused = refusedByReply(copies, forLists);
    copies.replaceAll(copy -> refused.contains(copy.account()) ? copy : refusedByMail(copy));
    List<Delivery> deliveries =
        copies.stream().flatMap(copy -> copy.filed.deliveries().stream()).toList();
    List<Append> outgoing =
        new ArrayList<>(outgoing(received, completed, added, trace, elsewhere(), terms(null)));
    outgoing.addAll(forwarded(received, completed, added, trace, now));
    outgoing.addAll(counted(received.blob()));
    List<Append> others = new ArrayList<>(outgoing);
    others.addAll(forLists.round());
    List<Append> notes = new ArrayList<>(judgement(received.blob()));
    List<Append> arrival = arrival(received.blob());
    notes.addAll(arrival);
    List<Delivered> delivered =
        deliver(
            deliveries,
            left -> {
              List<Append> round = alongside(others, copies, left);
              boolean taken =
                  !others.isEmpty()
                      || deliveries.isEmpty()
                      || left.cardinality() < deliveries.size();
              if (taken) {
                round.addAll(notes);
              }
              return round;
            },
            received.blob());
    if (!refused.isEmpty() && session.face() != SmtpFace.LMTP) {
      return refuse(copies.getFirst().refusal().reply(), "a script refuses it");
    }
    lookAtSender(outgoing);
    List<List<Delivered>> ofCopies = divided(copies, delivered);
    boolean any =
        transaction.sentElsewhere() > 0
            || forLists.isTaken()
            || IntStream.range(0, copies.size())
                .anyMatch(i ->
                    !refused.contains(copies.get(i).account())
                        && copies.get(i).filed.isAccepted(ofCopies.get(i)));
    for (int i = 0; i < copies.size(); i++) {
      Transaction.Copy copy = copies.get(i).copy;
      boolean accepted = copies.get(i).filed.isAccepted(ofCopies.get(i));
      byAccount.put(
          copies.get(i).account(),
          refused.contains(copies.get(i).account())
              ? copies.get(i).refusal().reply()
              : reply(copy, ofCopies.get(i), accepted, any));
    }
    Answer answer = answer(byAccount, forLists);
    if (any) {
      told(received, completed, signatures, copies, into(copies, ofCopies), began, null);
      if (!arrival.isEmpty()) {
        session.services().reportInbox().ifPresent(ReportInbox::look);
      }
      if (answer.replies().stream().allMatch(Reply::isPositive)) {
        SuccessReport.deliver(session, transaction, received);
      }
    } else if (answer.replies().stream().noneMatch(Reply::isTransient)) {
      countRefused();
    }
    return answer;
  }

  /**
   * Puts it into the queue for all of its recipients, those here too: nobody has it before its
   * time, and what scripts make of it is found out then.
   */
  private Answer hold(
      Intake.Received received,
      MissingFields completed,
      Signer.Signatures signatures,
      TraceFields trace,
      Instant release,
      long began) {
    if (transaction.copies().stream().anyMatch(copy -> isLoop(received.structure(), copy))) {
      return refuse(Replies.LOOP, "Delivered-To names a recipient");
    }
    List<Outgoing.To> to = elsewhere();
    transaction.recipients().stream()
        .filter(recipient -> !recipient.isElsewhere())
        .forEach(recipient -> to.addAll(here(recipient)));
    Outgoing.Terms terms = terms(release);
    String added = signatures.fields() + completed.fields();
    List<Append> outgoing = new ArrayList<>(outgoing(received, completed, added, trace, to, terms));
    outgoing.addAll(counted(received.blob()));
    deliver(List.of(), _ -> outgoing, received.blob());
    lookAtSender(outgoing);
    told(received, completed, signatures, List.of(), List.of(), began, release);
    String until = " until " + release.truncatedTo(ChronoUnit.SECONDS);
    return Answer.of(accepted("Queued as " + transaction.id() + until));
  }

  /** When it is to go, and to be there. */
  private Outgoing.Terms terms(@Nullable Instant release) {
    MailParameters parameters = transaction.mail().parameters();
    DeliverBy by = parameters.by();
    return new Outgoing.Terms(
        release == null ? 0 : release.toEpochMilli(),
        release == null ? "" : String.valueOf(parameters.hold()),
        by == null ? null : Outgoing.Deadline.of(by, transaction.begun()),
        session.priority(transaction));
  }

  /** An address that is no mailbox's name, such as the postmaster of all, is its accounts'. */
  private static List<Outgoing.To> here(Recipient recipient) {
    if (recipient.path() instanceof Mailbox mailbox && !mailbox.isLiteral()) {
      return List.of(new Outgoing.To(mailbox, recipient.parameters(), true));
    }
    List<Outgoing.To> to = new ArrayList<>();
    recipient.targets().stream()
        .map(target -> new Mailbox(target.reachedBy().localPart(), target.reachedBy().domain()))
        .map(mailbox -> new Outgoing.To(mailbox, recipient.parameters(), true))
        .forEach(to::add);
    recipient.forwarded().stream()
        .map(mailbox -> new Outgoing.To(mailbox, recipient.parameters()))
        .forEach(to::add);
    return to;
  }

  /** Recipients whom other servers have. */
  private List<Outgoing.To> elsewhere() {
    List<Outgoing.To> to = new ArrayList<>();
    for (Recipient recipient : transaction.elsewhere()) {
      recipient
          .onward()
          .ifPresent(mailbox -> to.add(new Outgoing.To(mailbox, recipient.parameters())));
    }
    return to;
  }

  /** Whatever comes of it is none of this message's: it is durable, and the client hears so. */
  private void lookAtSender(List<Append> outgoing) {
    Account account = session.account();
    if (account == null || outgoing.isEmpty()) {
      return;
    }
    try {
      session.services().senders().ifPresent(senders -> senders.accepted(account));
    } catch (StoreException e) {
      session.failed("whether a sender is to be stopped is not known", e);
    }
  }

  /** What puts the message into the queue, if there is anybody who has to wait. */
  private List<Append> outgoing(
      Intake.Received received,
      MissingFields completed,
      String added,
      TraceFields trace,
      List<Outgoing.To> to,
      Outgoing.Terms terms) {
    if (to.isEmpty()) {
      return List.of();
    }
    Account account = session.account();
    MailParameters parameters = transaction.mail().parameters();
    ByteString prefix = trace.outgoing(received.structure(), added);
    Outgoing message =
        new Outgoing(
            transaction.id(),
            session.connection().sessionId(),
            transaction.mail().from(),
            parameters.envid(),
            parameters.ret(),
            parameters.smtpUtf8(),
            parameters.body() == MailParameters.Body.BINARYMIME,
            received.structure().has8bit() || !isAscii(prefix),
            TlsWish.of(
                parameters,
                session.mail().store().blobs(),
                received.blob(),
                received.structure().root().bodyStart()),
            prefix,
            received.blob(),
            received.structure().root().bodyStart(),
            MailStory.printable(completed.structure().envelope().messageId()),
            to,
            account == null ? "" : account.id(),
            terms);
    Attempt attempt = attempt(session, transaction, received.blob());
    return List.of(session.outbox().append(message).withKey(attempt.part("/queue").key()));
  }

  /** What puts the message into the queue, for those elsewhere whom aliases lead to. */
  private List<Append> forwarded(
      Intake.Received received,
      MissingFields completed,
      String added,
      TraceFields trace,
      Instant now) {
    List<Append> round = new ArrayList<>();
    Set<Mailbox> had = new HashSet<>();
    List<Recipient> recipients = transaction.recipients();
    recipients.stream()
        .filter(Recipient::isElsewhere)
        .forEach(recipient -> recipient.onward().ifPresent(had::add));
    for (int i = 0; i < recipients.size(); i++) {
      Recipient alias = recipients.get(i);
      List<Mailbox> to = alias.forwarded().stream().filter(had::add).toList();
      if (!to.isEmpty()) {
        NewMessage entry =
            new NewMessage(
                trace.forwarded(alias, received.structure(), finding.field(), added),
                received.blob(),
                InternalDate.of(now, ZoneOffset.UTC),
                Flags.NONE,
                completed.structure(),
                session.connection().sessionId());
        Envelope envelope = envelope(alias, received.blob());
        round.add(session.services().filter().sendOn(String.valueOf(i), entry, envelope, to));
      }
    }
    return round;
  }

  /** What counts the recipients elsewhere against their sender, if it is one of ours. */
  private List<Append> counted(Blob blob) {
    Account account = session.account();
    Optional<Senders> senders = session.services().senders();
    int recipients = transaction.sentElsewhere();
    if (account == null || senders.isEmpty() || recipients == 0) {
      return List.of();
    }
    String key = attempt(session, transaction, blob).part("/sending").key();
    return List.of(senders.get().counted(account, recipients, key));
  }

  private static boolean isAscii(ByteString octets) {
    return octets.toString(ISO_8859_1).chars().allMatch(c -> c < 128);
  }

  /** A copy, and what becomes of it by scripts; some deliveries may be for other accounts. */
  private record FiledCopy(
      Transaction.Copy copy, NewMessage entry, Envelope envelope, Filed filed) {
    String account() {
      return copy.target().account().id();
    }

    Refusal refusal() {
      return filed.refusal().orElseThrow();
    }
  }

  /**
   * Accounts whose refusals the client hears as the reply, which it does if nobody else behind that
   * reply takes the message: in LMTP behind one recipient, elsewhere in the transaction. Nothing
   * has to be sent to a sender who may never have written it.
   */
  private Set<String> refusedByReply(List<FiledCopy> copies, ForLists forLists) {
    Set<String> refusing = new HashSet<>();
    copies.stream()
        .filter(copy -> copy.filed.refusal().filter(Refusal::isReply).isPresent())
        .forEach(copy -> refusing.add(copy.account()));
    if (session.face() != SmtpFace.LMTP) {
      boolean all =
          refusing.size() == copies.size()
              && transaction.sentElsewhere() == 0
              && !forLists.isTaken();
      return all ? refusing : Set.of();
    }
    Set<String> byMail = new HashSet<>();
    for (Recipient recipient : transaction.recipients()) {
      List<String> accounts =
          recipient.targets().stream().map(target -> target.account().id()).toList();
      if (!refusing.containsAll(accounts)
          || !recipient.forwarded().isEmpty()
          || !recipient.lists().isEmpty()) {
        byMail.addAll(accounts);
      }
    }
    refusing.removeAll(byMail);
    return refusing;
  }

  private FiledCopy refusedByMail(FiledCopy copy) {
    Filed filed =
        session
            .services()
            .filter()
            .refusedByMail(copy.entry, copy.copy.target(), copy.envelope, copy.filed);
    return new FiledCopy(copy.copy, copy.entry, copy.envelope, filed);
  }

  private Envelope envelope(Recipient recipient, Blob blob) {
    Map<String, String> facts = Envelope.facts(session.settings().hostName());
    facts.put("remote-host", session.requireHello().name());
    facts.put("remote-ip", session.connection().remote().getAddress().getHostAddress());
    return new Envelope(
        session.services().filter().returnPaths().author(transaction.mail().from()),
        transaction.mail().parameters(),
        recipient.path(),
        recipient.parameters(),
        transaction.id(),
        attempt(session, transaction, blob),
        finding.disposition() == Finding.Disposition.JUNK,
        facts,
        arrival());
  }

  /** What whoever sends the message on is to seal. */
  private Optional<Sealer.Arrival> arrival() {
    Finding.Chain chain = finding.chain();
    return chain.next() == 0
        ? Optional.empty()
        : Optional.of(
            new Sealer.Arrival(
                chain.next(),
                Sealer.Validation.valueOf(chain.result().toUpperCase(Locale.ROOT)),
                chain.covered(),
                finding.told()));
  }

  /** What became of the deliveries of each copy. */
  private static List<List<Delivered>> divided(List<FiledCopy> copies, List<Delivered> delivered) {
    List<List<Delivered>> divided = new ArrayList<>();
    int at = 0;
    for (FiledCopy copy : copies) {
      divided.add(delivered.subList(at, at + copy.filed.deliveries().size()));
      at += copy.filed.deliveries().size();
    }
    return divided;
  }

  /** What is written with the deliveries. */
  private static List<Append> alongside(
      List<Append> outgoing, List<FiledCopy> copies, BitSet refused) {
    List<Append> alongside = new ArrayList<>(outgoing);
    int at = 0;
    for (FiledCopy copy : copies) {
      alongside.addAll(copy.filed.alongside(refused, at));
      at += copy.filed.deliveries().size();
    }
    return alongside;
  }

  /**
   * Delivers in one durability round. When the store does not say what became of it, it is asked
   * once more under the same key: a client that was refused would send a copy that no key connects
   * with this one.
   */
  private List<Delivered> deliver(
      List<Delivery> deliveries, MailStore.Alongside alongside, Blob blob) {
    Attempt attempt = attempt(session, transaction, blob);
    try {
      return session.mail().deliver(deliveries, alongside, attempt);
    } catch (StoreException.Unavailable e) {
      session.failed("a delivery is repeated", e);
      return session.mail().deliver(deliveries, alongside, attempt);
    }
  }

  /**
   * The attempt to deliver the message of a transaction. The message is part of it: should a
   * session's id ever come up again, on another node or after a clock was set back, another message
   * must not be taken for a repeat of this one.
   */
  static Attempt attempt(SmtpSession session, Transaction transaction, Blob blob) {
    String key = transaction.id() + "." + blob.id().toString().substring(0, 32);
    return session.isRepeat() ? Attempt.repeat(key) : Attempt.first(key);
  }

  /** Whether we delivered it to this account before. */
  private static boolean isLoop(MessageStructure structure, Transaction.Copy copy) {
    String own = TraceFields.written(copy.target().reachedBy());
    return structure.deliveredTo().stream()
        .anyMatch(value -> utf8(value).strip().equalsIgnoreCase(own));
  }

  /** Whether it came back from where an alias leads. */
  private static boolean isLoop(MessageStructure structure, Recipient recipient) {
    return !recipient.forwarded().isEmpty()
        && structure.deliveredTo().stream()
            .anyMatch(value -> utf8(value).strip().equalsIgnoreCase(recipient.path().toString()));
  }

  private static String utf8(String octets) {
    return new String(octets.getBytes(ISO_8859_1), UTF_8);
  }

  /**
   * @param accepted whether the copy was
   * @param any whether some copy was: then no reply may make the client send it again
   */
  private Reply reply(
      Transaction.Copy copy, List<Delivered> delivered, boolean accepted, boolean any) {
    Reply reply = accepted();
    for (Delivered each : delivered) {
      if (each instanceof Delivered.Refused(MailboxException why)) {
        session
            .log(Level.WARN, "a mailbox refused a message")
            .addKeyValue("mail", true)
            .addKeyValue("from", transaction.mail().from())
            .addKeyValue("recipient", copy.target().reachedBy())
            .addKeyValue("cause", why)
            .log();
        reply = accepted ? reply : refusal(why, any);
      }
    }
    return reply;
  }

  private Reply refusal(MailboxException why, boolean any) {
    return switch (why) {
      case MailboxException.LimitReached _, MailboxException.OverQuota _ ->
          any || session.settings().overQuota() == SmtpSettings.OverQuota.PERMANENT
              ? Replies.FULL
              : Replies.FULL_FOR_NOW;
      default -> any ? Replies.SUSPENDED : Replies.TRY_LATER;
    };
  }

  private Reply accepted() {
    boolean here =
        transaction.sentElsewhere() == 0
            && transaction.recipients().stream().allMatch(to -> to.lists().isEmpty());
    String what = here ? "Delivered as " : "Queued as ";
    return accepted(what + transaction.id());
  }

  /**
   * RFC 6710 §4.2: the reply that takes a message says if it has another priority than was said.
   */
  private Reply accepted(String what) {
    Integer wanted = transaction.mail().parameters().priority();
    int given = session.priority(transaction);
    return wanted == null || wanted == given
        ? Reply.of(250, "2.0.0", what)
        : Reply.of(250, "2.3.6", given + " is the priority that it has now. " + what);
  }

  /** A recipient is well off if all its accounts are, and the transaction if all recipients are. */
  private Answer answer(Map<String, Reply> byAccount, ForLists forLists) {
    List<Reply> byRecipient = new ArrayList<>();
    for (Recipient recipient : transaction.recipients()) {
      List<Reply> replies = new ArrayList<>();
      if (recipient.isElsewhere() || !recipient.forwarded().isEmpty()) {
        replies.add(accepted());
      }
      for (Resolution.Listed listed : recipient.lists()) {
        replies.add(forLists.refusal(listed).orElse(accepted()));
      }
      for (Resolution.Target target : recipient.targets()) {
        replies.add(Objects.requireNonNull(byAccount.get(target.account().id())));
      }
      byRecipient.add(worst(replies));
    }
    return session.face() == SmtpFace.LMTP
        ? new Answer(byRecipient, false)
        : Answer.of(worst(byRecipient));
  }

  private static Reply worst(List<Reply> replies) {
    Reply worst = replies.getFirst();
    for (Reply reply : replies) {
      if (reply.code() > worst.code()) {
        worst = reply;
      }
    }
    return worst;
  }

  private void told(
      Intake.Received received,
      MissingFields completed,
      Signer.Signatures signatures,
      List<FiledCopy> copies,
      List<String> into,
      long began,
      @Nullable Instant release) {
    Duration took = Duration.ofNanos(session.services().nanoTime().getAsLong() - began);
    session.metrics().accepted(received.blob().size(), into.size(), took);
    session
        .log(
            Level.INFO,
            transaction.sentElsewhere() == 0 && release == null
                ? "message delivered"
                : "message queued")
        .addKeyValue("mail", true)
        .addKeyValue("from", transaction.mail().from())
        .addKeyValue("to", named())
        .addKeyValue("recipients", transaction.recipients().size())
        .addKeyValue(
            "queued",
            release == null ? transaction.sentElsewhere() : transaction.recipients().size())
        .addKeyValue("priority", session.priority(transaction))
        .addKeyValue("until", release == null ? "" : release.toString())
        .addKeyValue("returned", returned())
        .addKeyValue("sent", copies.stream().flatMap(copy -> copy.filed.sent().stream()).toList())
        .addKeyValue("signed", signatures.by())
        .addKeyValue("copies", into.size())
        .addKeyValue("into", into.subList(0, Math.min(LOGGED_RECIPIENTS, into.size())))
        .addKeyValue("octets", received.blob().size())
        .addKeyValue("blob", received.blob().id())
        .addKeyValue(
            "message_id", MailStory.printable(completed.structure().envelope().messageId()))
        .addKeyValue("origin", finding.results())
        .addKeyValue("author", finding.author())
        .addKeyValue("ms", took.toMillis())
        .log();
  }

  /** Who is behind the return paths among the recipients. */
  private List<String> returned() {
    return transaction.elsewhere().stream()
        .filter(recipient -> !recipient.onward().filter(recipient.path()::equals).isPresent())
        .flatMap(recipient -> recipient.onward().stream())
        .map(Mailbox::toString)
        .toList();
  }

  private List<String> named() {
    return transaction.recipients().stream()
        .limit(LOGGED_RECIPIENTS)
        .map(recipient -> recipient.path().toString())
        .toList();
  }

  /** The mailboxes that have it, each with the UID. */
  private List<String> into(List<FiledCopy> copies, List<List<Delivered>> delivered) {
    List<String> into = new ArrayList<>();
    for (int i = 0; i < copies.size(); i++) {
      List<Delivery> deliveries = copies.get(i).filed.deliveries();
      for (int j = 0; j < deliveries.size(); j++) {
        if (delivered.get(i).get(j) instanceof Delivered.Done(long uid, long _)) {
          Delivery each = deliveries.get(j);
          into.add(named(each.account(), copies.get(i)) + " " + each.folder() + " " + uid);
        }
      }
      if (deliveries.isEmpty()) {
        Filed filed = copies.get(i).filed;
        String became =
            filed.forwarded()
                ? " sent on"
                : filed.refusal().isPresent() ? " refused" : " discarded";
        into.add(copies.get(i).copy.target().account().primary() + became);
      }
    }
    return into;
  }

  private String named(String account, FiledCopy of) {
    return account.equals(of.copy.target().account().id())
        ? of.copy.target().account().primary().toString()
        : session.directory().account(account).map(a -> a.primary().toString()).orElse(account);
  }
}
