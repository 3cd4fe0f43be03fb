package hikyaku.mailbox.account;

import com.google.protobuf.ByteString;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** What is noted of an account's folders, and of the account itself (RFC 5464 §3). Immutable. */
final class Annotations {
  /** Stands for the account as a whole, where else a folder's id does. */
  static final long ACCOUNT = 0;

  static final Annotations NONE = new Annotations(new TreeMap<>());

  private static final NavigableMap<String, ByteString> EMPTY =
      Collections.unmodifiableNavigableMap(new TreeMap<>());

  private final NavigableMap<Long, NavigableMap<String, ByteString>> byFolder;

  private Annotations(NavigableMap<Long, NavigableMap<String, ByteString>> byFolder) {
    this.byFolder = byFolder;
  }

  /** Ids of what has any. */
  Iterable<Long> annotated() {
    return byFolder.keySet();
  }

  /** Values by entry. */
  NavigableMap<String, ByteString> of(long folder) {
    return byFolder.getOrDefault(folder, EMPTY);
  }

  /**
   * The same with changes.
   *
   * @param changes values by entry; empty to take one away
   */
  Annotations with(long folder, Map<String, Optional<ByteString>> changes) {
    NavigableMap<String, ByteString> values = new TreeMap<>(of(folder));
    changes.forEach((entry, value) ->
        value.ifPresentOrElse(v -> values.put(entry, v), () -> values.remove(entry)));
    return replaced(folder, values);
  }

  /** The same after a folder was deleted. */
  Annotations without(long folder) {
    return byFolder.containsKey(folder) ? replaced(folder, new TreeMap<>()) : this;
  }

  /** The same with one folder's given to another one as well. */
  Annotations copied(long from, long to) {
    return byFolder.containsKey(from) ? replaced(to, new TreeMap<>(of(from))) : this;
  }

  private Annotations replaced(long folder, NavigableMap<String, ByteString> values) {
    NavigableMap<Long, NavigableMap<String, ByteString>> next = new TreeMap<>(byFolder);
    if (values.isEmpty()) {
      next.remove(folder);
    } else {
      next.put(folder, Collections.unmodifiableNavigableMap(values));
    }
    return new Annotations(next);
  }

  /** Octets of all entries and values. */
  long octets() {
    return byFolder.values().stream()
        .flatMap(values -> values.entrySet().stream())
        .mapToLong(one -> one.getKey().length() + one.getValue().size())
        .sum();
  }
}
