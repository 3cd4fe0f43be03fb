package hikyaku.stores.rocksdb;

import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A bounded cache of what is in the database, never behind it.
 *
 * <p>The committer puts what it has written before it answers. A reader may add what it has read,
 * but only if nothing was put meanwhile and nothing has left the cache since it began: else what it
 * read may be older than something that was here and has gone. Eviction is by second chance.
 */
final class CommittedCache<K, V> {
  private static final class Slot<V> {
    final V value;

    /** Asked for since the last round of eviction; a race on it costs a worse choice, no more. */
    boolean used = true;

    Slot(V value) {
      this.value = value;
    }
  }

  private final int most;
  private final Map<K, Slot<V>> slots = new ConcurrentHashMap<>();
  private final AtomicLong departures = new AtomicLong();
  private final ReentrantLock evicting = new ReentrantLock();
  private Iterator<Map.Entry<K, Slot<V>>> hand = slots.entrySet().iterator();

  CommittedCache(int most) {
    this.most = most;
  }

  @Nullable V get(K key) {
    Slot<V> slot = slots.get(key);
    if (slot == null) {
      return null;
    }
    slot.used = true;
    return slot.value;
  }

  /** To be taken before reading the database, and handed to {@link #add}. */
  long departures() {
    return departures.get();
  }

  /** Adds what a reader found, and returns what holds now. */
  V add(K key, V read, long departuresBefore) {
    Slot<V> slot =
        slots.compute(
            key,
            (k, present) ->
                present != null || departures.get() != departuresBefore
                    ? present
                    : new Slot<>(read));
    evict();
    return slot == null ? read : slot.value;
  }

  /** Puts what has been written. For the committer. */
  void put(K key, V written) {
    slots.put(key, new Slot<>(written));
    evict();
  }

  void remove(K key) {
    departures.incrementAndGet();
    slots.remove(key);
  }

  void clear() {
    departures.incrementAndGet();
    slots.clear();
  }

  /** Counted where the slot goes, in one step for {@link #add}, and each by itself. */
  private @Nullable Slot<V> departing() {
    departures.incrementAndGet();
    return null;
  }

  private void evict() {
    if (slots.size() <= most || !evicting.tryLock()) {
      return;
    }
    try {
      int target = most - most / 8;
      while (slots.size() > target) {
        if (!hand.hasNext()) {
          hand = slots.entrySet().iterator();
          continue;
        }
        Map.Entry<K, Slot<V>> next = hand.next();
        Slot<V> slot = next.getValue();
        if (slot.used) {
          slot.used = false;
        } else {
          slots.computeIfPresent(
              next.getKey(), (key, present) -> present == slot ? departing() : present);
        }
      }
    } finally {
      evicting.unlock();
    }
  }
}
