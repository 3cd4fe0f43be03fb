package hikyaku.mailbox.account;

import com.google.protobuf.ByteString;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An account's folders as of one sequence of its log. Immutable. */
public final class FolderTree {
  public static final FolderTree EMPTY =
      new FolderTree(0, new TreeMap<>(), new TreeSet<>(), 0, PerFolder.none(), PerFolder.none());

  private final long seq;
  private final NavigableMap<String, Folder> byName;
  private final SortedSet<String> subscriptions;
  private final long lastUidValidity;
  private final PerFolder<ByteString> annotations;
  private final PerFolder<Rights> rights;

  FolderTree(
      long seq,
      NavigableMap<String, Folder> byName,
      SortedSet<String> subscriptions,
      long lastUidValidity,
      PerFolder<ByteString> annotations,
      PerFolder<Rights> rights) {
    this.seq = seq;
    this.byName = Collections.unmodifiableNavigableMap(byName);
    this.subscriptions = Collections.unmodifiableSortedSet(subscriptions);
    this.lastUidValidity = lastUidValidity;
    this.annotations = annotations;
    this.rights = rights;
  }

  public long seq() {
    return seq;
  }

  /** In the order of names. */
  public Collection<Folder> folders() {
    return byName.values();
  }

  public int size() {
    return byName.size();
  }

  /**
   * @param name in any spelling that a client may use
   */
  public Optional<Folder> folder(String name) {
    return Optional.ofNullable(byName.get(FolderName.canonical(name)));
  }

  public Optional<Folder> folder(long id) {
    return byName.values().stream().filter(f -> f.id() == id).findFirst();
  }

  public Folder inbox() {
    Folder inbox = byName.get(Folder.INBOX);
    if (inbox == null) {
      throw new IllegalStateException("an account without INBOX");
    }
    return inbox;
  }

  /** The first folder with this use, in the order of names. */
  public Optional<Folder> with(SpecialUse use) {
    return byName.values().stream().filter(f -> f.specialUse().contains(use)).findFirst();
  }

  /** The lowest folder above a name, if there is any. */
  public Optional<Folder> nearestAbove(String name) {
    String parent = FolderName.parent(FolderName.canonical(name));
    while (!parent.isEmpty() && !byName.containsKey(parent)) {
      parent = FolderName.parent(parent);
    }
    return Optional.ofNullable(byName.get(parent));
  }

  /** Folders below a name, whether or not the name itself is a folder's. */
  public Map<String, Folder> below(String name) {
    String first = FolderName.canonical(name) + FolderName.SEPARATOR;
    return byName.subMap(first, first + Character.MAX_VALUE);
  }

  public boolean hasChildren(String name) {
    return !below(name).isEmpty();
  }

  /**
   * Names that are no folders but stand above one: clients see them as \NonExistent (RFC 9051
   * §7.3.1).
   */
  public Set<String> namesWithoutFolder() {
    Set<String> names = new TreeSet<>();
    for (String name : byName.keySet()) {
      for (String parent = FolderName.parent(name);
          !parent.isEmpty();
          parent = FolderName.parent(parent)) {
        if (!byName.containsKey(parent)) {
          names.add(parent);
        }
      }
    }
    return names;
  }

  public SortedSet<String> subscriptions() {
    return subscriptions;
  }

  public boolean isSubscribed(String name) {
    return subscriptions.contains(FolderName.canonical(name));
  }

  /** A folder's annotations (RFC 5464): values by entry, entries in lower case. */
  public NavigableMap<String, ByteString> annotations(Folder folder) {
    return annotations.of(folder.id());
  }

  /**
   * A folder's annotations as its owner sees them: without what others noted for themselves, but
   * with what it is used for (RFC 6154 §4).
   */
  public NavigableMap<String, ByteString> ownAnnotations(Folder folder) {
    // What others noted begins with no slash.
    NavigableMap<String, ByteString> all =
        new TreeMap<>(annotations(folder).subMap("/", "/" + Character.MAX_VALUE));
    if (!folder.specialUse().isEmpty()) {
      String uses =
          folder.specialUse().stream()
              .sorted()
              .map(SpecialUse::attribute)
              .collect(Collectors.joining(" "));
      all.put(SpecialUse.ENTRY, ByteString.copyFromUtf8(uses));
    }
    return all;
  }

  /** Annotations of the account as a whole. */
  public NavigableMap<String, ByteString> annotations() {
    return annotations.of(PerFolder.ACCOUNT);
  }

  PerFolder<ByteString> allAnnotations() {
    return annotations;
  }

  /** What others may do with a folder (RFC 4314), by identifiers as the log has them. */
  public NavigableMap<String, Rights> rights(Folder folder) {
    return rights.of(folder.id());
  }

  PerFolder<Rights> allRights() {
    return rights;
  }

  long lastUidValidity() {
    return lastUidValidity;
  }

  @Nullable Folder named(String canonical) {
    return byName.get(canonical);
  }

  NavigableMap<String, Folder> copyOfFolders() {
    return new TreeMap<>(byName);
  }

  SortedSet<String> copyOfSubscriptions() {
    return new TreeSet<>(subscriptions);
  }
}
