package hikyaku.server.flow;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is inside: exactly on this node, and as last heard on the others.
 *
 * <p>A session that comes from another node may still be in what that one has told last. It is
 * therefore left out of what this node adds to it, and of what this node tells, until every other
 * node has been heard of anew, or is gone: for that time it is counted once by everybody.
 */
final class Census {
  /** Subjects that one sign of life tells of. */
  static final int TOLD = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(Census.class);
  private static final long TICK_NANOS = 1_000_000_000;

  /** For how many heartbeats a rate counts as busy. */
  private static final int BUSY_HEARTBEATS = 3;

  /** Of what is told because of a rate, or because others tell of it. */
  private static final double LEAST_URGENCY = 0.01;

  private final long heartbeatNanos;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();

  private volatile int nodes = 1;

  // Under the lock.
  private final Map<Subject, Meter> meters = new HashMap<>();
  private final Map<String, Heard> heard = new HashMap<>();
  private final Map<Subject, Integer> elsewhere = new HashMap<>();
  private final Deque<Place> settling = new ArrayDeque<>();
  private long tickedAt;

  /** When a node was last heard of, and by which sign of it. */
  private record Heard(Instant sign, long at) {}

  Census(long heartbeatNanos, LongSupplier nanoTime) {
    this.heartbeatNanos = heartbeatNanos;
    this.nanoTime = nanoTime;
    this.tickedAt = nanoTime.getAsLong();
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  // ---- under the caller's lock

  List<Meter> meters(List<Subject> subjects) {
    List<Meter> found = new ArrayList<>(subjects.size());
    for (Subject subject : subjects) {
      Meter meter = meters.get(subject);
      if (meter == null) {
        meter = new Meter(subject, nanoTime);
        meter.share(share(meter));
        meters.put(subject, meter);
      }
      found.add(meter);
    }
    return found;
  }

  /**
   * Sessions of a subject on all nodes, as far as this one knows, but for one that wants to be
   * counted anew: the node that it comes from may have counted it.
   */
  long insideBut(Place place, Meter meter) {
    long others = unsettledElsewhere(meter);
    return meter.sessions + others - (place.settling && others > 0 ? 1 : 0);
  }

  private long unsettledElsewhere(Meter meter) {
    return Math.max(0, elsewhere.getOrDefault(meter.subject, 0) - meter.moved);
  }

  void enter(Place place, List<Meter> with, boolean moved) {
    if (moved && !heard.isEmpty()) {
      place.settling = true;
      place.cameAt = nanoTime.getAsLong();
      settling.addLast(place);
    }
    add(place, with);
  }

  private static void add(Place place, List<Meter> with) {
    for (Meter meter : with) {
      meter.sessions++;
      meter.moved += place.settling ? 1 : 0;
    }
    place.meters.addAll(with);
    place.stale();
  }

  private void remove(Place place, List<Meter> with) {
    for (Meter meter : with) {
      meter.sessions--;
      meter.moved -= place.settling ? 1 : 0;
      if (meter.isIdle()) {
        meters.remove(meter.subject, meter);
      }
    }
    place.meters.removeAll(with);
    place.stale();
  }

  /** The session is an account's from now on, and nobody else's. */
  void name(Place place, String account) {
    if (place.ended) {
      return;
    }
    String before = place.account;
    if (before != null) {
      unname(place, before);
    }
    place.account = account;
    add(place, meters(List.of(Subject.account(account), Subject.domainOf(account))));
  }

  void unname(Place place, String account) {
    if (account.equals(place.account)) {
      place.account = null;
      remove(place, personal(place));
    }
  }

  private static List<Meter> personal(Place place) {
    return place.meters.stream()
        .filter(meter ->
            meter.subject.kind() == Subject.Kind.ACCOUNT
                || meter.subject.kind() == Subject.Kind.DOMAIN)
        .toList();
  }

  void leave(Place place) {
    if (place.ended) {
      return;
    }
    place.ended = true;
    remove(place, List.copyOf(place.meters));
    if (place.settling) {
      place.settling = false;
      settling.remove(place);
    }
  }

  // ---- under the own lock

  /** What other nodes need to know, the nearest to a limit first. */
  Map<String, Integer> published(Limits limits) {
    lock.lock();
    try {
      if (heard.isEmpty() || limits.isEmpty()) {
        return Map.of();
      }
      List<Told> told = new ArrayList<>();
      for (Meter meter : meters.values()) {
        Told one = told(meter, meter.rules(limits));
        if (one.urgency > 0) {
          told.add(one);
        }
      }
      told.sort(Comparator.comparingDouble(Told::urgency).reversed());
      Map<String, Integer> published = new LinkedHashMap<>();
      told.stream().limit(TOLD).forEach(one -> published.put(one.subject.toString(), one.count));
      return published;
    } finally {
      lock.unlock();
    }
  }

  private record Told(Subject subject, int count, double urgency) {}

  /**
   * Told is what has a part in a limit that may be used up by half, or what others tell of, or what
   * a rate has had wait: once the sessions of all nodes are half of what they may be, one node at
   * least has the part of one in half of them, tells, and so has all others tell.
   */
  private Told told(Meter meter, Meter.Rules rules) {
    int others = elsewhere.getOrDefault(meter.subject, 0);
    int count = meter.sessions - Math.min(meter.moved, others);
    Limit limit = rules.sessions();
    boolean limited = limit != null || rules.rates().findAny().isPresent();
    double urgency = 0;
    if (count > 0 && limited && meter.subject.kind() != Subject.Kind.NODE) {
      double part = limit == null ? 0 : (double) count / Math.max(1, limit.value());
      boolean near = part * 2 * (heard.size() + 1) >= 1;
      if (near || others > 0 || meter.isBusy(BUSY_HEARTBEATS * heartbeatNanos)) {
        urgency = Math.max(part, LEAST_URGENCY);
      }
    }
    return new Told(meter.subject, count, urgency);
  }

  void heard(List<Peer> peers) {
    lock.lock();
    try {
      long now = nanoTime.getAsLong();
      Set<Subject> shared = new HashSet<>(elsewhere.keySet());
      elsewhere.clear();
      Set<String> names = new HashSet<>();
      for (Peer peer : peers) {
        names.add(peer.node());
        Heard before = heard.get(peer.node());
        if (before == null || !before.sign.equals(peer.sign())) {
          heard.put(peer.node(), new Heard(peer.sign(), now));
        }
        peer.sessions().forEach(this::elsewhere);
      }
      heard.keySet().retainAll(names);
      nodes = heard.size() + 1;
      settle();
      shared.addAll(elsewhere.keySet());
      for (Subject subject : shared) {
        Meter meter = meters.get(subject);
        if (meter != null) {
          meter.share(share(meter));
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void elsewhere(String subject, int count) {
    try {
      elsewhere.merge(Subject.parse(subject), count, Integer::sum);
    } catch (IllegalArgumentException e) {
      // A kind that only a later version knows.
      LOG.atDebug().addKeyValue("subject", subject).log("a node tells of an unknown subject");
    }
  }

  private void settle() {
    while (!settling.isEmpty() && isSettled(settling.getFirst())) {
      Place place = settling.removeFirst();
      place.settling = false;
      place.meters.forEach(meter -> meter.moved--);
    }
  }

  /** Whether every node has been heard of anew since. */
  private boolean isSettled(Place place) {
    return heard.values().stream().allMatch(node -> node.at - place.cameAt > 0);
  }

  /** This node's part of a subject's rates: as of its sessions, and never nothing. */
  private double share(Meter meter) {
    long others = unsettledElsewhere(meter);
    if (others == 0 || meter.subject.kind() == Subject.Kind.NODE) {
      return 1;
    }
    double least = 0.5 / (heard.size() + 1);
    return Math.max(least, (double) meter.sessions / (meter.sessions + others));
  }

  /** Forgets who is idle, and finds out how fast the others go. */
  void tick() {
    lock.lock();
    try {
      long now = nanoTime.getAsLong();
      if (now - tickedAt >= TICK_NANOS) {
        tickedAt = now;
        meters.values().removeIf(Meter::isIdle);
        meters.values().forEach(Meter::tick);
      }
    } finally {
      lock.unlock();
    }
  }

  Standing standing(Subject subject, Dimension dimension, Limits limits) {
    lock.lock();
    try {
      Meter meter = meters.getOrDefault(subject, new Meter(subject, nanoTime));
      Meter.Rate rate = meter.rules(limits).rate(dimension);
      boolean sessions = dimension == Dimension.SESSIONS;
      return new Standing(
          subject,
          dimension,
          limits.source(subject, dimension),
          sessions ? meter.sessions : 0,
          sessions ? unsettledElsewhere(meter) : 0,
          rate == null ? 0 : rate.bucket().perSecond());
    } finally {
      lock.unlock();
    }
  }

  /** How many nodes live, this one included. */
  int nodes() {
    return nodes;
  }

  /** How many subjects are counted. */
  int size() {
    lock.lock();
    try {
      return meters.size();
    } finally {
      lock.unlock();
    }
  }
}
