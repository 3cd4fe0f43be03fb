package hikyaku.server.smtp;

import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Quota;
import hikyaku.server.filter.Envelope;
import hikyaku.server.filter.Filed;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.event.Level;

/**
 * The copies of a message for accounts here: what scripts make of them, and what became of that.
 */
final class Copies {
  /**
   * A copy, and what becomes of it by scripts; some deliveries may be for other accounts.
   *
   * @param full whether its account has no room for it
   */
  private record FiledCopy(
      Transaction.Copy copy, NewMessage entry, Envelope envelope, Filed filed, boolean full) {
    Account account() {
      return copy.target().account();
    }

    boolean isRefusedByReply() {
      return full
          || filed.refusal().filter(why -> why.isReply(envelope.isAnswerable())).isPresent();
    }

    Reply refusal(SmtpSession session) {
      return full ? EndReplies.full(session) : filed.refusal().orElseThrow().reply();
    }

    /** As if it had not come: what is full is asked for once more. */
    FiledCopy refused() {
      return full ? new FiledCopy(copy, entry, envelope, Filed.NOTHING, true) : this;
    }
  }

  private final SmtpSession session;
  private final Transaction transaction;
  private final List<FiledCopy> copies = new ArrayList<>();

  /** Accounts that had the message before. */
  private final Set<String> looping = new HashSet<>();

  /** Accounts whose refusals the client hears as the reply. */
  private Set<String> refusing = Set.of();

  /** Of each copy, in their order; empty before there was a round. */
  private List<List<Delivered>> delivered = List.of();

  private Copies(SmtpSession session, Transaction transaction) {
    this.session = session;
    this.transaction = transaction;
  }

  /** Asks the script of each account what is to become of its copy. */
  static Copies file(CompletedMessage message) {
    Copies all = new Copies(message.session(), message.transaction());
    for (Transaction.Copy copy : message.transaction().copies()) {
      if (isLoop(message, copy)) {
        all.looping.add(copy.target().account().id());
        continue;
      }
      NewMessage entry =
          message.entry(
              message
                  .trace()
                  .prefix(copy, message.structure(), message.finding().field(), message.added()));
      Envelope envelope = message.envelope(copy.recipient());
      Filed filed = message.session().services().filter().file(entry, copy.target(), envelope);
      boolean full =
          isFull(message.session(), message.transaction(), copy.target().account(), filed);
      all.copies.add(new FiledCopy(copy, entry, envelope, filed, full));
    }
    return all;
  }

  /**
   * Whether an account has no room for what it is to get. RCPT has asked with the size that was
   * declared, which is an estimate (RFC 1870 §5), or with none.
   */
  private static boolean isFull(
      SmtpSession session, Transaction transaction, Account account, Filed filed) {
    if (account.quota().equals(Quota.NONE)) {
      return false;
    }
    Tally held = session.mail().account(account.id()).usage();
    long octets = held.octets();
    long count = held.count();
    for (Delivery each : filed.deliveries()) {
      if (each.account().equals(account.id())) {
        octets += each.message().octets();
        count++;
      }
    }
    return count > held.count()
        && !account.quota().allows(octets, count)
        && !DeliveredBefore.to(account, session, transaction);
  }

  /** Whether an account had the message before. */
  static boolean anyLoop(CompletedMessage message) {
    return message.transaction().copies().stream().anyMatch(copy -> isLoop(message, copy));
  }

  private static boolean isLoop(CompletedMessage message, Transaction.Copy copy) {
    return message.structure().wasDeliveredTo(TraceFields.written(copy.target().reachedBy()));
  }

