package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.ListReturn;
import hikyaku.protocol.imap.Command.ListSelection;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.MailboxNames.Pattern;
import hikyaku.protocol.imap.Reply;
import hikyaku.server.imap.Places.Found;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * LIST (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590).
 *
 * <p>A long answer is settled in parts: what it says of each mailbox is of the moment at which it
 * says it, so no repeat of the whole could say the same.
 */
final class ListMailboxes {
  private static final Reply COMPLETED = Reply.ok("LIST completed");

  private final Session session;
  private final String tag;
  private final Command.ListMailboxes command;
  private final Visible tree;
  private final List<Pattern> patterns;

  /** Names that meet the selection, or with RECURSIVEMATCH stand above one that does. */
  private final Set<String> chosen;

  private ListMailboxes(Session session, String tag, Command.ListMailboxes command, Visible tree) {
    this.session = session;
    this.tag = tag;
    this.command = command;
    this.tree = tree;
    this.patterns =
        command.patterns().stream()
            .filter(pattern -> !pattern.isEmpty())
            .map(pattern -> pattern(command.reference(), pattern))
            .toList();
    this.chosen = chosen();
  }

  /** In the form that names have, as other commands take them (RFC 9051 §6.3.9). */
  static Pattern pattern(String reference, String pattern) {
    return new Pattern(FolderName.composed(reference + pattern), FolderName.SEPARATOR);
  }

  static Reply execute(Session session, String tag, Command.ListMailboxes command)
      throws IOException {
    if (!command.extended() && command.patterns().equals(List.of(""))) {
      session.out.data(new Data.Delimiter(FolderName.SEPARATOR));
    } else {
      FolderTree tree = session.looking.folders(session.state.loggedIn().mail());
      new ListMailboxes(session, tag, command, Visible.of(session, tree)).run("");
    }
    return COMPLETED;
  }

  /** Goes on with a LIST of which another node has told a part. */
  static Reply resume(Session session, ImapPosition.InList at) throws IOException {
    FolderTree tree = Looking.folders(session.state.loggedIn().mail(), at.tree());
    new ListMailboxes(session, at.tag(), at.command(), Visible.of(session, tree)).run(at.told());
    return COMPLETED;
  }

  private boolean selects(ListSelection option) {
    return command.selection().contains(option);
  }

  /** Without selection options every name there is, those without a folder included. */
  private Set<String> chosen() {
    Set<String> names = tree.names();
    if (selects(ListSelection.SUBSCRIBED)) {
      names.addAll(tree.subscriptions());
      names.removeIf(name -> !tree.isSubscribed(name));
    }
    if (selects(ListSelection.SPECIAL_USE)) {
      names.removeIf(name -> uses(name).isEmpty());
    }
    return names;
  }

  private Set<SpecialUse> uses(String name) {
    return tree.uses(name);
  }

  /**
   * @param after the last name that was told; empty at the beginning
   */
  private void run(String after) throws IOException {
    NavigableSet<String> told = new TreeSet<>(chosen);
    told.removeIf(name -> !matches(name));
    Set<String> above = Set.of();
    if (selects(ListSelection.RECURSIVEMATCH)) {
      above = ancestors(chosen);
      // RFC 5258 §3.5: a name that only stands above others is told for those that are not.
      Set<String> untold = new TreeSet<>(chosen);
      untold.removeAll(told);
      Set<String> standIns = ancestors(untold);
      standIns.removeIf(name -> !matches(name));
      told.addAll(standIns);
    } else if (!selects(ListSelection.SUBSCRIBED)) {
      hideStandIns(told);
    }
    for (String name : told.tailSet(after, false)) {
      tell(name, above.contains(name));
      if (session.looking.isLong()) {
        session.settle(new ImapPosition.InList(tag, command, tree.seq(), name));
        session.looking.begin();
      }
    }
  }

  /**
   * RFC 5258 §3.3: a name without a folder is told only for the sake of folders below it that are
   * not.
   */
  private void hideStandIns(Set<String> told) {
    Set<String> untold = new TreeSet<>();
    tree.all().stream().map(Found::shown).filter(name -> !matches(name)).forEach(untold::add);
    Set<String> standIns = ancestors(untold);
    told.removeIf(name -> tree.folder(name).isEmpty() && !standIns.contains(name));
  }

