package hikyaku.systemtests.chaos;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * All that clients know of one mailbox, from what they were told. It judges what they are told
 * next. Moments are when a command was sent and when its answer was read, so what the server did is
 * in between: whoever begins later must see it.
 */
final class Book {
  /** One message of the mailbox. */
  static final class Item {
    private final long uid;
    private volatile int token;

    /** Every read that began later must show it. */
    private volatile long visible = Times.NOT_YET;

    /** From then on it may be gone: somebody has asked for that. */
    private volatile long mayGo = Times.NOT_YET;

    /** Every read that began later must not show it. */
    private volatile long gone = Times.NOT_YET;

    /** Whether an answer to an APPEND, COPY or MOVE named its UID. */
    private volatile boolean named;

    private final Map<String, Register> flags = new ConcurrentHashMap<>();
    private final Queue<String> story = new ConcurrentLinkedQueue<>();

    /** MODSEQs that rose, each with when it had been read. */
    private final List<long[]> modseqs = new ArrayList<>();

    private Item(long uid) {
      this.uid = uid;
    }

    long uid() {
      return uid;
    }

    /** 0 if it is not known. */
    int token() {
      return token;
    }

    boolean mayGoBefore(long moment) {
      return mayGo < moment;
    }

    void tell(long now, String what) {
      story.add(Times.shown(now) + " " + what);
    }

    /** Somebody is about to ask for its removal. */
    synchronized void mayGo(long now) {
      mayGo = Math.min(mayGo, now);
    }

    synchronized void gone(long now) {
      gone = Math.min(gone, now);
    }

    synchronized void visible(long now) {
      visible = Math.min(visible, now);
    }

    Map<String, Register> flags() {
      return flags;
    }

    Register flag(String name) {
      return flags.computeIfAbsent(name, absent -> new Register());
    }

    synchronized void modseq(long told, long began, long ended, String where) {
      for (long[] before : modseqs) {
        Finding.unless(
            before[1] >= began || told >= before[0],
            where + ": MODSEQ of " + this + " is " + told + ", was " + before[0] + " before");
      }
      if (modseqs.isEmpty() || modseqs.getLast()[0] < told) {
        modseqs.add(new long[] {told, ended});
      }
    }

    @Override
    public String toString() {
      return "UID "
          + uid
          + " (number "
          + token
          + ", visible "
          + Times.shown(visible)
          + ", may go "
          + Times.shown(mayGo)
          + ", gone "
          + Times.shown(gone)
          + ", flags "
          + flags
          + ")\n    "
          + String.join("\n    ", story);
    }
  }

  /** Messages of one number that may or must be there without a UID that was named. */
  private static final class Arrival {
    /** Outcomes unknown: each may have brought one. */
    private int perhaps;

    /** Acknowledged, no UID told: each has brought one. */
    private int surely;

    private long acknowledged = Times.NOT_YET;
    private final List<String> story = new ArrayList<>();
  }

  private final String name;
  private final Map<Long, Item> items = new ConcurrentSkipListMap<>();
  private final Map<Integer, Arrival> arrivals = new ConcurrentHashMap<>();
  private long uidValidity;
  private long highestModseq;
  private long uidNext = 1;

