package hikyaku.mailbox.account;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Values by name that folders of an account have, or the account itself: annotations (RFC 5464 §3),
 * rights (RFC 4314 §2). Immutable.
 */
final class PerFolder<V> {
  /** Stands for the account as a whole, where else a folder's id does. */
  static final long ACCOUNT = 0;

  private final NavigableMap<Long, NavigableMap<String, V>> byFolder;

  private PerFolder(NavigableMap<Long, NavigableMap<String, V>> byFolder) {
    this.byFolder = byFolder;
  }

  static <V> PerFolder<V> none() {
    return new PerFolder<>(new TreeMap<>());
  }

  /** All of them, by folder. */
  Map<Long, NavigableMap<String, V>> all() {
    return Collections.unmodifiableMap(byFolder);
  }

  /** Values by name. */
  NavigableMap<String, V> of(long folder) {
    return byFolder.getOrDefault(folder, Collections.emptyNavigableMap());
  }

  /**
   * The same with changes.
   *
   * @param changes values by name; empty to take one away
   */
  PerFolder<V> with(long folder, Map<String, Optional<V>> changes) {
    NavigableMap<String, V> values = new TreeMap<>(of(folder));
    changes.forEach((name, value) ->
        value.ifPresentOrElse(v -> values.put(name, v), () -> values.remove(name)));
    return replaced(folder, values);
  }

  /** The same after a folder was deleted. */
  PerFolder<V> without(long folder) {
    return byFolder.containsKey(folder) ? replaced(folder, new TreeMap<>()) : this;
  }

  /** The same with one folder's given to another one as well. */
  PerFolder<V> copied(long from, long to) {
    return byFolder.containsKey(from) ? replaced(to, new TreeMap<>(of(from))) : this;
  }

  private PerFolder<V> replaced(long folder, NavigableMap<String, V> values) {
    NavigableMap<Long, NavigableMap<String, V>> next = new TreeMap<>(byFolder);
    if (values.isEmpty()) {
      next.remove(folder);
    } else {
      next.put(folder, Collections.unmodifiableNavigableMap(values));
    }
    return new PerFolder<>(next);
  }
}