  private boolean matches(String name) {
    return patterns.stream().anyMatch(pattern -> pattern.matches(name));
  }

  /** All names that stand above others. */
  static Set<String> ancestors(Set<String> names) {
    Set<String> ancestors = new TreeSet<>();
    for (String name : names) {
      int at = name.lastIndexOf(FolderName.SEPARATOR);
      while (at > 0 && ancestors.add(name.substring(0, at))) {
        at = name.lastIndexOf(FolderName.SEPARATOR, at - 1);
      }
    }
    return ancestors;
  }

  /**
   * A name as it is told unasked, its attributes all of them.
   *
   * @param oldName what it was renamed from, or null
   */
  static Data unasked(Visible tree, String name, @Nullable String oldName) {
    List<String> attributes = attributes(tree, name, true);
    return new Data.Listed(false, attributes, FolderName.SEPARATOR, name, List.of(), oldName);
  }

  /**
   * The same of a name with which the client may not do what it asked for (RFC 5465 §3.1, §5.9).
   */
  static Data noAccess(Visible tree, String name) {
    List<String> attributes = attributes(tree, name, true);
    attributes.addFirst("\\NoAccess");
    return new Data.Listed(false, attributes, FolderName.SEPARATOR, name, List.of(), null);
  }

  private static List<String> attributes(Visible tree, String name, boolean subscriptions) {
    Optional<Found> folder = tree.folder(name);
    List<String> attributes = new ArrayList<>();
    if (folder.isEmpty()) {
      attributes.add("\\NonExistent");
      attributes.add("\\Noselect");
    } else if (!folder.get().rights().has(Right.READ)) {
      attributes.add("\\Noselect");
    }
    attributes.add(tree.hasChildren(name) ? "\\HasChildren" : "\\HasNoChildren");
    if (subscriptions && tree.isSubscribed(name)) {
      attributes.add("\\Subscribed");
    }
    tree.uses(name).stream().sorted().forEach(use -> attributes.add(use.attribute()));
    return attributes;
  }

  private void tell(String name, boolean childrenMatch) throws IOException {
    Optional<Found> folder = tree.folder(name);
    boolean subscriptions =
        selects(ListSelection.SUBSCRIBED) || command.returns().contains(ListReturn.SUBSCRIBED);
    List<String> attributes = attributes(tree, name, subscriptions);
    List<String> childInfo = new ArrayList<>();
    if (childrenMatch) {
      if (selects(ListSelection.SUBSCRIBED)) {
        childInfo.add("SUBSCRIBED");
      }
      if (selects(ListSelection.SPECIAL_USE)) {
        childInfo.add("SPECIAL-USE");
      }
    }
    session.out.data(
        new Data.Listed(false, attributes, FolderName.SEPARATOR, name, childInfo, null));
    // RFC 5819 §3: a name that is told for others has not met the selection itself.
    if (folder.isPresent() && chosen.contains(name)) {
      more(folder.get());
    }
  }

  private void more(Found folder) throws IOException {
    Set<ListReturn> returns = command.returns();
    if (returns.contains(ListReturn.STATUS) && folder.rights().has(Right.READ)) {
      status(folder);
    }
    if (returns.contains(ListReturn.METADATA) && Metadata.isPermitted(folder)) {
      session.out.data(Metadata.listed(session, folder, command.metadata()));
    }
    if (returns.contains(ListReturn.MYRIGHTS)) {
      session.out.data(Acl.mine(folder));
    }
  }

  /** RFC 5819 §2: a mailbox whose status cannot be told is listed without. */
  private void status(Found folder) throws IOException {
    session.checkpoint();
    Data status;
    try {
      status = Status.of(session, folder, command.status());
    } catch (MailboxException.Gone e) {
      return;
    } catch (StoreException e) {
      session.failed("LIST", e);
      return;
    }
    session.out.data(status);
  }
}
