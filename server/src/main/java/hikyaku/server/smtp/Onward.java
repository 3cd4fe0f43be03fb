package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Account;
import hikyaku.server.filter.Filter;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.Senders;
import hikyaku.server.queue.TlsWish;
import hikyaku.server.story.MailStory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What goes into the queue of a message: for recipients elsewhere, and for all of one held. */
final class Onward {
  private final CompletedMessage message;
  private final SmtpSession session;
  private final Transaction transaction;
  private final List<String> sealed = new ArrayList<>();

  Onward(CompletedMessage message) {
    this.message = message;
    this.session = message.session();
    this.transaction = message.transaction();
  }

  /** What is written for recipients elsewhere, those whom aliases lead to and their sender. */
  List<Append> round() {
    List<Append> round = new ArrayList<>(queued(elsewhere(), terms(null)));
    round.addAll(forwarded());
    round.addAll(counted());
    return round;
  }

  /** Who sealed what aliases send on, for logs. */
  List<String> sealed() {
    return sealed;
  }

  /** What is written of one that is held for all its recipients, those here too. */
  List<Append> held(Instant release) {
    List<Outgoing.To> to = elsewhere();
    transaction.recipients().stream()
        .filter(recipient -> !recipient.isElsewhere())
        .forEach(recipient -> to.addAll(here(recipient)));
    List<Append> round = new ArrayList<>(queued(to, terms(release)));
    round.addAll(counted());
    return round;
  }

  /** Whatever comes of it is none of this message's: it is durable, and the client hears so. */
  void lookAtSender() {
    Account account = session.account();
    if (account == null) {
      return;
    }
    try {
      session.services().senders().ifPresent(senders -> senders.accepted(account));
    } catch (StoreException e) {
      session.failed("whether a sender is to be stopped is not known", e);
    }
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

  /** What puts the message into the queue, if there is anybody who has to wait. */
  private List<Append> queued(List<Outgoing.To> to, Outgoing.Terms terms) {
    if (to.isEmpty()) {
      return List.of();
    }
    Account account = session.account();
    MailParameters parameters = transaction.mail().parameters();
    ByteString prefix = message.trace().outgoing(message.structure(), message.added());
    long bodyStart = message.structure().root().bodyStart();
    Outgoing outgoing =
        new Outgoing(
            transaction.id(),
            session.connection().sessionId(),
            transaction.mail().from(),
            parameters.envid(),
            parameters.ret(),
            parameters.smtpUtf8(),
            parameters.body() == MailParameters.Body.BINARYMIME,
            message.structure().has8bit() || !isAscii(prefix),
            TlsWish.of(parameters, session.mail().store().blobs(), message.blob(), bodyStart),
            prefix,
            message.blob(),
            bodyStart,
            MailStory.printable(message.completed().structure().envelope().messageId()),
            to,
            account == null ? "" : account.id(),
            terms);
    return List.of(session.outbox().append(outgoing).withKey(key("/queue")));
  }

  /** What puts the message into the queue, for those elsewhere whom aliases lead to. */
  private List<Append> forwarded() {
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
        ByteString prefix =
            message
                .trace()
                .forwarded(alias, message.structure(), message.finding().field(), message.added());
        Filter.SentOn sentOn =
            session
                .services()
                .filter()
                .sendOn(String.valueOf(i), message.entry(prefix), message.envelope(alias), to);
        round.add(sentOn.append());
        sealed.addAll(sentOn.sealed());
      }
    }
    return round;
  }

  /**
   * What counts the recipients elsewhere, those of lists too, against their sender, if it is one of
   * ours.
   */
  private List<Append> counted() {
    Account account = session.account();
    Optional<Senders> senders = session.services().senders();
    int recipients = transaction.counted();
    if (account == null || senders.isEmpty() || recipients == 0) {
      return List.of();
    }
    return List.of(senders.get().counted(account, recipients, key("/sending")));
  }

  private @Nullable String key(String part) {
    return message.attempt().part(part).key();
  }

  private static boolean isAscii(ByteString octets) {
    return octets.toString(ISO_8859_1).chars().allMatch(c -> c < 128);
  }
}
