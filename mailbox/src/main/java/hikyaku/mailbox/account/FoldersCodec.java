package hikyaku.mailbox.account;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.log.proto.FolderCreated;
import hikyaku.mailbox.log.proto.FolderDeleted;
import hikyaku.mailbox.log.proto.FolderRenamed;
import hikyaku.mailbox.log.proto.FoldersEventRecord;
import hikyaku.mailbox.log.proto.FoldersSnapshot;
import hikyaku.mailbox.log.proto.SubscriptionChanged;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Events of folder trees, their records of {@code folders.proto}, and their fold. */
final class FoldersCodec {
  private FoldersCodec() {}

  static Event created(String name, long uidValidity, Set<SpecialUse> uses) {
    FolderCreated.Builder created =
        FolderCreated.newBuilder().setName(name).setUidValidity((int) uidValidity);
    uses.forEach(use -> created.addSpecialUse(spelt(use)));
    ByteString payload = FoldersEventRecord.newBuilder().setCreated(created).build().toByteString();
    return new Event(payload, 1, Tally.ZERO, List.of());
  }

  static Event renamed(long id, String name) {
    return Event.of(
        FoldersEventRecord.newBuilder()
            .setRenamed(FolderRenamed.newBuilder().setId(id).setName(name))
            .build()
            .toByteString());
  }

  static Event deleted(long id) {
    return Event.of(
        FoldersEventRecord.newBuilder()
            .setDeleted(FolderDeleted.newBuilder().setId(id))
            .build()
            .toByteString());
  }

  static Event subscription(String name, boolean subscribed) {
    return Event.of(
        FoldersEventRecord.newBuilder()
            .setSubscriptionChanged(
                SubscriptionChanged.newBuilder().setName(name).setSubscribed(subscribed))
            .build()
            .toByteString());
  }

  /**
   * @throws StoreException.Corrupt if the entries cannot follow the tree
   */
  static FolderTree fold(FolderTree base, List<Entry> entries) {
    NavigableMap<String, Folder> byName = base.copyOfFolders();
    Map<Long, String> names = new TreeMap<>();
    byName.values().forEach(f -> names.put(f.id(), f.name()));
    SortedSet<String> subscriptions = base.copyOfSubscriptions();
    long seq = base.seq();
    long lastUidValidity = base.lastUidValidity();
    for (Entry entry : entries) {
      if (entry.seq() != seq + 1) {
        throw corrupt(entry, "does not follow " + seq, null);
      }
      seq = entry.seq();
      FoldersEventRecord record = parse(entry);
      switch (record.getEventCase()) {
        case CREATED -> {
          Folder folder = folder(entry.firstId(), record.getCreated());
          if (byName.putIfAbsent(folder.name(), folder) != null) {
            throw corrupt(entry, "creates a folder that exists", null);
          }
          names.put(folder.id(), folder.name());
          lastUidValidity = Math.max(lastUidValidity, folder.uidValidity());
        }
        case RENAMED -> {
          String old = names.get(record.getRenamed().getId());
          Folder folder = old == null ? null : byName.remove(old);
          if (folder == null) {
            throw corrupt(entry, "renames a folder that is not there", null);
          }
          String name = record.getRenamed().getName();
          byName.put(
              name, new Folder(folder.id(), name, folder.uidValidity(), folder.specialUse()));
          names.put(folder.id(), name);
        }
        case DELETED -> {
          String old = names.remove(record.getDeleted().getId());
          if (old == null || byName.remove(old) == null) {
            throw corrupt(entry, "deletes a folder that is not there", null);
          }
        }
        case SUBSCRIPTION_CHANGED -> {
          SubscriptionChanged changed = record.getSubscriptionChanged();
          if (changed.getSubscribed()) {
            subscriptions.add(changed.getName());
          } else {
            subscriptions.remove(changed.getName());
          }
        }
        case EVENT_NOT_SET -> throw corrupt(entry, "is of an unknown kind", null);
      }
    }
    return new FolderTree(seq, byName, subscriptions, lastUidValidity);
  }

  private static FoldersEventRecord parse(Entry entry) {
    try {
      return FoldersEventRecord.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw corrupt(entry, "cannot be decoded", e);
    }
  }

  private static StoreException corrupt(
      Entry entry, String what, @org.jspecify.annotations.Nullable Throwable cause) {
    return new StoreException.Corrupt("folder tree entry " + entry.seq() + " " + what, cause);
  }

  private static Folder folder(long id, FolderCreated created) {
    return new Folder(
        id,
        created.getName(),
        Integer.toUnsignedLong(created.getUidValidity()),
        uses(created.getSpecialUseList()));
  }

  static ByteString encode(FolderTree tree) {
    FoldersSnapshot.Builder snapshot =
        FoldersSnapshot.newBuilder()
            .addAllSubscriptions(tree.subscriptions())
            .setLastUidValidity((int) tree.lastUidValidity());
    for (Folder folder : tree.folders()) {
      FoldersSnapshot.Folder.Builder record =
          FoldersSnapshot.Folder.newBuilder()
              .setId(folder.id())
              .setName(folder.name())
              .setUidValidity((int) folder.uidValidity());
      folder.specialUse().forEach(use -> record.addSpecialUse(spelt(use)));
      snapshot.addFolders(record);
    }
    return snapshot.build().toByteString();
  }

  static FolderTree decode(Snapshot snapshot) {
    try {
      FoldersSnapshot record = FoldersSnapshot.parseFrom(snapshot.state());
      NavigableMap<String, Folder> byName = new TreeMap<>();
      for (FoldersSnapshot.Folder f : record.getFoldersList()) {
        byName.put(
            f.getName(),
            new Folder(
                f.getId(),
                f.getName(),
                Integer.toUnsignedLong(f.getUidValidity()),
                uses(f.getSpecialUseList())));
      }
      return new FolderTree(
          snapshot.seq(),
          byName,
          new TreeSet<>(record.getSubscriptionsList()),
          Integer.toUnsignedLong(record.getLastUidValidity()));
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "folder tree snapshot at " + snapshot.seq() + " cannot be decoded", e);
    }
  }

  private static String spelt(SpecialUse use) {
    return use.attribute().substring(1);
  }

  /** Uses that this version does not know are passed over. */
  private static Set<SpecialUse> uses(Collection<String> spelt) {
    Set<SpecialUse> uses = EnumSet.noneOf(SpecialUse.class);
    spelt.forEach(s -> SpecialUse.of("\\" + s).ifPresent(uses::add));
    return uses;
  }
}