  Book(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Values that only rise, as they are known at the beginning of a read. */
  record Marks(long highestModseq, long uidNext) {}

  synchronized Marks marks() {
    return new Marks(highestModseq, uidNext);
  }

  synchronized void uidValidity(long told) {
    Finding.unless(
        uidValidity == 0 || uidValidity == told,
        name + ": UIDVALIDITY was " + uidValidity + " and is " + told);
    uidValidity = told;
  }

  synchronized void highestModseq(long told, Marks before, String where) {
    Finding.unless(
        told >= before.highestModseq,
        where + ": HIGHESTMODSEQ of " + name + " fell to " + told + " from " + before);
    highestModseq = Math.max(highestModseq, told);
  }

  synchronized void uidNext(long told, Marks before, String where) {
    Finding.unless(
        told >= before.uidNext,
        where + ": UIDNEXT of " + name + " fell to " + told + " from " + before);
    uidNext = Math.max(uidNext, told);
  }

  /** A message of this UID was told of. */
  Item item(long uid) {
    Item item = items.computeIfAbsent(uid, Item::new);
    synchronized (this) {
      uidNext = Math.max(uidNext, uid + 1);
    }
    return item;
  }

  Item known(long uid) {
    return items.get(uid);
  }

  /** The message of this UID is this number. */
  Item is(long uid, int token, String where) {
    Item item = item(uid);
    synchronized (item) {
      Finding.unless(
          item.token == 0 || item.token == token,
          where + ": " + name + " UID " + uid + " is number " + token + ", but was " + item);
      item.token = token;
    }
    return item;
  }

  /** An acknowledgement named the UID of what it brought. */
  Item named(long uid, int token, Marks before, String where, long began, long now) {
    Finding.unless(
        uid >= before.uidNext,
        where + ": " + name + " gives UID " + uid + " to number " + token + ", after " + before);
    Item item = is(uid, token, where);
    synchronized (item) {
      Finding.unless(!item.named, where + ": UID " + uid + " was given before: " + item);
      item.named = true;
    }
    item.visible(now);
    item.tell(now, "brought by " + where + ", sent at " + Times.shown(began));
    return item;
  }

  private Arrival arrival(int token) {
    return arrivals.computeIfAbsent(token, absent -> new Arrival());
  }

  /** A message may be on its way. */
  void perhaps(int token, String where, long now) {
    Arrival arrival = arrival(token);
    synchronized (arrival) {
      arrival.perhaps++;
      arrival.story.add(Times.shown(now) + " perhaps, by " + where);
    }
  }

  /** What was perhaps is now named, or did not happen. */
  void notPerhaps(int token) {
    Arrival arrival = arrival(token);
    synchronized (arrival) {
      arrival.perhaps--;
      arrival.story.removeLast();
    }
  }

  /** What was perhaps is acknowledged, and no UID told. */
  void surely(int token, String where, long now) {
    Arrival arrival = arrival(token);
    synchronized (arrival) {
      arrival.perhaps--;
      arrival.surely++;
      arrival.acknowledged = Math.min(arrival.acknowledged, now);
      arrival.story.add(Times.shown(now) + " acknowledged to " + where);
    }
  }

  /** Judges a look at the whole mailbox, by the UIDs it showed. */
  void look(Collection<Long> shown, long began, String where) {
    Set<Long> there = Set.copyOf(shown);
    for (Item item : items.values()) {
      boolean isThere = there.contains(item.uid);
      Finding.unless(
          isThere || item.visible >= began || item.mayGo != Times.NOT_YET,
          where + ": a look begun at " + Times.shown(began) + " misses " + name + " " + item);
      Finding.unless(
          !isThere || item.gone >= began,
          where + ": a look begun at " + Times.shown(began) + " shows " + name + " " + item);
    }
  }

  /**
   * Judges a look at the whole mailbox, of which all numbers are known: what arrived without a UID
   * being told is known by now.
   */
  void lookKnowing(long began, String where) {
    Set<Integer> known = new TreeSet<>();
    items.values().forEach(item -> known.add(item.token));
    arrivals.forEach((token, arrival) -> {
      synchronized (arrival) {
        Finding.unless(
            arrival.surely == 0 || arrival.acknowledged >= began || known.contains(token),
            where
                + ": a look begun at "
                + Times.shown(began)
                + " misses number "
                + token
                + " in "
                + name
                + ": "
                + arrival.story);
      }
    });
  }

  /** How many messages are there, as far as is known. */
  long there() {
    return items.values().stream().filter(item -> item.gone == Times.NOT_YET).count();
  }

  /** What was judged at the end. */
  record Sum(long messages, long there, long unknown, long doubledBySender) {}

  /** All is quiet. Each number has come as often as it must, and not more often than it may. */
  Sum atRest() {
    Map<Integer, List<Item>> byToken = new ConcurrentHashMap<>();
    for (Item item : items.values()) {
      // One that nobody has looked at before it went cannot be told from another.
      if (item.token != 0) {
        byToken.computeIfAbsent(item.token, absent -> new ArrayList<>()).add(item);
      }
    }
    long unknown = 0;
    long doubled = 0;
    for (Map.Entry<Integer, Arrival> entry : arrivals.entrySet()) {
      byToken.computeIfAbsent(entry.getKey(), absent -> new ArrayList<>());
    }
    for (Map.Entry<Integer, List<Item>> entry : byToken.entrySet()) {
      Arrival arrival = arrival(entry.getKey());
      long unnamed = entry.getValue().stream().filter(item -> !item.named).count();
      String what = name + ": number " + entry.getKey();
      Finding.unless(
          unnamed <= arrival.surely + arrival.perhaps,
          what + " is there too often: " + entry.getValue() + arrival.story);
      Finding.unless(
          unnamed >= Math.min(1, arrival.surely),
          what + " is lost: " + entry.getValue() + arrival.story);
      unknown += arrival.perhaps;
      doubled += Math.max(0, unnamed - Math.max(1, arrival.surely));
    }
    return new Sum(items.size(), there(), unknown, doubled);
  }
}
