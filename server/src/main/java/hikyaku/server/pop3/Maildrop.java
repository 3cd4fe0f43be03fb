package hikyaku.server.pop3;

import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.StoredMessage;
import java.util.BitSet;
import java.util.Optional;

/**
 * An INBOX as it was when the session opened it, and the messages that the session has marked as
 * deleted. Owned by the session's thread.
 *
 * <p>Message numbers are 1 to {@link #size}: a message's index in the state, plus one.
 */
final class Maildrop {
  private final Mailbox mailbox;
  private final MailboxState state;
  private final BitSet marked = new BitSet();
  private long markedOctets;

  private Maildrop(Mailbox mailbox, MailboxState state) {
    this.mailbox = mailbox;
    this.state = state;
  }

  /** Opens the maildrop as it is now. */
  static Maildrop open(Mailbox mailbox) {
    return new Maildrop(mailbox, mailbox.refresh());
  }

  /** The highest message number. */
  int size() {
    return state.size();
  }

  /** Whether there is a message of this number that is not marked as deleted. */
  boolean has(int number) {
    return number >= 1 && number <= size() && !marked.get(number - 1);
  }

  /** How many messages are not marked as deleted. */
  int messages() {
    return size() - marked.cardinality();
  }

  /** How many octets they have together. */
  long octets() {
    return state.octets() - markedOctets;
  }

  long octets(int number) {
    return state.octets(number - 1);
  }

  /** RFC 1939 §7: 1 to 70 characters, 0x21 to 0x7E, never used for another message. */
  String uniqueId(int number) {
    return state.uidValidity() + "." + state.uid(number - 1);
  }

  /**
   * Opens a message.
   *
   * @return empty if another session has removed it
   * @throws StoreException if it cannot be read now, or is not what it was
   */
  Optional<MessageContent> open(int number) {
    int index = number - 1;
    if (!mailbox.refresh().contains(state.uid(index))) {
      return Optional.empty();
    }
    Optional<MessageContent> content =
        mailbox.read(state, index).map(StoredMessage::message).map(mailbox::open);
    if (content.isPresent() && content.get().size() != octets(number)) {
      content.get().close();
      throw new StoreException.Corrupt(
          "message " + uniqueId(number) + " of " + mailbox.log() + " is not of its size", null);
    }
    return content;
  }

  void mark(int number) {
    marked.set(number - 1);
    markedOctets += octets(number);
  }

  void unmarkAll() {
    marked.clear();
    markedOctets = 0;
  }

  /**
   * The UPDATE state (RFC 1939 §6): removes the marked messages, durably when this returns.
   *
   * @param key names this attempt, so that the store does it once
   * @return how many were still there to remove
   */
  long update(String key) {
    if (marked.isEmpty()) {
      return 0;
    }
    UidSet.Builder uids = new UidSet.Builder();
    marked.stream().forEach(index -> uids.add(state.uid(index)));
    UidSet removed = uids.build();
    // A session's id may come up again after a clock was set back: what it names is part of the
    // key, so that another removal is not taken for a repeat of this one.
    return mailbox.expunge(removed, key + "." + Integer.toHexString(removed.hashCode())).size();
  }
}
