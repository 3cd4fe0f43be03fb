package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.server.net.Connection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How the command at hand sees the store, so that a repeat of it on another node sees the same.
 *
 * <p>A command looks at the selected mailbox before it writes, and once more after it; from then on
 * all that it says is of that one sequence, to which it is pinned. A repeat that finds itself
 * pinned knows that everything was written that was going to be, and says the same octets. One that
 * is not pinned has told the client nothing yet; it finds by their keys what it has written, and
 * answers as if it had written it now.
 */
final class Looking {
  /** An answer of more octets may reach the client in part: one buffer of the connection. */
  private static final int SHORT_ANSWER = 16 * 1024;

  /** What one piece of news takes beside the keywords of a message. */
  private static final int OCTETS_OF_NEWS = 200;

  private final Connection connection;
  private final Wire wire;
  private final String suffix;
  private String key = "";
  private boolean repeat;
  private OptionalLong pinned = OptionalLong.empty();
  private boolean fixed;
  private boolean elsewhere;
  private boolean writes;

  Looking(Connection connection, Wire wire) {
    this.connection = connection;
    this.wire = wire;
    this.suffix = suffix(connection.remote());
  }

  /**
   * The client's address keeps the keys apart from those of a session whose id came up elsewhere,
   * or before a clock was set back: its writes must not be taken for repeats of that one's.
   */
  private static String suffix(InetSocketAddress client) {
    int hash = 31 * Arrays.hashCode(client.getAddress().getAddress()) + client.getPort();
    return "." + Integer.toHexString(hash);
  }

  /** A command is about to be read. */
  void begin() {
    key = connection.commandKey() + suffix;
    pinned = connection.pinned();
    repeat = pinned.isPresent() || connection.isRepeat();
    fixed = false;
    elsewhere = false;
    writes = false;
    wire.startAnswer();
  }

  /** Under which the command at hand writes. */
  Attempt attempt() {
    writes = true;
    Attempt.Phase phase =
        pinned.isPresent()
            ? Attempt.Phase.OVER
            : repeat ? Attempt.Phase.REPEAT : Attempt.Phase.FIRST;
    return new Attempt(key, phase);
  }

  /**
   * Under which the command at hand wrote.
   *
   * @return empty if it had nothing to write
   */
  Optional<String> written() {
    return writes ? Optional.of(key) : Optional.empty();
  }

  // ---- the selected mailbox

  /**
   * Looks at the mailbox as the command is to see it before it writes.
   *
   * @param write what it writes to this mailbox
   */
  void before(Selected selected, Attempt write) {
    Mailbox mailbox = selected.mailbox();
    MailboxState now = pinnedOrNow(mailbox);
    // Looked up behind that: a node that was cut off may write at any moment.
    OptionalLong done = mailbox.doneAt(write);
    selected.view.advance(
        done.isPresent() ? mailbox.stateAt(done.getAsLong() - 1).orElse(now) : now);
  }

  /** Looks at the mailbox as it is after the command has written, and stays with that. */
  void after(Selected selected) {
    stay(selected.view, pinnedOrNow(selected.mailbox()));
  }

  /** The same with the outcome of the write. */
  void after(Selected selected, MailboxState outcome) {
    stay(selected.view, pinned.isPresent() ? pinnedOrNow(selected.mailbox()) : outcome);
  }

  private void stay(View view, MailboxState state) {
    view.advance(state);
    fixed = true;
    connection.pin(view.state().seq());
  }

  private MailboxState pinnedOrNow(Mailbox mailbox) {
    return pinned.isPresent()
        ? mailbox.stateAt(pinned.getAsLong()).orElseGet(mailbox::refresh)
        : mailbox.refresh();
  }

  /**
   * A mailbox that is being selected, as it is now.
   *
   * @param steps see {@link Mailbox#refresh(Mailbox.Steps)}
   */
  MailboxState open(Mailbox mailbox, Mailbox.Steps steps) throws IOException {
    MailboxState now = mailbox.refresh(steps);
    MailboxState state = pinned.isPresent() ? pinnedOrNow(mailbox) : now;
    connection.pin(state.seq());
    return state;
  }

  /**
   * Looks at the mailbox for a command that has nothing more to write, unless it did so before.
   *
   * @return whether its news may be told: an answer that is pinned elsewhere must stay short
   */
  boolean forNews(Selected selected) {
    if (elsewhere) {
      selected.view.refresh();
      return staysShort(selected.view);
    }
    if (!fixed) {
      after(selected);
    }
    return true;
  }

  /** Whether the answer must stay so short that it reaches the client whole or not at all. */
  boolean mustStayShort() {
    return elsewhere;
  }

  /** Whether the answer, with the news, is sure to reach the client whole or not at all. */
  boolean staysShort(View view) {
    return staysShort(view.state(), view.countNews());
  }

  /**
   * The same with so many pieces of news.
   *
   * @param state whose messages they are about
   */
  boolean staysShort(MailboxState state, long news) {
    long keywords = state.keywords().stream().mapToLong(keyword -> keyword.length() + 1).sum();
    return wire.answered() + (OCTETS_OF_NEWS + keywords) * news < SHORT_ANSWER;
  }

  /** Whether the answer is so long that a part of it should be settled before more is said. */
  boolean isLong() {
    return wire.answered() >= SHORT_ANSWER / 2;
  }

  // ---- the folders

  /** The folders, for a command whose answer is theirs. */
  FolderTree folders(AccountMail mail) {
    FolderTree tree =
        pinned.isPresent() ? mail.treeAt(pinned.getAsLong()).orElseGet(mail::tree) : mail.tree();
    elsewhere = true;
    connection.pin(tree.seq());
    return tree;
  }

  /** The folders of a command that has told a part of them; as they are now if all else is lost. */
  static FolderTree folders(AccountMail mail, long seq) {
    return mail.treeAt(seq).orElseGet(mail::tree);
  }
}
