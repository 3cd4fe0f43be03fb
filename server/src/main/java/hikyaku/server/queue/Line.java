package hikyaku.server.queue;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A line in which those of higher priority go first (RFC 6710), and which starves nobody: every
 * {@value #FAIR}th is whoever has stood in it for longest, whatever the priority. Those of one
 * priority go in the order in which they came. Not safe for several threads.
 */
final class Line<T> {
  static final int FAIR = 4;

  private record Place<T>(long number, T who) {}

  private final NavigableMap<Integer, ArrayDeque<Place<T>>> byPriority =
      new TreeMap<>(Comparator.reverseOrder());
  private long entered;
  private long left;

  void add(int priority, T who) {
    byPriority.computeIfAbsent(priority, _ -> new ArrayDeque<>()).add(new Place<>(++entered, who));
  }

  boolean isEmpty() {
    return byPriority.isEmpty();
  }

  /** The highest priority in the line, which is not empty. */
  int highest() {
    return byPriority.firstKey();
  }

  /** The next one, who leaves the line, which is not empty. */
  T remove() {
    left++;
    boolean fair = left % FAIR == 0;
    ArrayDeque<Place<T>> places = fair ? longest() : byPriority.values().iterator().next();
    T who = places.remove().who();
    if (places.isEmpty()) {
      boolean unused = byPriority.values().remove(places);
    }
    return who;
  }

  /** Those of the priority of whoever has been here for longest. */
  private ArrayDeque<Place<T>> longest() {
    return byPriority.values().stream()
        .min(Comparator.comparingLong(places -> places.getFirst().number()))
        .orElseThrow();
  }

  /** All that are in it, the highest first. */
  Stream<T> all() {
    return byPriority.values().stream().flatMap(ArrayDeque::stream).map(Place::who);
  }
}
