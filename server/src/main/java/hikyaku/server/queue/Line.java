package hikyaku.server.queue;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A line in which those of higher priority go first (RFC 6710), and which starves nobody: every
 * {@value #FAIR}th is whoever has stood in it for longest, whatever the priority. Of one priority
 * those take turns for whom somebody stands in it; those of one go in the order in which they came.
 * Not safe for several threads.
 */
final class Line<T> {
  static final int FAIR = 4;

  /** Places that were left are let go of when there are more than this, and than of others. */
  private static final int LEFT = 64;

  private static final class Place<T> {
    final long number;
    final int whose;
    final T who;
    boolean left;

    Place(long number, int whose, T who) {
      this.number = number;
      this.whose = whose;
      this.who = who;
    }
  }

  /** Those of one priority. */
  private static final class Lane<T> {
    /** As they came, with some that have left. */
    private final ArrayDeque<Place<T>> inOrder = new ArrayDeque<>();

    /** Whose turn it is comes first. */
    private final SequencedMap<Integer, ArrayDeque<Place<T>>> byWhose = new LinkedHashMap<>();

    private int left;

    void add(Place<T> place) {
      inOrder.add(place);
      byWhose.computeIfAbsent(place.whose, _ -> new ArrayDeque<>()).add(place);
    }

    boolean isEmpty() {
      return byWhose.isEmpty();
    }

    /** The number of whoever has been here for longest. */
    long oldest() {
      return inOrder.getFirst().number;
    }

    T longest() {
      Place<T> place = inOrder.getFirst();
      ArrayDeque<Place<T>> places = Objects.requireNonNull(byWhose.get(place.whose));
      Place<T> itself = places.remove();
      if (places.isEmpty()) {
        var unused = byWhose.remove(place.whose);
      }
      return leave(itself);
    }

    T next() {
      Map.Entry<Integer, ArrayDeque<Place<T>>> turn =
          Objects.requireNonNull(byWhose.pollFirstEntry());
      Place<T> place = turn.getValue().remove();
      if (!turn.getValue().isEmpty()) {
        var unused = byWhose.putLast(turn.getKey(), turn.getValue());
      }
      return leave(place);
    }

    private T leave(Place<T> place) {
      place.left = true;
      left++;
      while (!inOrder.isEmpty() && inOrder.getFirst().left) {
        Place<T> unused = inOrder.remove();
        left--;
      }
      if (left > LEFT && left > inOrder.size() - left) {
        boolean unused = inOrder.removeIf(each -> each.left);
        left = 0;
      }
      return place.who;
    }

    Stream<T> all() {
      return inOrder.stream().filter(place -> !place.left).map(place -> place.who);
    }
  }

  private final NavigableMap<Integer, Lane<T>> byPriority =
      new TreeMap<>(Comparator.reverseOrder());
  private long entered;
  private long left;

  /** One who stands in it for nobody in particular. */
  void add(int priority, T who) {
    add(priority, 0, who);
  }

  /**
   * @param whose for whom it stands in it
   */
  void add(int priority, int whose, T who) {
    byPriority.computeIfAbsent(priority, _ -> new Lane<>()).add(new Place<>(++entered, whose, who));
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
    Map.Entry<Integer, Lane<T>> lane =
        fair ? longest() : Objects.requireNonNull(byPriority.firstEntry());
    T who = fair ? lane.getValue().longest() : lane.getValue().next();
    if (lane.getValue().isEmpty()) {
      var unused = byPriority.remove(lane.getKey());
    }
    return who;
  }

  /** The priority of whoever has been here for longest. */
  private Map.Entry<Integer, Lane<T>> longest() {
    return byPriority.entrySet().stream()
        .min(Comparator.comparingLong(lane -> lane.getValue().oldest()))
        .orElseThrow();
  }

  /** All that are in it, the highest first. */
  Stream<T> all() {
    return byPriority.values().stream().flatMap(Lane::all);
  }
}
