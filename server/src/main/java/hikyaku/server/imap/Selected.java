package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.View;

/** The mailbox a session has open. */
final class Selected {
  /** The folder's id. */
  final long folder;

  final View view;
  final boolean readOnly;

  /** UIDs that are \Recent in this session (RFC 3501 §2.3.2). */
  private UidSet recent = UidSet.EMPTY;

  /** How many keywords the client has been told of; they are only ever added to. */
  private int keywordsTold;

  Selected(long folder, View view, boolean readOnly) {
    this.folder = folder;
    this.view = view;
    this.readOnly = readOnly;
  }

  /**
   * The mailbox of a session that comes from another node.
   *
   * @param claims whether the session takes what is \Recent
   */
  static Selected carriedOn(Mailbox mailbox, ImapPosition.InMailbox from, boolean claims) {
    Selected selected = new Selected(from.folder(), View.at(mailbox, from.told()), from.readOnly());
    selected.recent = from.recent();
    selected.keywordsTold = from.keywordsTold();
    if (claims && !from.readOnly()) {
      mailbox.recentTold(from.told().appends());
    }
    return selected;
  }

  /**
   * What another node needs to know.
   *
   * @param saved what the last SEARCH saved
   */
  ImapPosition.InMailbox position(UidSet saved) {
    return new ImapPosition.InMailbox(
        folder, readOnly, view.positions(), keywordsTold, recent, saved);
  }

  Mailbox mailbox() {
    return view.mailbox();
  }

  /** Makes messages that nobody has seen yet \Recent here; a session that only looks takes none. */
  void claimRecent() {
    if (readOnly) {
      return;
    }
    long first = mailbox().claimRecent(view.state());
    long last = view.state().uidNext() - 1;
    if (first <= last) {
      recent = recent.union(UidSet.range(first, last));
    }
  }

  boolean isRecent(long uid) {
    return recent.contains(uid);
  }

  int recentCount() {
    return (int) view.state().present(recent).size();
  }

  /**
   * @return whether the mailbox has keywords that the client has not been told of
   */
  boolean keywordsGrew() {
    int now = view.state().keywords().size();
    boolean grew = now > keywordsTold;
    keywordsTold = now;
    return grew;
  }
}
