package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Resolution;
import hikyaku.server.origin.Examination;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** From MAIL to the end of the message. */
final class Transaction {
  /**
   * One mailbox that the message goes to.
   *
   * @param recipient the first that led there
   */
  record Copy(Resolution.Target target, Recipient recipient) {}

  private final String id;
  private final Command.Mail mail;
  private final Instant begun;
  private final long deadline;
  private final List<Recipient> recipients = new ArrayList<>();

  /** The recipient of each RCPT that was taken, in order: one may be named again. */
  private final List<Recipient> named = new ArrayList<>();

  /** By account id, in the order of first mention. */
  private final SequencedMap<String, Copy> copies = new LinkedHashMap<>();

  private final Map<Resolution.Listed, Integer> ofLists = new HashMap<>();
  private boolean refusedRecipients;
  private boolean mustBeProven;
  private @Nullable IncomingMessage message;
  private @Nullable Examination examination;

  /**
   * @param id unique for ever: the session's and the transaction's number in it
   * @param begun when
   * @param deadline in {@link System#nanoTime} terms
   */
  Transaction(String id, Command.Mail mail, Instant begun, long deadline) {
    this.id = id;
    this.mail = mail;
    this.begun = begun;
    this.deadline = deadline;
  }

  String id() {
    return id;
  }

  Command.Mail mail() {
    return mail;
  }

  boolean isSmtpUtf8() {
    return mail.parameters().smtpUtf8();
  }

  Instant begun() {
    return begun;
  }

  long deadline() {
    return deadline;
  }

  List<Recipient> recipients() {
    return Collections.unmodifiableList(recipients);
  }

  /** The recipient of each RCPT that was taken, in order; LMTP has a reply to each. */
  List<Recipient> named() {
    return Collections.unmodifiableList(named);
  }

  Collection<Copy> copies() {
    return Collections.unmodifiableCollection(copies.sequencedValues());
  }

  boolean goesTo(Account account) {
    return copies.containsKey(account.id());
  }

  /**
   * Takes a recipient in, unless that would make too many copies.
   *
   * @return whether it was taken
   */
  boolean add(Recipient recipient, int maxCopies) {
    long fresh = recipient.targets().stream().filter(target -> !goesTo(target.account())).count();
    if (copies.size() + forwarded() + fresh + recipient.forwarded().size() > maxCopies) {
      return false;
    }
    recipients.add(recipient);
    named.add(recipient);
    for (Resolution.Target target : recipient.targets()) {
      copies.putIfAbsent(target.account().id(), new Copy(target, recipient));
    }
    return true;
  }

  /** Takes in a recipient that another server has; one that is named twice is one. */
  void addElsewhere(Recipient recipient) {
    Optional<Recipient> known =
        recipients.stream().filter(one -> one.path().equals(recipient.path())).findFirst();
    if (known.isEmpty()) {
      recipients.add(recipient);
    }
    named.add(known.orElse(recipient));
  }

  /** Recipients that other servers have. */
  List<Recipient> elsewhere() {
    return recipients.stream().filter(Recipient::isElsewhere).toList();
  }

  /** How many addresses of other services aliases among the recipients lead to. */
  int forwarded() {
    return recipients.stream().mapToInt(recipient -> recipient.forwarded().size()).sum();
  }

  /** How many servers elsewhere are to have it, as far as its sender is to answer for that. */
  int sentElsewhere() {
    return elsewhere().size() + forwarded();
  }

  /** Takes in as how many recipients elsewhere a list among the recipients counts. */
  void count(Resolution.Listed list, int recipients) {
    ofLists.put(list, recipients);
  }

  boolean isCounted(Resolution.Listed list) {
    return ofLists.containsKey(list);
  }

  /** How many recipients elsewhere are counted against its sender. */
  int counted() {
    return sentElsewhere() + ofLists.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Whether its sender has to be who it says, for the sake of an alias. */
  boolean mustBeProven() {
    return mustBeProven;
  }

  /** Its sender has to be who it says: the domain must allow the server. */
  void prove() {
    mustBeProven = true;
  }

  /** Whether some RCPT was refused. */
  boolean hasRefusedRecipients() {
    return refusedRecipients;
  }

  void refusedRecipient() {
    refusedRecipients = true;
  }

  @Nullable IncomingMessage message() {
    return message;
  }

  void receive(IncomingMessage incoming) {
    message = incoming;
  }

  /** Who looks at whom it is from; null for nobody. */
  @Nullable Examination examination() {
    return examination;
  }

  void examine(Examination begun) {
    examination = begun;
  }

  /** Lets go of a message that did not come to its end. */
  void close() {
    if (examination != null) {
      examination.close();
    }
    if (message != null) {
      message.close();
    }
  }
}