  /**
   * Settles who hears a refusal as the reply. The others' are sent as mail.
   *
   * <p>The client hears it if nobody else behind that reply takes the message: in LMTP behind one
   * recipient, elsewhere in the transaction. Nothing has to be sent to a sender who may never have
   * written it. For the same reason an account that is full takes the message all the same where
   * somebody else does.
   */
  void settleRefusals(ForLists forLists) {
    refusing = session.face() == SmtpFace.LMTP ? refusingAlone() : refusingTogether(forLists);
    copies.replaceAll(
        copy -> refusing.contains(copy.account().id()) ? copy.refused() : refusedByMail(copy));
  }

  private Set<String> refusingTogether(ForLists forLists) {
    Set<String> all = wouldRefuse();
    return all.size() == copies.size() && transaction.sentElsewhere() == 0 && !forLists.isTaken()
        ? all
        : Set.of();
  }

  private Set<String> refusingAlone() {
    Set<String> alone = wouldRefuse();
    Set<String> byMail = new HashSet<>();
    for (Recipient recipient : transaction.recipients()) {
      List<String> accounts =
          recipient.targets().stream().map(target -> target.account().id()).toList();
      if (!alone.containsAll(accounts)
          || !recipient.forwarded().isEmpty()
          || !recipient.lists().isEmpty()) {
        byMail.addAll(accounts);
      }
    }
    alone.removeAll(byMail);
    return alone;
  }

  private Set<String> wouldRefuse() {
    Set<String> accounts = new HashSet<>();
    copies.stream()
        .filter(FiledCopy::isRefusedByReply)
        .forEach(copy -> accounts.add(copy.account().id()));
    return accounts;
  }

  private FiledCopy refusedByMail(FiledCopy copy) {
    Filed filed =
        session
            .services()
            .filter()
            .refusedByMail(copy.entry, copy.copy.target(), copy.envelope, copy.filed);
    return new FiledCopy(copy.copy, copy.entry, copy.envelope, filed, copy.full);
  }

  /** Why nobody takes it, for logs. */
  String cause() {
    if (refusing.isEmpty()) {
      return "no mailbox takes it";
    }
    return copies.stream().anyMatch(FiledCopy::full)
        ? "an account has no room for it"
        : "a script refuses it";
  }

  /** Whether the client hears of nothing but that scripts refuse it, or accounts are full. */
  boolean areRefused() {
    return !refusing.isEmpty() && session.face() != SmtpFace.LMTP;
  }

  /** Whether they {@link #areRefused} and some might take it later. */
  boolean areFull() {
    return areRefused() && copies.stream().anyMatch(FiledCopy::full);
  }

  /** What the client hears if they {@link #areRefused}: to come again, if that helps anybody. */
  Reply refusal() {
    List<Reply> replies = copies.stream().map(copy -> copy.refusal(session)).toList();
    return replies.stream().filter(Reply::isTransient).findFirst().orElse(replies.getFirst());
  }

  /** Whether scripts refuse it for all that a recipient leads to. */
  boolean areRefusedFor(Recipient recipient) {
    Set<String> refused = new HashSet<>();
    copies.stream()
        .filter(copy -> copy.filed.refusal().isPresent())
        .forEach(copy -> refused.add(copy.account().id()));
    return recipient.forwarded().isEmpty()
        && recipient.lists().isEmpty()
        && recipient.targets().stream().allMatch(to -> refused.contains(to.account().id()));
  }

  /** What is delivered in the round of the message. */
  List<Delivery> deliveries() {
    return copies.stream().flatMap(copy -> copy.filed.deliveries().stream()).toList();
  }

  /**
   * What is written in that round besides.
   *
   * @param refused deliveries that are not in it, by their places
   */
  List<Append> alongside(BitSet refused) {
    List<Append> alongside = new ArrayList<>();
    int at = 0;
    for (FiledCopy copy : copies) {
      alongside.addAll(copy.filed.alongside(refused, at));
      at += copy.filed.deliveries().size();
    }
    return alongside;
  }

