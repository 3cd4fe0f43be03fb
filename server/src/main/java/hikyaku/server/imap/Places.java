package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.story.MailStory;
import java.util.Optional;

/**
 * What mailbox names mean to the one who is logged in: folders of its own, and below {@value
 * #OTHERS} those of others, as {@code Other Users/bob@example.org/Work}.
 */
final class Places {
  static final String OTHERS = "Other Users";
  static final String PREFIX = OTHERS + "/";

  private final Session session;

  Places(Session session) {
    this.session = session;
  }

  /**
   * Where a name leads.
   *
   * @param name of a folder of the owner, which need not be there; empty for the owner as such
   * @param prefix what stands before it for this session; empty for its own
   */
  record Place(Account owner, AccountMail mail, String name, String prefix) {
    boolean isOwn() {
      return prefix.isEmpty();
    }

    String shown(String folder) {
      return prefix + folder;
    }

    /** The name as this session is told of it. */
    String canonical() {
      return shown(FolderName.canonical(name));
    }
  }

  /** A folder that is there. */
  record Found(Place place, FolderTree tree, Folder folder, Rights rights) {
    Mailbox mailbox() {
      return place.mail().mailbox(folder);
    }

    String shown() {
      return place.shown(folder.name());
    }

    MailStory.Place told() {
      return new MailStory.Place(place.owner().primary().toString(), folder.name());
    }

    /**
     * @throws MailboxException.NotPermitted if a right is missing
     * @throws MailboxException.Nonexistent if the folder may not even be seen (RFC 4314 §6)
     */
    Found with(Right needed) {
      return withAny(needed);
    }

    /**
     * Whether one who puts messages there may know their UIDs, which tell of others that came (RFC
     * 9051 §6.3.12, §6.4.7).
     */
    boolean tellsUids() {
      return rights.has(Right.READ);
    }

    /** Whether one who may not put messages there must take it for missing (RFC 4314 §6). */
    boolean isHiddenTarget() {
      return !rights.hasAny(Right.LOOKUP, Right.INSERT);
    }

    /** The same where one of several rights will do. */
    Found withAny(Right... needed) {
      if (rights.hasAny(needed)) {
        return this;
      }
      if (rights.has(Right.LOOKUP)) {
        throw new MailboxException.NotPermitted();
      }
      throw new MailboxException.Nonexistent();
    }
  }

  private SessionState.Login login() {
    return session.state.loggedIn();
  }

  /** The place of an own folder. */
  Place own(String name) {
    return new Place(login().account(), login().mail(), name, "");
  }

  /**
   * @throws MailboxException.Nonexistent below a user that there is not
   */
  Place place(String name) {
    return known(name).orElseThrow(MailboxException.Nonexistent::new);
  }

  /** Whether a name is one of the places of others, whoever there is. */
  static boolean isOfOthers(String name) {
    String canonical = FolderName.canonical(name);
    return canonical.equals(OTHERS) || canonical.startsWith(PREFIX);
  }

  /**
   * The same, for commands that must not say of a user that there is none.
   *
   * @return empty below a user that there is not
   */
  Optional<Place> known(String name) {
    if (!isOfOthers(name)) {
      return Optional.of(own(name));
    }
    String canonical = FolderName.canonical(name);
    String rest = canonical.equals(OTHERS) ? "" : canonical.substring(PREFIX.length());
    int end = rest.indexOf(FolderName.SEPARATOR);
    String user = end < 0 ? rest : rest.substring(0, end);
    return Address.parse(user)
        .flatMap(session.server.access.directory()::accountByAddress)
        .filter(account -> !account.id().equals(login().account().id()))
        .map(owner -> of(owner, end < 0 ? "" : rest.substring(end + 1)));
  }

  /** The place of a folder of somebody else. */
  Place of(Account owner, String name) {
    AccountMail theirs = session.server.mail.account(owner.id());
    return new Place(owner, theirs, name, PREFIX + owner.primary() + FolderName.SEPARATOR);
  }

  /**
   * @return empty if there is no such folder
   */
  Optional<Found> look(Place place) {
    FolderTree tree = place.mail().tree();
    return tree.folder(place.name()).map(folder -> found(place, tree, folder));
  }

  /**
   * The same with one's own folders as they were.
   *
   * @param own one's own; those of others are as they are now
   * @return empty below a user that there is not as well
   */
  Optional<Found> look(String name, FolderTree own) {
    return known(name)
        .flatMap(place ->
            place.isOwn()
                ? own.folder(place.name()).map(folder -> found(place, own, folder))
                : look(place));
  }

  /**
   * The folder of the selected mailbox, whether or not its name may be looked up.
   *
   * @param own as for {@link #look(String, FolderTree)}
   * @return empty if none is selected, or the folder went
   */
  Optional<Found> selected(FolderTree own) {
    Selected selected = session.state.selected();
    if (selected == null) {
      return Optional.empty();
    }
    if (selected.own) {
      return own.folder(selected.folder).map(folder -> found(own(""), own, folder));
    }
    FolderTree theirs = selected.mail.tree();
    return session
        .server
        .access
        .directory()
        .account(selected.mail.account())
        .flatMap(owner ->
            theirs.folder(selected.folder).map(folder -> found(of(owner, ""), theirs, folder)));
  }

  Found found(Place place, FolderTree tree, Folder folder) {
    return new Found(place, tree, folder, rights(place.isOwn(), tree, folder));
  }

  /**
   * A folder that is there.
   *
   * @throws MailboxException.Nonexistent if it is not
   */
  Found find(String name) {
    return look(place(name)).orElseThrow(MailboxException.Nonexistent::new);
  }

  private Rights rights(boolean own, FolderTree tree, Folder folder) {
    return own ? Rights.ALL : session.server.access.of(tree, folder, login().account());
  }

  /** Looks anew at what may be done with the selected mailbox, if it is somebody else's. */
  void refresh(Selected selected) {
    if (selected.own) {
      return;
    }
    // A removed account has no folders, and must not be given any.
    boolean there = session.server.access.directory().account(selected.mail.account()).isPresent();
    selected.rights = there ? rights(selected) : Rights.NONE;
  }

  /** What the selected mailbox was called when that was looked at last, else its number. */
  MailStory.Place told(Selected selected) {
    String folder =
        selected
            .mail
            .lastTree()
            .folder(selected.folder)
            .map(Folder::name)
            .orElse("#" + selected.folder);
    return new MailStory.Place(owner(selected), folder);
  }

  private String owner(Selected selected) {
    if (selected.own) {
      return login().account().primary().toString();
    }
    String id = selected.mail.account();
    try {
      return session
          .server
          .access
          .directory()
          .account(id)
          .map(account -> account.primary().toString())
          .orElse(id);
    } catch (StoreException e) {
      // It is only told: what was done with the mailbox is done.
      return id;
    }
  }

  private Rights rights(Selected selected) {
    FolderTree tree = selected.mail.tree();
    return tree.folder(selected.folder)
        .map(folder -> rights(false, tree, folder))
        .orElse(Rights.NONE);
  }
}
