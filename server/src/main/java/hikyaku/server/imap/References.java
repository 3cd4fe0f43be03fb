package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * REFERENCES (RFC 5256 §3; steps are numbered as there). A place is a number: of a message that
 * came, or of one that others refer to.
 */
final class References implements Threading {
  /**
   * How far up is looked for a loop before two threads are joined; a thread that is deeper there is
   * left apart. It bounds what messages made for the purpose can cost.
   */
  private static final int DEEPEST_JOIN = 1000;

  private static final int NONE = -1;

  private final Map<String, Integer> places = new HashMap<>();
  private final List<Node> nodes = new ArrayList<>();
  private int[] parents = new int[64];

  /** How many places have this one as their parent. */
  private int[] children = new int[64];

  @Override
  public void add(Message message, Brief brief) {
    int place = place(message, brief.messageId());
    int last = NONE;
    for (String reference : references(brief)) {
      int next = places.computeIfAbsent(reference, _ -> newPlace(null));
      if (last != NONE && parents[next] == NONE && !loops(last, next)) {
        link(last, next);
      }
      last = next;
    }
    unlink(place);
    if (last != NONE && !loops(last, place)) {
      link(last, place);
    }
  }

  private int newPlace(@Nullable Message message) {
    int place = nodes.size();
    if (place == parents.length) {
      parents = Arrays.copyOf(parents, 2 * place);
      children = Arrays.copyOf(children, 2 * place);
    }
    parents[place] = NONE;
    nodes.add(new Node(message));
    return place;
  }

  /** The second message of an id is as one without. */
  private int place(Message message, @Nullable String messageId) {
    String id = messageId == null ? null : firstId(messageId);
    if (id == null) {
      return newPlace(message);
    }
    Integer known = places.get(id);
    if (known == null) {
      int place = newPlace(message);
      places.put(id, place);
      return place;
    }
    Node node = nodes.get(known);
    if (node.message != null) {
      return newPlace(message);
    }
    node.message = message;
    return known;
  }

  /** The first id that a message refers to, or else its own; null if it has none either. */
  static @Nullable String first(Brief brief) {
    List<String> references = references(brief);
    String messageId = brief.messageId();
    return !references.isEmpty()
        ? references.getFirst()
        : messageId == null ? null : firstId(messageId);
  }

  private static List<String> references(Brief brief) {
    if (!brief.references().isEmpty()) {
      return brief.references().stream().map(References::normalized).toList();
    }
    String inReplyTo = brief.inReplyTo();
    String id = inReplyTo == null ? null : firstId(inReplyTo);
    return id == null ? List.of() : List.of(id);
  }

  /** The first message id in a field's text; null if there is none. */
  private static @Nullable String firstId(String text) {
    int end = text.indexOf('>');
    int start = end < 0 ? -1 : text.lastIndexOf('<', end);
    return start < 0 || end - start < 2 ? null : normalized(text.substring(start, end + 1));
  }

  /** Quoting is no part of an id. */
  private static String normalized(String id) {
    return id.indexOf('"') < 0 ? id : id.replace("\\", "").replace("\"", "");
  }

  private void link(int parent, int child) {
    parents[child] = parent;
    children[parent]++;
  }

  private void unlink(int child) {
    if (parents[child] != NONE) {
      children[parents[child]]--;
      parents[child] = NONE;
    }
  }

  private boolean loops(int parent, int child) {
    if (parent == child) {
      return true;
    }
    if (children[child] == 0) {
      return false;
    }
    int at = parent;
    for (int steps = 0; at != NONE; steps++) {
      if (at == child || steps == DEEPEST_JOIN) {
        return true;
      }
      at = parents[at];
    }
    return false;
  }

  @Override
  public List<? extends MessageThread> threads() {
    List<Node> roots = joined(byDate(pruned()));
    nodes.forEach(Node::sortChildren);
    return byDate(roots);
  }

  /** Steps 2 and 3: the answers to what is not there move up, at the top only one that is alone. */
  private List<Node> pruned() {
    int[] above = new int[nodes.size()];
    Arrays.fill(above, NONE);
    for (int place = 0; place < nodes.size(); place++) {
      Node node = nodes.get(place);
      int parent = node.message == null ? NONE : shown(parents[place], above);
      if (parent != NONE) {
        nodes.get(parent).add(node);
      }
    }
    List<Node> roots = new ArrayList<>();
    for (int place = 0; place < nodes.size(); place++) {
      Node node = nodes.get(place);
      if (node.message != null && parents[place] == NONE) {
        roots.add(node);
      } else if (node.message == null && !node.children().isEmpty()) {
        roots.add(node.children().size() == 1 ? node.children().getFirst() : node);
      }
    }
    return roots;
  }

  /**
   * The nearest place, from this one up, that has a message; if none has, the uppermost.
   *
   * @param known what was found out for places without a message
   */
  private int shown(int from, int[] known) {
    int at = from;
    while (at != NONE
        && nodes.get(at).message == null
        && known[at] == NONE
        && parents[at] != NONE) {
      at = parents[at];
    }
    int shown = at == NONE || known[at] == NONE ? at : known[at];
    int walked = from;
    while (walked != at) {
      known[walked] = shown;
      walked = parents[walked];
    }
    return shown;
  }

  /** Step 4, and the last sorting of step 6. */
  private static List<Node> byDate(List<Node> roots) {
    roots.forEach(Node::sortChildren);
    roots.sort(Node.BY_DATE);
    return roots;
  }

  /** Step 5: threads of one base subject become one. */
  private static List<Node> joined(List<Node> roots) {
    Map<String, Node> bySubject = new HashMap<>();
    for (Node root : roots) {
      String subject = root.first().subject();
      if (!subject.isEmpty()) {
        bySubject.merge(subject, root, (known, now) -> leads(now, known) ? now : known);
      }
    }
    Set<Node> moved = new HashSet<>();
    List<Node> joined = new ArrayList<>(roots.size());
    for (Node root : roots) {
      if (moved.contains(root)) {
        continue;
      }
      String subject = root.first().subject();
      Node known = subject.isEmpty() ? root : bySubject.getOrDefault(subject, root);
      if (known == root) {
        joined.add(root);
      } else if (known.message == null && root.message == null) {
        root.children().forEach(known::add);
      } else if (known.message == null || isReply(root) && !isReply(known)) {
        known.add(root);
      } else {
        Node both = new Node(null);
        both.add(known);
        both.add(root);
        joined.add(both);
        moved.add(known);
        bySubject.put(subject, both);
      }
    }
    joined.removeIf(moved::contains);
    return joined;
  }

  /** Step 5.B: whether the other answers join this one rather than the one known so far. */
  private static boolean leads(Node now, Node known) {
    return known.message != null && (now.message == null || isReply(known) && !isReply(now));
  }

  private static boolean isReply(Node node) {
    return node.message != null && node.message.replyOrForward();
  }
}