  /** Takes what became of the {@link #deliveries}, in their order. */
  void delivered(List<Delivered> all) {
    List<List<Delivered>> divided = new ArrayList<>();
    int at = 0;
    for (FiledCopy copy : copies) {
      int end = at + copy.filed.deliveries().size();
      divided.add(all.subList(at, end));
      at = end;
    }
    delivered = divided;
  }

  /** Tells accounts of their scripts that failed, when what was {@link #delivered} is durable. */
  void tellOfFailures() {
    for (int i = 0; i < copies.size(); i++) {
      session.services().filter().tell(copies.get(i).filed, delivered.get(i));
    }
  }

  /** Whether somebody here has it, or its script wants it gone. */
  boolean anyAccepted() {
    for (int i = 0; i < copies.size(); i++) {
      if (!refusing.contains(copies.get(i).account().id()) && isAccepted(i)) {
        return true;
      }
    }
    return false;
  }

  private boolean isAccepted(int copy) {
    return copies.get(copy).filed.isAccepted(delivered.get(copy));
  }

  /**
   * What became of it for each account, by its id.
   *
   * @param any whether anybody has it, here or elsewhere
   */
  Map<String, Reply> replies(EndReplies replies, boolean any) {
    Map<String, Reply> byAccount = new HashMap<>();
    looping.forEach(account -> byAccount.put(account, Replies.LOOP));
    for (int i = 0; i < copies.size(); i++) {
      FiledCopy copy = copies.get(i);
      boolean refused = refusing.contains(copy.account().id());
      if (refused && copy.full) {
        logRefused(copy, "the account is full");
      }
      byAccount.put(copy.account().id(), refused ? copy.refusal(session) : reply(i, replies, any));
    }
    return byAccount;
  }

  private void logRefused(FiledCopy copy, Object cause) {
    session
        .log(Level.WARN, "a mailbox refused a message")
        .addKeyValue("mail", true)
        .addKeyValue("from", transaction.mail().from())
        .addKeyValue("recipient", copy.copy.target().reachedBy())
        .addKeyValue("cause", cause)
        .log();
  }

  private Reply reply(int copy, EndReplies replies, boolean any) {
    Reply reply = replies.accepted();
    for (Delivered each : delivered.get(copy)) {
      if (each instanceof Delivered.Refused(MailboxException why)) {
        logRefused(copies.get(copy), why);
        reply = isAccepted(copy) ? reply : replies.refusal(why, any);
      }
    }
    return reply;
  }

  /** The ids of the mails that scripts send. */
  List<String> sent() {
    return copies.stream().flatMap(copy -> copy.filed.sent().stream()).toList();
  }

  /** What scripts did with it, for logs. */
  List<String> scripts() {
    return copies.stream().flatMap(copy -> copy.filed.scripts().stream()).toList();
  }

  /** Who sealed what scripts send on, for logs. */
  List<String> sealed() {
    return copies.stream().flatMap(copy -> copy.filed.sealed().stream()).toList();
  }

  /** The mailboxes that have it, each with the UID, and what became of it otherwise. */
  List<String> into() {
    List<String> into = new ArrayList<>();
    for (int i = 0; i < copies.size(); i++) {
      Filed filed = copies.get(i).filed;
      for (int j = 0; j < filed.deliveries().size(); j++) {
        if (delivered.get(i).get(j) instanceof Delivered.Done(long uid, long _)) {
          Delivery each = filed.deliveries().get(j);
          into.add(named(each.account(), copies.get(i)) + " " + each.folder() + " " + uid);
        }
      }
      if (filed.deliveries().isEmpty()) {
        String became =
            filed.forwarded()
                ? " sent on"
                : filed.refusal().isPresent() || copies.get(i).full ? " refused" : " discarded";
        into.add(copies.get(i).account().primary() + became);
      }
    }
    return into;
  }

  private String named(String account, FiledCopy of) {
    if (account.equals(of.account().id())) {
      return of.account().primary().toString();
    }
    return session.directory().forLogs(account);
  }
}
