package hikyaku.server.imap;

import hikyaku.mailbox.log.ComparedSubject;
import hikyaku.protocol.imap.MessageThread;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Messages, or places of some that are not there, and their answers: columns, in which a place is a
 * number. Some forty octets of memory each.
 */
final class ThreadTable {
  static final int NONE = -1;

  private final TextNumbers subjects = new TextNumbers();
  private int subjectCount;
  private int size;

  /** Message number or UID, as an unsigned number; 0 where there is no message. */
  private int[] numbers = new int[64];

  private long[] sent = new long[64];

  /** Numbers of subjects, 0 for the empty one; negative ones, less one, are replies or forwards. */
  private int[] subjectsOf = new int[64];

  private int[] firstChild = new int[64];
  private int[] lastChild = new int[64];
  private int[] nextSibling = new int[64];

  int size() {
    return size;
  }

  /** How many subjects there are, and one: each has a number below. */
  int subjectCount() {
    return subjectCount + 1;
  }

  /** A place for a message that is not there. */
  int add() {
    if (size == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * size);
      sent = Arrays.copyOf(sent, 2 * size);
      subjectsOf = Arrays.copyOf(subjectsOf, 2 * size);
      firstChild = Arrays.copyOf(firstChild, 2 * size);
      lastChild = Arrays.copyOf(lastChild, 2 * size);
      nextSibling = Arrays.copyOf(nextSibling, 2 * size);
    }
    firstChild[size] = NONE;
    lastChild[size] = NONE;
    nextSibling[size] = NONE;
    return size++;
  }

  /** Sets the message of a place, and when it was sent, in seconds. */
  void set(int place, long number, long sentAt, ComparedSubject subject) {
    numbers[place] = (int) number;
    sent[place] = sentAt;
    int known =
        subject.folded().isEmpty()
            ? 0
            : subjects.computeIfAbsent(subject.folded().toByteArray(), () -> ++subjectCount);
    subjectsOf[place] = subject.replyOrForward() ? -known - 1 : known;
  }

  boolean hasMessage(int place) {
    return numbers[place] != 0;
  }

  boolean isReply(int place) {
    return hasMessage(place) && subjectsOf[place] < 0;
  }

  /** The subject of the message, or of the first answer; 0 if it is empty. */
  int subject(int place) {
    int subject = subjectsOf[first(place)];
    return subject < 0 ? -subject - 1 : subject;
  }

  /** Puts a place, which is in none yet, behind the other children of one. */
  void adopt(int parent, int child) {
    if (firstChild[parent] == NONE) {
      firstChild[parent] = child;
    } else {
      nextSibling[lastChild[parent]] = child;
    }
    lastChild[parent] = child;
    nextSibling[child] = NONE;
  }

  /** Gives all children of one to another. */
  void adoptChildren(int parent, int from) {
    int child = firstChild[from];
    while (child != NONE) {
      int next = nextSibling[child];
      adopt(parent, child);
      child = next;
    }
  }

  boolean hasChildren(int place) {
    return firstChild[place] != NONE;
  }

  boolean hasOneChild(int place) {
    return hasChildren(place) && firstChild[place] == lastChild[place];
  }

  int firstChild(int place) {
    return firstChild[place];
  }

  private int[] children(int place) {
    int count = 0;
    for (int child = firstChild[place]; child != NONE; child = nextSibling[child]) {
      count++;
    }
    int[] children = new int[count];
    int at = 0;
    for (int child = firstChild[place]; child != NONE; child = nextSibling[child]) {
      children[at++] = child;
    }
    return children;
  }

  /** The message, or that of the first answer; only what is missing and unanswered has none. */
  private int first(int place) {
    int at = place;
    while (numbers[at] == 0) {
      at = firstChild[at];
    }
    return at;
  }

  /** By sent date, and by place in the mailbox where that is the same (RFC 5256 §2.2). */
  private int compareDates(int one, int other) {
    int oneFirst = first(one);
    int otherFirst = first(other);
    int order = Long.compare(sent[oneFirst], sent[otherFirst]);
    return order != 0 ? order : Integer.compareUnsigned(numbers[oneFirst], numbers[otherFirst]);
  }

  void sortByDate(int[] places) {
    IntSort.sort(places, this::compareDates);
  }

  void sortChildren(int place) {
    if (hasChildren(place) && !hasOneChild(place)) {
      int[] children = children(place);
      sortByDate(children);
      firstChild[place] = NONE;
      for (int child : children) {
        adopt(place, child);
      }
    }
  }

  /** The threads as they are to be told; from now on nothing may be changed. */
  List<MessageThread> threads(int[] roots) {
    return new Told(numbers, firstChild, nextSibling).threads(roots);
  }

  /** What telling needs, without the rest, since that may take as long as the client likes. */
  private record Told(int[] numbers, int[] firstChild, int[] nextSibling) {
    List<MessageThread> threads(int[] roots) {
      return new AbstractList<>() {
        @Override
        public MessageThread get(int index) {
          return new Place(Told.this, roots[index]);
        }

        @Override
        public int size() {
          return roots.length;
        }
      };
    }
  }

  private record Place(Told told, int place) implements MessageThread {
    @Override
    public long number() {
      return Integer.toUnsignedLong(told.numbers[place]);
    }

    @Override
    public List<MessageThread> children() {
      int child = told.firstChild[place];
      if (child == NONE) {
        return List.of();
      }
      List<MessageThread> children = new ArrayList<>(2);
      for (; child != NONE; child = told.nextSibling[child]) {
        children.add(new Place(told, child));
      }
      return children;
    }
  }
}
