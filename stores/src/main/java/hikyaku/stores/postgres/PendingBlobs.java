package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Small blobs that are finished and not yet written. The first append that names one takes it along
 * in its own transaction; one that no append has named for a moment is written by itself.
 */
final class PendingBlobs {
  /** Those that one append takes along, and those that others do, whose end it must wait for. */
  record Claim(List<Held> own, List<Held> others) {}

  /** The latest put of each content. */
  private final Map<BlobId, Held> latest = new HashMap<>();

  /** Those that nobody writes yet, with the time they came, in nanoseconds. */
  private final Map<Held, Long> free = new HashMap<>();

  private final Consumer<Held> replaced;
  private long octets;

  /**
   * @param replaced told of puts for which a later one of the same content stands, and which will
   *     not be written
   */
  PendingBlobs(Consumer<Held> replaced) {
    this.replaced = replaced;
  }

  /** Octets held by those that nobody writes yet. */
  synchronized long octets() {
    return octets;
  }

  synchronized void add(Held held) {
    Held before = latest.put(held.id(), held);
    if (before != null && take(before)) {
      replaced.accept(before);
    }
    free.put(held, System.nanoTime());
    octets += held.weight();
  }

  synchronized @Nullable Held get(BlobId id) {
    return latest.get(id);
  }

  /** Takes those of the blobs that are held for the caller to write. */
  synchronized Claim claim(Collection<BlobId> ids) {
    List<Held> own = new ArrayList<>();
    List<Held> others = new ArrayList<>();
    for (BlobId id : ids) {
      Held held = latest.get(id);
      if (held != null) {
        (take(held) ? own : others).add(held);
      }
    }
    return new Claim(own, others);
  }

  /** Takes those that came before a time. */
  synchronized List<Held> claimOlder(long nanoTime) {
    List<Held> old = new ArrayList<>();
    for (Map.Entry<Held, Long> entry : free.entrySet()) {
      if (entry.getValue() - nanoTime <= 0) {
        old.add(entry.getKey());
      }
    }
    old.forEach(this::take);
    return old;
  }

  private boolean take(Held held) {
    if (free.remove(held) == null) {
      return false;
    }
    octets -= held.weight();
    return true;
  }

  /** One that was taken is written, or lost. */
  synchronized void gone(Held held) {
    latest.remove(held.id(), held);
  }

  /** Those that are on their way just now, taken or not. */
  synchronized List<Held> all() {
    return List.copyOf(latest.values());
  }
}
