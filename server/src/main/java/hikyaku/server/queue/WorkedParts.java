package hikyaku.server.queue;

import hikyaku.mailbox.store.LogStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The parts of the queue that this node works, or is about to give away. Whoever asks what waits
 * learns from their folds where in the logs to look. Safe for many threads; one is for one store.
 */
public final class WorkedParts {
  private final Map<Integer, Part> parts = new ConcurrentHashMap<>();

  /** By its number; null if this node does not work it. */
  @Nullable Part get(int number) {
    return parts.get(number);
  }

  List<Part> all() {
    return List.copyOf(parts.values());
  }

  int count() {
    return parts.size();
  }

  /** Messages that wait in all of them. */
  int messages() {
    return parts.values().stream().mapToInt(Part::size).sum();
  }

  void add(Part part) {
    parts.put(part.number, part);
  }

  void remove(Part part) {
    parts.remove(part.number);
  }

  /**
   * Where the log of a part tells of the messages that may be meant.
   *
   * @param limit how many messages are wanted, the oldest
   * @return nothing if the whole log has to be read: because another node works the part, or memory
   *     has nothing by which to choose, or most of it may be meant
   */
  Optional<Part.Told> told(LogStore logs, int number, Likely which, int limit) {
    Part part = parts.get(number);
    if (part == null || !which.chooses(limit)) {
      return Optional.empty();
    }
    // The fold is behind what was just put in, or ordered, by whomever.
    part.refresh(logs.head(part.log).seq());
    Optional<Part.Told> told = part.told(which, limit);
    // What is lost meanwhile has forgotten its messages.
    return part.isLost() ? Optional.empty() : told;
  }
}
