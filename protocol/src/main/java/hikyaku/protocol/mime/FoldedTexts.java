package hikyaku.protocol.mime;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/**
 * Strings looked for together, in one pass over text that comes in any pieces. The time is linear
 * in the text, however many strings there are (Aho and Corasick), and nothing of the text is held.
 * Not changed once made, so any number of searches may share it.
 */
public final class FoldedTexts {
  private static final int ASCII = 128;
  private static final int ROOT = 0;
  private static final int NONE = -1;

  /**
   * Nodes that have their steps by ASCII in a table: so many that it is small, and few need more.
   */
  private static final int QUICK_NODES = 256;

  /** The trie of the strings: of each node the characters that lead on, rising, and where to. */
  private final List<int[]> characters = new ArrayList<>();

  private final List<int[]> targets = new ArrayList<>();

  /** The node of the longest proper suffix of what leads to a node that leads to one as well. */
  private final int[] fallback;

  /** The same, of those that end a string; {@link #NONE} if there is none. */
  private final int[] endingFallback;

  /** Indexes of the strings that end at a node. */
  private final List<List<Integer>> ends = new ArrayList<>();

  /**
   * Where the first nodes lead to by ASCII, fallbacks followed: most characters of most texts go
   * this way.
   */
  private final int[] quick;

  private final int count;
  private final BitSet empty = new BitSet();

  /** Strings to look for; the empty one is found in every text. */
  public FoldedTexts(List<FoldedText> wanted) {
    count = wanted.size();
    List<TreeMap<Integer, Integer>> children = new ArrayList<>();
    node(children);
    for (int index = 0; index < count; index++) {
      enter(children, wanted.get(index).codePoints(), index);
    }
    for (TreeMap<Integer, Integer> next : children) {
      characters.add(next.keySet().stream().mapToInt(Integer::intValue).toArray());
      targets.add(next.values().stream().mapToInt(Integer::intValue).toArray());
    }
    fallback = new int[children.size()];
    endingFallback = new int[children.size()];
    Arrays.fill(endingFallback, NONE);
    quick = new int[Math.min(children.size(), QUICK_NODES) * ASCII];
    link();
  }

  private void enter(List<TreeMap<Integer, Integer>> children, int[] codePoints, int index) {
    int node = ROOT;
    for (int codePoint : codePoints) {
      Integer next = children.get(node).get(codePoint);
      if (next == null) {
        next = node(children);
        children.get(node).put(codePoint, next);
      }
      node = next;
    }
    if (node == ROOT) {
      empty.set(index);
    } else {
      ends.get(node).add(index);
    }
  }

  private int node(List<TreeMap<Integer, Integer>> children) {
    children.add(new TreeMap<>());
    ends.add(new ArrayList<>(1));
    return children.size() - 1;
  }

  /** Breadth first, so that what a node falls back to is linked already. */
  private void link() {
    Deque<Integer> row = new ArrayDeque<>();
    hasten(ROOT);
    for (int child : targets.get(ROOT)) {
      row.add(child);
    }
    while (!row.isEmpty()) {
      int node = row.remove();
      hasten(node);
      int[] leadOn = characters.get(node);
      for (int i = 0; i < leadOn.length; i++) {
        int child = targets.get(node)[i];
        int back = step(fallback[node], leadOn[i]);
        fallback[child] = back;
        endingFallback[child] = ends.get(back).isEmpty() ? endingFallback[back] : back;
        row.add(child);
      }
    }
  }

  /** Fills in a node's row of the table, when the node that it falls back to has been linked. */
  private void hasten(int node) {
    int row = node * ASCII;
    if (row >= quick.length) {
      return;
    }
    for (int c = 0; c < ASCII && node != ROOT; c++) {
      quick[row + c] = step(fallback[node], c);
    }
    int[] leadOn = characters.get(node);
    for (int i = 0; i < leadOn.length; i++) {
      if (leadOn[i] < ASCII) {
        quick[row + leadOn[i]] = targets.get(node)[i];
      }
    }
  }

  private int step(int from, int codePoint) {
    int at = from * ASCII + codePoint;
    return codePoint < ASCII && at < quick.length ? quick[at] : slowStep(from, codePoint);
  }

  private int slowStep(int from, int codePoint) {
    int node = from;
    while (node != ROOT) {
      int at = Arrays.binarySearch(characters.get(node), codePoint);
      if (at >= 0) {
        return targets.get(node)[at];
      }
      node = fallback[node];
    }
    int at = Arrays.binarySearch(characters.get(ROOT), codePoint);
    return at >= 0 ? targets.get(ROOT)[at] : ROOT;
  }

  /** A search that has seen no text yet. */
  public Search search() {
    return new Search();
  }

  /** Texts being searched, one after the other. */
  public final class Search extends FoldedSink {
    private final BitSet found = (BitSet) empty.clone();

    /** Nodes whose strings, those of their suffixes too, are found: each is looked at once. */
    private final BitSet reported = new BitSet();

    private int missing = count - empty.cardinality();
    private int node = ROOT;

    /** No string is found across two texts. */
    @Override
    protected void between() {
      node = ROOT;
    }

    /** Whether every string was found, so that no more text is needed. */
    @Override
    public boolean isOver() {
      return missing == 0;
    }

    /** Indexes of the strings that were found. */
    public BitSet found() {
      return (BitSet) found.clone();
    }

    @Override
    protected void codePoint(int folded) {
      node = step(node, folded);
      int ending = ends.get(node).isEmpty() ? endingFallback[node] : node;
      while (ending != NONE && !reported.get(ending)) {
        reported.set(ending);
        for (int index : ends.get(ending)) {
          found.set(index);
          missing--;
        }
        ending = endingFallback[ending];
      }
    }
  }
}
