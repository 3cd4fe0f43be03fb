package hikyaku.server.imap;

import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.server.directory.Account;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.Places.Place;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** All folders that one who is logged in can see: its own, and those of others. */
final class Visible {
  private final FolderTree own;
  private final NavigableMap<String, Found> byName = new TreeMap<>();

  private Visible(FolderTree own) {
    this.own = own;
  }

  /**
   * @param own the folders of its own; those of others are as they are now
   */
  static Visible of(Session session, FolderTree own) {
    Visible visible = new Visible(own);
    Place here = session.places.own("");
    for (Folder folder : own.folders()) {
      visible.byName.put(folder.name(), session.places.found(here, own, folder));
    }
    for (Place place : others(session)) {
      visible.add(session, place, place.mail().tree());
    }
    return visible;
  }

  /**
   * @param trees of each place, one's own first
   */
  static Visible of(Session session, SequencedMap<Place, FolderTree> trees) {
    Visible visible = new Visible(trees.firstEntry().getValue());
    trees.forEach((place, tree) -> {
      if (place.isOwn()) {
        for (Folder folder : tree.folders()) {
          visible.byName.put(folder.name(), session.places.found(place, tree, folder));
        }
      } else {
        visible.add(session, place, tree);
      }
    });
    return visible;
  }

  /** The places of those who share. */
  static List<Place> others(Session session) {
    return session.server.access.sharers(session.state.loggedIn().account()).stream()
        .filter(Visible::hasAName)
        .map(sharer -> session.places.of(sharer, ""))
        .toList();
  }

  /** An address that would be no level of a name cannot be told. */
  private static boolean hasAName(Account account) {
    return account.primary().toString().chars().noneMatch(c -> "/*%".indexOf(c) >= 0);
  }

  private void add(Session session, Place place, FolderTree tree) {
    for (Folder folder : tree.folders()) {
      if (!tree.rights(folder).isEmpty()) {
        Found found = session.places.found(place, tree, folder);
        if (found.rights().has(Right.LOOKUP)) {
          byName.put(found.shown(), found);
        }
      }
    }
  }

  /** The sequence of the log of own folders. */
  long seq() {
    return own.seq();
  }

  /** Names of folders, and those that only stand above one. */
  Set<String> names() {
    Set<String> names = new TreeSet<>(byName.keySet());
    names.addAll(ListMailboxes.ancestors(byName.keySet()));
    return names;
  }

  /** Folders, in the order of names. */
  Collection<Found> all() {
    return byName.values();
  }

  Optional<Found> folder(String name) {
    return Optional.ofNullable(byName.get(FolderName.canonical(name)));
  }

  /** What a folder is for; others' have their uses for their owners. */
  Set<SpecialUse> uses(String name) {
    return folder(name)
        .filter(found -> found.place().isOwn())
        .map(found -> found.folder().specialUse())
        .orElse(Set.of());
  }

  boolean hasChildren(String name) {
    String first = FolderName.canonical(name) + FolderName.SEPARATOR;
    return !byName.subMap(first, first + Character.MAX_VALUE).isEmpty();
  }

  SortedSet<String> subscriptions() {
    return own.subscriptions();
  }

  boolean isSubscribed(String name) {
    return own.isSubscribed(name);
  }
}
