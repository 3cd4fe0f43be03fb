package hikyaku.server.imap;

import hikyaku.mailbox.account.Folder;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What has become of an account's folders, for who wants to be told (RFC 5465 §5.4 to §5.7). A
 * folder that others may no longer see is gone for them, and one that they may see now is new.
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
    names(before, after);
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

  private void names(Map<Long, Found> before, Map<Long, Found> after) {
    Set<String> known = new TreeSet<>();
    before.values().forEach(found -> known.add(found.shown()));
    Map<String, Data> told = new TreeMap<>();
    after.forEach((id, found) -> {
      Found once = before.get(id);
      String name = found.shown();
      if (once == null) {
        if (!known.contains(name) && wantsName(name)) {
          told.put(name, ListMailboxes.unasked(visible, name, null));
        }
      } else if (!once.shown().equals(name) && (wantsName(name) || wantsName(once.shown()))) {
        told.put(name, ListMailboxes.unasked(visible, name, once.shown()));
      }
    });
    before.forEach((id, once) -> {
      String name = once.shown();
      if (!after.containsKey(id) && visible.folder(name).isEmpty() && wantsName(name)) {
        told.put(name, ListMailboxes.unasked(visible, name, null));
      }
    });
    news.addAll(told.values());
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
