package hikyaku.server.imap;

import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.NotifyEvent;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.Places.Place;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What has become of an account's folders, for who wants to be told (RFC 5465 §5.4 to §5.7). A
 * folder that others may no longer see is gone for them, and one that they may see now is new. With
 * what was made or deleted the name right above it is told too.
 */
final class TreeNews {
  private final Notifying wants;
  private final Visible visible;
  private final Session session;
  private final List<Data> news = new ArrayList<>();

  /**
   * @param visible all that can be seen now
   * @param then the folders as they were told
   */
  TreeNews(
      Session session,
      Notifying wants,
      Visible visible,
      Place place,
      FolderTree then,
      FolderTree now) {
    this.session = session;
    this.wants = wants;
    this.visible = visible;
    Map<Long, Found> before = seen(place, then);
    Map<Long, Found> after = seen(place, now);
    names(before, after, now);
    if (place.isOwn()) {
      subscriptions(then, now);
      if (wants.wantsOfServer()) {
        annotations("", then.annotations(), now.annotations());
      }
    }
    after.forEach((id, found) -> {
      Found once = before.get(id);
      if (once != null
          && wants.wants(visible, found.shown(), NotifyEvent.MAILBOX_METADATA_CHANGE)) {
        annotations(
            found.shown(), Metadata.visible(session, once), Metadata.visible(session, found));
      }
    });
  }

  private Map<Long, Found> seen(Place place, FolderTree tree) {
    Map<Long, Found> seen = new HashMap<>();
    for (Folder folder : tree.folders()) {
      Found found = session.places.found(place, tree, folder);
      if (found.rights().has(Right.LOOKUP)) {
        seen.put(folder.id(), found);
      }
    }
    return seen;
  }

  private void names(Map<Long, Found> before, Map<Long, Found> after, FolderTree now) {
    Set<String> known = new TreeSet<>();
    before.values().forEach(found -> known.add(found.shown()));
    Map<String, Data> told = new TreeMap<>();
    Set<String> parents = new TreeSet<>();
    NavigableMap<String, String> renamed = new TreeMap<>();
    after.forEach((id, found) -> {
      Found once = before.get(id);
      String name = found.shown();
      if (once == null) {
        if (!known.contains(name)) {
          parents.add(FolderName.parent(name));
          if (wantsName(name)) {
            told.put(name, ListMailboxes.unasked(visible, name, null));
          }
        }
      } else if (!once.shown().equals(name)) {
        if (wantsName(name) || wantsName(once.shown())) {
          renamed.put(name, once.shown());
        }
      } else {
        access(once, found).ifPresent(data -> told.put(name, data));
      }
    });
    renamed.forEach((name, oldName) -> {
      if (!goesWithParent(renamed, name, oldName)) {
        told.put(name, ListMailboxes.unasked(visible, name, oldName));
      }
    });
    before.forEach((id, once) -> {
      String name = once.shown();
      if (!after.containsKey(id) && visible.folder(name).isEmpty()) {
        parents.add(FolderName.parent(name));
        if (now.folder(id).isPresent()) {
          if (wantsName(name) || wants.wants(visible, name, NotifyEvent.MESSAGE_NEW)) {
            told.put(name, ListMailboxes.noAccess(visible, name));
          }
        } else if (wantsName(name)) {
          told.put(name, ListMailboxes.unasked(visible, name, null));
        }
      }
    });
    for (String parent : parents) {
      if (!parent.isEmpty() && !told.containsKey(parent) && wantsName(parent)) {
        told.put(parent, ListMailboxes.unasked(visible, parent, null));
      }
    }
    news.addAll(told.values());
  }

  /** RFC 5465 §5.9, also of one that can still be seen but no longer read, or read again. */
  private Optional<Data> access(Found once, Found found) {
    String name = found.shown();
    boolean reads = found.rights().has(Right.READ);
    if (once.rights().has(Right.READ) == reads
        || !wants.wants(visible, name, NotifyEvent.MESSAGE_NEW)) {
      return Optional.empty();
    }
    return Optional.of(
        reads ? ListMailboxes.unasked(visible, name, null) : ListMailboxes.noAccess(visible, name));
  }

  /** Whether a name changed only because one above it did, which is told (RFC 5465 §5.4). */
  private static boolean goesWithParent(Map<String, String> renamed, String name, String oldName) {
    String now = name;
    String then = oldName;
    while (lastLevel(now).equals(lastLevel(then))) {
      now = FolderName.parent(now);
      then = FolderName.parent(then);
      if (now.isEmpty() || then.isEmpty()) {
        return false;
      }
      if (then.equals(renamed.get(now))) {
        return true;
      }
    }
    return false;
  }

  private static String lastLevel(String name) {
    return name.substring(name.lastIndexOf(FolderName.SEPARATOR) + 1);
  }

  private boolean wantsName(String name) {
    return wants.wants(visible, name, NotifyEvent.MAILBOX_NAME)
        || visible.folder(name).isEmpty()
            && wants.wantedWhereItWas(visible, name, NotifyEvent.MAILBOX_NAME);
  }

  private void subscriptions(FolderTree then, FolderTree now) {
    Set<String> changed = new TreeSet<>(then.subscriptions());
    changed.removeAll(now.subscriptions());
    for (String name : now.subscriptions()) {
      if (!then.subscriptions().contains(name)) {
        changed.add(name);
      }
    }
    for (String name : changed) {
      if (wants.wants(visible, name, NotifyEvent.SUBSCRIPTION_CHANGE)
          || wants.wantedWhereItWas(visible, name, NotifyEvent.SUBSCRIPTION_CHANGE)) {
        news.add(ListMailboxes.unasked(visible, name, null));
      }
    }
  }

  private void annotations(
      String mailbox, NavigableMap<String, ?> then, NavigableMap<String, ?> now) {
    Set<String> entries = new TreeSet<>(then.keySet());
    entries.addAll(now.keySet());
    // What others keep for themselves begins with no slash.
    entries.removeIf(
        entry -> !entry.startsWith("/") || Objects.equals(then.get(entry), now.get(entry)));
    if (!entries.isEmpty()) {
      news.add(new Data.MetadataChanged(mailbox, List.copyOf(entries)));
    }
  }

  int size() {
    return news.size();
  }

  void tell() throws IOException {
    for (Data each : news) {
      session.out.data(each);
    }
  }
}
