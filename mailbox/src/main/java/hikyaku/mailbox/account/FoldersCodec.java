package hikyaku.mailbox.account;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.log.proto.Annotation;
import hikyaku.mailbox.log.proto.AnnotationsChanged;
import hikyaku.mailbox.log.proto.FolderCreated;
import hikyaku.mailbox.log.proto.FolderDeleted;
import hikyaku.mailbox.log.proto.FolderRenamed;
import hikyaku.mailbox.log.proto.FoldersEventRecord;
import hikyaku.mailbox.log.proto.FoldersSnapshot;
import hikyaku.mailbox.log.proto.Granted;
import hikyaku.mailbox.log.proto.RightsChanged;
import hikyaku.mailbox.log.proto.SpecialUseChanged;
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
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Events of folder trees, their records of {@code folders.proto}, and their fold. */
final class FoldersCodec {
  private FoldersCodec() {}

  static Event created(String name, long uidValidity, Set<SpecialUse> uses) {
    return created(name, uidValidity, uses, 0, 0);
  }

  /**
   * @param annotationsOf the id of a folder whose annotations it begins with, or 0
   * @param rightsOf the same for rights
   */
  static Event created(
      String name, long uidValidity, Set<SpecialUse> uses, long annotationsOf, long rightsOf) {
    FolderCreated.Builder created =
        FolderCreated.newBuilder()
            .setName(name)
            .setUidValidity((int) uidValidity)
            .setAnnotationsOf(annotationsOf)
            .setRightsOf(rightsOf);
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

  static Event specialUse(long id, Set<SpecialUse> uses) {
    SpecialUseChanged.Builder changed = SpecialUseChanged.newBuilder().setId(id);
    uses.forEach(use -> changed.addSpecialUse(spelt(use)));
    return Event.of(
        FoldersEventRecord.newBuilder().setSpecialUseChanged(changed).build().toByteString());
  }

  /**
   * @param id of a folder, or {@link PerFolder#ACCOUNT}
   * @param changes values by entry; empty to take one away
   */
  static Event annotated(long id, Map<String, Optional<ByteString>> changes) {
    AnnotationsChanged.Builder changed = AnnotationsChanged.newBuilder().setId(id);
    changes.forEach((entry, value) -> {
      Annotation.Builder annotation = Annotation.newBuilder().setEntry(entry);
      value.ifPresent(annotation::setValue);
      changed.addAnnotations(annotation);
    });
    return Event.of(
        FoldersEventRecord.newBuilder().setAnnotationsChanged(changed).build().toByteString());
  }

  /**
   * @param who as {@code folders.proto} says
   */
  static Event granted(long id, String who, Rights rights) {
    return Event.of(
        FoldersEventRecord.newBuilder()
            .setRightsChanged(RightsChanged.newBuilder().setId(id).setGranted(record(who, rights)))
            .build()
            .toByteString());
  }

  private static Granted record(String who, Rights rights) {
    return Granted.newBuilder().setIdentifier(who).setRights(rights.letters()).build();
  }

  /** A right of a later version is passed over. */
  private static Map<String, Optional<Rights>> granted(Granted granted) {
    Rights rights = Rights.NONE;
    for (char letter : granted.getRights().toCharArray()) {
      rights = rights.plus(Rights.parse(String.valueOf(letter)).orElse(Rights.NONE));
    }
    return Map.of(
        granted.getIdentifier(), rights.isEmpty() ? Optional.empty() : Optional.of(rights));
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
    PerFolder<ByteString> annotations = base.allAnnotations();
    PerFolder<Rights> rights = base.allRights();
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
          long like = record.getCreated().getAnnotationsOf();
          if (like != 0) {
            annotations = annotations.copied(like, folder.id());
          }
          long above = record.getCreated().getRightsOf();
          if (above != 0) {
            rights = rights.copied(above, folder.id());
          }
        }
        case RENAMED -> {
          String old = names.get(record.getRenamed().getId());
          Folder folder = old == null ? null : byName.remove(old);
          if (folder == null) {
            throw corrupt(entry, "renames a folder that is not there", null);
          }
          String name = record.getRenamed().getName();
          byName.put(name, folder.named(name));
          names.put(folder.id(), name);
        }
        case DELETED -> {
          String old = names.remove(record.getDeleted().getId());
          if (old == null || byName.remove(old) == null) {
            throw corrupt(entry, "deletes a folder that is not there", null);
          }
          annotations = annotations.without(record.getDeleted().getId());
          rights = rights.without(record.getDeleted().getId());
        }
        case SUBSCRIPTION_CHANGED -> {
          SubscriptionChanged changed = record.getSubscriptionChanged();
          if (changed.getSubscribed()) {
            subscriptions.add(changed.getName());
          } else {
            subscriptions.remove(changed.getName());
          }
        }
        case SPECIAL_USE_CHANGED -> {
          SpecialUseChanged changed = record.getSpecialUseChanged();
          String name = names.get(changed.getId());
          Folder folder = name == null ? null : byName.get(name);
          if (folder == null) {
            throw corrupt(entry, "gives a use to a folder that is not there", null);
          }
          byName.put(folder.name(), folder.usedFor(uses(changed.getSpecialUseList())));
        }
        case ANNOTATIONS_CHANGED -> {
          AnnotationsChanged changed = record.getAnnotationsChanged();
          if (changed.getId() != PerFolder.ACCOUNT && !names.containsKey(changed.getId())) {
            throw corrupt(entry, "annotates a folder that is not there", null);
          }
          annotations = annotations.with(changed.getId(), values(changed.getAnnotationsList()));
        }
        case RIGHTS_CHANGED -> {
          RightsChanged changed = record.getRightsChanged();
          if (!names.containsKey(changed.getId())) {
            throw corrupt(entry, "gives rights to a folder that is not there", null);
          }
          rights = rights.with(changed.getId(), granted(changed.getGranted()));
        }
        case EVENT_NOT_SET -> throw corrupt(entry, "is of an unknown kind", null);
      }
    }
    return new FolderTree(seq, byName, subscriptions, lastUidValidity, annotations, rights);
  }

  private static Map<String, Optional<ByteString>> values(List<Annotation> annotations) {
    Map<String, Optional<ByteString>> values = new TreeMap<>();
    for (Annotation annotation : annotations) {
      values.put(
          annotation.getEntry(),
          annotation.hasValue() ? Optional.of(annotation.getValue()) : Optional.empty());
    }
    return values;
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
    tree.allAnnotations()
        .all()
        .forEach((id, values) -> {
          FoldersSnapshot.Annotated.Builder annotated =
              FoldersSnapshot.Annotated.newBuilder().setId(id);
          values.forEach((entry, value) ->
              annotated.addAnnotations(Annotation.newBuilder().setEntry(entry).setValue(value)));
          snapshot.addAnnotated(annotated);
        });
    tree.allRights()
        .all()
        .forEach((id, granted) -> {
          FoldersSnapshot.Shared.Builder shared = FoldersSnapshot.Shared.newBuilder().setId(id);
          granted.forEach((who, rights) -> shared.addGranted(record(who, rights)));
          snapshot.addShared(shared);
        });
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
      PerFolder<ByteString> annotations = PerFolder.none();
      for (FoldersSnapshot.Annotated annotated : record.getAnnotatedList()) {
        annotations = annotations.with(annotated.getId(), values(annotated.getAnnotationsList()));
      }
      PerFolder<Rights> rights = PerFolder.none();
      for (FoldersSnapshot.Shared shared : record.getSharedList()) {
        for (Granted granted : shared.getGrantedList()) {
          rights = rights.with(shared.getId(), granted(granted));
        }
      }
      return new FolderTree(
          snapshot.seq(),
          byName,
          new TreeSet<>(record.getSubscriptionsList()),
          Integer.toUnsignedLong(record.getLastUidValidity()),
          annotations,
          rights);
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
