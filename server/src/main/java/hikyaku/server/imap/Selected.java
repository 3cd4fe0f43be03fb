package hikyaku.server.imap;

import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.View;

/** The mailbox a session has open. */
final class Selected {
  final Folder folder;
  final View view;
  final boolean readOnly;

  /** UIDs that are \Recent in this session (RFC 3501 §2.3.2). */
  private UidSet recent = UidSet.EMPTY;

  /** How many keywords the client has been told of; they are only ever added to. */
  private int keywordsTold;

  Selected(Folder folder, View view, boolean readOnly) {
    this.folder = folder;
    this.view = view;
    this.readOnly = readOnly;
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
