package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.ComparedSubject;
import hikyaku.protocol.imap.MessageThread;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
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

  private static final int NONE = ThreadTable.NONE;

  private final TextNumbers places = new TextNumbers();
  private final ThreadTable table = new ThreadTable();
  private int[] parents = new int[64];

  /** How many places have this one as their parent. */
  private int[] children = new int[64];

  @Override
  public void add(long number, long sent, Brief brief) {
    ComparedSubject subject = brief.comparedSubject();
    int place = placeOf(brief.messageId());
    table.set(place, number, sent, subject);
    int last = NONE;
    for (String reference : brief.references()) {
      last = refer(last, normalized(reference));
    }
    if (last == NONE) {
      // Also where References has no id that RFC 5322 §3.6.4 would allow.
      String inReplyTo = brief.inReplyTo();
      String id = inReplyTo == null ? null : firstValidId(inReplyTo);
      last = id == null ? NONE : place(id);
    }
    unlink(place);
    if (last != NONE && !loops(last, place)) {
      link(last, place);
    }
  }

  /** The place of the next id that a message refers to; the last one's if this is no valid id. */
  private int refer(int last, String id) {
    if (!isValid(id)) {
      return last;
    }
    int next = place(id);
    if (last != NONE && parents[next] == NONE && !loops(last, next)) {
      link(last, next);
    }
    return next;
  }

  private int newPlace() {
    int place = table.add();
    if (place == parents.length) {
      parents = Arrays.copyOf(parents, 2 * place);
      children = Arrays.copyOf(children, 2 * place);
    }
    parents[place] = NONE;
    return place;
  }

  /** A new message's place. The second message of an id is as one without. */
  private int placeOf(@Nullable String messageId) {
    String id = messageId == null ? null : firstId(messageId);
    if (id == null || !isValid(id)) {
      return newPlace();
    }
    int known = place(id);
    return table.hasMessage(known) ? newPlace() : known;
  }

  /**
   * @param id one octet per char
   */
  private int place(String id) {
    return places.computeIfAbsent(id.getBytes(StandardCharsets.ISO_8859_1), this::newPlace);
  }

  /**
   * Whether it has the two sides of an id. Threads of whole mailboxes ask for that (RFC 5256 §3);
   * {@link #first} takes whatever stands in angle brackets.
   */
  private static boolean isValid(String id) {
    int at = id.indexOf('@');
    return at > 1 && at < id.length() - 2;
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
    List<String> references = brief.references();
    if (!references.isEmpty()) {
      List<String> normalized = new ArrayList<>(references.size());
      for (String reference : references) {
        normalized.add(normalized(reference));
      }
      return normalized;
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

  /** The same of ids that {@link #isValid}. */
  private static @Nullable String firstValidId(String text) {
    int from = 0;
    for (int end = text.indexOf('>'); end >= 0; end = text.indexOf('>', from)) {
      // No octet is looked at for two ids: who writes the field chooses how many seem to be in it.
      String piece = text.substring(from, end + 1);
      int start = piece.lastIndexOf('<');
      String id = start < 0 ? "" : normalized(piece.substring(start));
      if (isValid(id)) {
        return id;
      }
      from = end + 1;
    }
    return null;
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
  public int places() {
    return table.size();
  }

  @Override
  public List<? extends MessageThread> threads() {
    int[] roots = pruned();
    Arrays.stream(roots).forEach(table::sortChildren);
    table.sortByDate(roots);
    roots = joined(roots);
    for (int place = 0; place < table.size(); place++) {
      table.sortChildren(place);
    }
    table.sortByDate(roots);
    return table.threads(roots);
  }

  /** Steps 2 and 3: the answers to what is not there move up, at the top only one that is alone. */
  private int[] pruned() {
    int[] above = new int[table.size()];
    Arrays.fill(above, NONE);
    for (int place = 0; place < above.length; place++) {
      int parent = table.hasMessage(place) ? shown(parents[place], above) : NONE;
      if (parent != NONE) {
        table.adopt(parent, place);
      }
    }
    IntStream.Builder roots = IntStream.builder();
    for (int place = 0; place < above.length; place++) {
      if (table.hasMessage(place)) {
        if (parents[place] == NONE) {
          roots.add(place);
        }
      } else if (table.hasChildren(place)) {
        roots.add(table.hasOneChild(place) ? table.firstChild(place) : place);
      }
    }
    return roots.build().toArray();
  }

  /**
   * The nearest place, from this one up, that has a message; if none has, the uppermost.
   *
   * @param known what was found out for places without a message
   */
  private int shown(int from, int[] known) {
    int at = from;
    while (at != NONE && !table.hasMessage(at) && known[at] == NONE && parents[at] != NONE) {
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

  /** Step 5: threads of one base subject become one. */
  private int[] joined(int[] roots) {
    int[] bySubject = new int[table.subjectCount()];
    Arrays.fill(bySubject, NONE);
    for (int root : roots) {
      int subject = table.subject(root);
      if (subject != 0 && (bySubject[subject] == NONE || leads(root, bySubject[subject]))) {
        bySubject[subject] = root;
      }
    }
    BitSet moved = new BitSet();
    IntStream.Builder joined = IntStream.builder();
    for (int root : roots) {
      if (moved.get(root)) {
        continue;
      }
      int subject = table.subject(root);
      int known = subject == 0 ? root : bySubject[subject];
      if (known == root) {
        joined.add(root);
      } else if (!table.hasMessage(known) && !table.hasMessage(root)) {
        table.adoptChildren(known, root);
      } else if (!table.hasMessage(known) || table.isReply(root) && !table.isReply(known)) {
        table.adopt(known, root);
      } else {
        int both = newPlace();
        table.adopt(both, known);
        table.adopt(both, root);
        joined.add(both);
        moved.set(known);
        bySubject[subject] = both;
      }
    }
    return joined.build().filter(root -> !moved.get(root)).toArray();
  }

  /** Step 5.B: whether the other answers join this one rather than the one known so far. */
  private boolean leads(int now, int known) {
    return table.hasMessage(known)
        && (!table.hasMessage(now) || table.isReply(known) && !table.isReply(now));
  }
}
