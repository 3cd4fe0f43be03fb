package hikyaku.systemtests.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What counts in an answer: facts with a name and a value. Numbers that each server is free to
 * choose are not part of a value but stand beside it.
 */
final class Facts {
  /**
   * @param chosen numbers and names that the server chose, in the order of their places in the
   *     value
   */
  record Fact(String value, List<String> chosen) {}

  private final Map<String, Fact> facts = new TreeMap<>();
  private final List<String> open = new ArrayList<>();

  void put(String name, String value) {
    put(name, value, List.of());
  }

  void put(String name, String value, List<String> chosen) {
    facts.put(name, new Fact(value, List.copyOf(chosen)));
  }

  /** Facts whose name begins so are not compared. */
  void leaveOpen(String start) {
    open.add(start);
  }

  /** The names of all these, and of others. */
  Set<String> namesWith(Facts other) {
    Set<String> names = new TreeSet<>(facts.keySet());
    names.addAll(other.facts.keySet());
    return names;
  }

  Map<String, Fact> all() {
    return facts;
  }

  /** Whether values are the same, as far as ours is said. */
  static boolean alike(String ours, String theirs) {
    return ours.endsWith("...")
        ? theirs.startsWith(ours.substring(0, ours.length() - "...".length()))
        : ours.equals(theirs);
  }

  String value(String name) {
    Fact fact = facts.get(name);
    return fact == null ? Difference.NOTHING : fact.value;
  }

  boolean comparable(String name, Facts other) {
    return open.stream().noneMatch(name::startsWith)
        && other.open.stream().noneMatch(name::startsWith);
  }
}
