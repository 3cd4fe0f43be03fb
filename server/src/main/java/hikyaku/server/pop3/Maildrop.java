package hikyaku.server.pop3;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.mime.Surrogate;
import hikyaku.server.story.MailStory;
import java.io.IOException;
import java.util.BitSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An INBOX as it was when the session opened it, and the messages that the session has marked as
 * deleted. Owned by the session's thread.
 *
 * <p>Message numbers are 1 to {@link #size}: a message's index in the state, plus one.
 */
final class Maildrop {
  private final AccountMail mail;
  private final long folder;
  private final Mailbox mailbox;
  private final long seq;
  private final BitSet marked;

  /** Null until it is needed, in a session that comes from another node. */
  private @Nullable MailboxState state;

  private Maildrop(AccountMail mail, long folder, long seq, BitSet marked) {
    this.mail = mail;
    this.folder = folder;
    this.mailbox = mail.mailbox(folder);
    this.seq = seq;
    this.marked = marked;
  }

  /** Opens the maildrop as it is now. */
  static Maildrop open(AccountMail mail) {
    Folder inbox = mail.tree().inbox();
    MailboxState now = mail.mailbox(inbox).refresh();
    Maildrop maildrop = new Maildrop(mail, inbox.id(), now.seq(), new BitSet());
    maildrop.state = now;
    return maildrop;
  }

  /** The maildrop as a session on another node had it. */
  static Maildrop at(AccountMail mail, Pop3Position.Transaction from) {
    return new Maildrop(mail, from.folder(), from.seq(), from.marked());
  }

  long folder() {
    return folder;
  }

  /** What it shows of the mailbox's log. */
  long seq() {
    return seq;
  }

  /** Indexes of the messages marked as deleted. */
  BitSet marked() {
    return marked;
  }

  private MailboxState state() {
    MailboxState known = state;
    if (known == null) {
      known = mailbox.stateAt(seq).orElseThrow(MailboxException.TooFarBehind::new);
      state = known;
    }
    return known;
  }

  /** The highest message number. */
  int size() {
    return state().size();
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
    return state().octets() - markedOctets();
  }

  private long markedOctets() {
    return marked.stream().mapToLong(state()::octets).sum();
  }

  long octets(int number) {
    return state().octets(number - 1);
  }

  /** RFC 1939 §7: 1 to 70 characters, 0x21 to 0x7E, never used for another message. */
  String uniqueId(int number) {
    return state().uidValidity() + "." + state().uid(number - 1);
  }

  /**
   * Opens a message.
   *
   * @param wasThere whether it is known to have been there when the session asked for it
   * @return empty if another session has removed it
   * @throws StoreException if it cannot be read now, or is not what it was
   */
  Optional<Opened> open(int number, boolean wasThere) {
    int index = number - 1;
    if (!wasThere && !mailbox.refresh().contains(state().uid(index))) {
      return Optional.empty();
    }
    Optional<Opened> opened =
        mailbox
            .messages()
            .read(state(), index)
            .map(StoredMessage::message)
            .map(message -> new Opened(message, mailbox.messages().open(message)));
    if (opened.isPresent() && opened.get().content.size() != octets(number)) {
      opened.get().close();
      throw new StoreException.Corrupt(
          "message " + uniqueId(number) + " of " + mailbox.log() + " is not of its size", null);
    }
    return opened;
  }

  /** A message whose octets can be read. */
  record Opened(NewMessage message, MessageContent content) implements AutoCloseable {
    /**
     * What is sent in its place to who has not said UTF8 (RFC 6856 §2.1).
     *
     * @return empty if it is sent as it is
     */
    Optional<Surrogate> surrogate() throws IOException {
      boolean ascii = !message.structure().has8bit() && isAscii(message.prefix());
      return ascii
          ? Optional.empty()
          : Surrogate.of(message.structure(), message.prefix().size(), content::copy);
    }

    private static boolean isAscii(ByteString octets) {
      for (byte octet : octets) {
        if (octet < 0) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void close() {
      content.close();
    }
  }

  void mark(int number) {
    marked.set(number - 1);
  }

  void unmarkAll() {
    marked.clear();
  }

  /**
   * The UPDATE state (RFC 1939 §6): removes the marked messages, durably when this returns.
   *
   * @param session names this attempt, so that the store does it once
   * @param repeat whether it may have been made before
   * @return those that were still there to remove
   * @throws MailboxException.Gone if the folder is INBOX no more: whoever renamed it has taken its
   *     messages elsewhere, to keep them (RFC 9051 §6.3.6)
   */
  UidSet update(String session, boolean repeat) {
    if (marked.isEmpty()) {
      return UidSet.EMPTY;
    }
    UidSet.Builder uids = new UidSet.Builder();
    marked.stream().forEach(index -> uids.add(state().uid(index)));
    if (mail.tree().inbox().id() != folder) {
      throw new MailboxException.Gone();
    }
    UidSet removed = uids.build();
    // A session's id may come up again after a clock was set back: what it names is part of the
    // key, so that another removal is not taken for a repeat of this one.
    String key = session + "." + Integer.toHexString(removed.hashCode());
    return mailbox.expunge(removed, repeat ? Attempt.repeat(key) : Attempt.first(key));
  }

  /** Where its messages are, for the story of those that go. */
  MailStory.Origin origin(String owner) {
    return new MailStory.Origin(new MailStory.Place(owner, Folder.INBOX), mailbox, state());
  }
}
