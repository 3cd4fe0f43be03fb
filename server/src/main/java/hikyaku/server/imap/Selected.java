package hikyaku.server.imap;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.ImapLimits;
import java.util.ArrayList;
import java.util.List;

/** The mailbox a session has open. */
final class Selected {
  /** Of the account whose folder it is. */
  final AccountMail mail;

  /** Whether that is the session's own. */
  final boolean own;

  /** The folder's id. */
  final long folder;

  /** What may be done with it, as {@link Places#refresh} saw it last. */
  Rights rights;

  final View view;
  final boolean readOnly;

  /** Searches that are kept up to date, the oldest first. */
  final List<Context> contexts = new ArrayList<>();

  /** UIDs that are \Recent in this session (RFC 3501 §2.3.2). */
  private UidSet recent = UidSet.EMPTY;

  /** UIDs of messages that this session has brought itself, since news were told last. */
  private UidSet brought = UidSet.EMPTY;

  /** How many keywords the client has been told of; they are only ever added to. */
  private int keywordsTold;

  /** The rights by which the client was told what flags it may set. */
  private Rights flagRightsTold;

  Selected(AccountMail mail, boolean own, Rights rights, long folder, View view, boolean readOnly) {
    this.mail = mail;
    this.own = own;
    this.rights = rights;
    this.folder = folder;
    this.view = view;
    this.readOnly = readOnly;
    this.flagRightsTold = rights;
  }

  /**
   * The mailbox of a session that comes from another node.
   *
   * @param mail of the account whose folder it is
   * @param claims whether the session takes what is \Recent
   */
  static Selected carriedOn(
      AccountMail mail, ImapPosition.InMailbox from, boolean claims, ImapLimits limits) {
    Mailbox mailbox = mail.mailbox(from.folder());
    boolean own = from.owner().isEmpty();
    Selected selected =
        new Selected(
            mail,
            own,
            own ? Rights.ALL : Rights.NONE,
            from.folder(),
            View.at(mailbox, from.told()),
            from.readOnly());
    selected.recent = from.recent();
    selected.keywordsTold = from.keywordsTold();
    selected.flagRightsTold = own ? Rights.ALL : from.flagRights();
    from.contexts().forEach(context -> selected.contexts.add(Context.carriedOn(context, limits)));
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
        own ? "" : mail.account(),
        folder,
        readOnly,
        view.positions(),
        keywordsTold,
        recent,
        saved,
        contexts.stream().map(Context::state).toList(),
        own ? Rights.NONE : flagRightsTold);
  }

  /** Whether messages may be read and taken away in one (RFC 6851 §3.3, RFC 8508 §4.1). */
  boolean mayBeMovedFrom() {
    return rights.has(Right.READ) && rights.has(Right.DELETE_MESSAGES) && rights.has(Right.EXPUNGE);
  }

  /** Whether it is that folder's. */
  boolean is(Places.Found found) {
    return folder == found.folder().id() && mail.account().equals(found.place().mail().account());
  }

  Mailbox mailbox() {
    return view.mailbox();
  }

  /**
   * Makes messages that nobody has seen yet \Recent here; where a session only looks, the next one
   * finds them so again (RFC 3501 §6.3.2).
   */
  void claimRecent() {
    long first = readOnly ? mailbox().recentFrom() : mailbox().claimRecent(view.state());
    long last = view.state().uidNext() - 1;
    if (first <= last) {
      recent = recent.union(UidSet.range(first, last));
    }
  }

  /** Notes messages that the session brings itself, if it is here that they go. */
  void bring(Mailbox target, UidSet uids) {
    if (target.log().equals(mailbox().log())) {
      brought = brought.union(uids);
    }
  }

  /** Whether it knows of a message by having brought it (RFC 5465 §5.2). */
  boolean isBrought(long uid) {
    return brought.contains(uid);
  }

  /** News have been told. */
  void forgetBrought() {
    brought = UidSet.EMPTY;
  }

  boolean isRecent(long uid) {
    return recent.contains(uid);
  }

  int recentCount() {
    return (int) view.state().present(recent).size();
  }

  /** Notes that the client is told what flags it may set. */
  void flagRightsTold() {
    flagRightsTold = rights;
  }

  /** Whether it may set other flags now than it was told (RFC 4314 §5.1.1). */
  boolean flagRightsChanged() {
    return !readOnly && !FlagRights.same(flagRightsTold, rights);
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
