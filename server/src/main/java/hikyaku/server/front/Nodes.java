package hikyaku.server.front;

import hikyaku.server.link.Answerer;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.link.NodeLink;
import hikyaku.server.link.proto.Report;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes that a front knows: a link to each, made again whenever it is lost, and the choice
 * among them. Nodes name their peers, so a front needs to be told of one.
 */
public final class Nodes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Nodes.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

  /** Addresses learnt. More would be a mistake: they come from reports, and each has a thread. */
  private static final int MOST = 256;

  private final String front;
  private final LinkKeys keys;
  private final LinkSettings linkSettings;
  private final FrontSettings settings;
  private final InstantSource clock;
  private final SecureRandom random;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Resettling resettling = new Resettling();

  /** Addresses to keep a link to, and whether an operator named them: those are never forgotten. */
  private final Map<String, Boolean> known = new HashMap<>();

  /** Of nodes that are or were linked, the address that last led to each. */
  private final Map<String, String> addresses = new HashMap<>();

  /** Further addresses of nodes. */
  private final Set<String> aliases = new HashSet<>();

  private final long run;
  private volatile Answerer answerer = Answerer.NOBODY;
  private final Map<String, Candidate> byName = new HashMap<>();
  private volatile ToDoubleFunction<String> health = _ -> 1;
  private boolean closed;

  /** A node with its link. Guarded by the lock, but for the link's own counts. */
  private static final class Candidate {
    final NodeLink link;
    final long since = System.nanoTime();
    Report report = Report.getDefaultInstance();
    boolean reported;

    /** Smooth weighted round robin: who has waited longest for their share has the most. */
    double due;

    Candidate(NodeLink link) {
      this.link = link;
    }
  }

  public Nodes(
      String front,
      LinkKeys keys,
      LinkSettings linkSettings,
      FrontSettings settings,
      InstantSource clock,
      SecureRandom random) {
    this.front = front;
    this.keys = keys;
    this.linkSettings = linkSettings;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.run = random.nextLong();
  }

  /** Has what nodes ask of this front answered from now on. */
  public void answerBy(Answerer who) {
    answerer = who;
  }

  /** The number of this run, by which nodes know this front. */
  public long run() {
    return run;
  }

  /**
   * A node as it is known here.
   *
   * @param name empty if it was never linked
   * @param address where it takes links
   * @param linked whether it is linked now
   */
  public record Known(String name, String address, boolean linked) {}

  /** All nodes that this front was told of. */
  public List<Known> known() {
    lock.lock();
    try {
      Map<String, Known> nodes = new TreeMap<>();
      known.keySet().stream()
          .filter(address -> !aliases.contains(address))
          .forEach(address -> nodes.put(address, new Known("", address, false)));
      addresses.values().retainAll(known.keySet());
      addresses.forEach((name, address) -> {
        Candidate candidate = byName.get(name);
        nodes.put(address, new Known(name, address, candidate != null && candidate.link.isOpen()));
      });
      return List.copyOf(nodes.values());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has each node's weight count by a factor from now on.
   *
   * @param factor 0 to 1 for a node's name; 0 for one that is taken only if all others are bad too
   */
  public void weighBy(ToDoubleFunction<String> factor) {
    health = factor;
  }

  /** Keeps a link to the node at this address from now on, as HOST:PORT. */
  public void add(String address) {
    add(address, true);
  }

  private void learn(String address) {
    add(address, false);
  }

  private void add(String address, boolean named) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      boolean isNew = !known.containsKey(address);
      if (isNew && !named && known.values().stream().filter(each -> !each).count() >= MOST) {
        return;
      }
      known.merge(address, named, Boolean::logicalOr);
      if (!isNew) {
        return;
      }
    } finally {
      lock.unlock();
    }
    Thread.ofVirtual().name("node-" + address).start(() -> keep(address));
  }

  private void keep(String address) {
    Duration pause = FIRST_PAUSE;
    boolean complained = false;
    while (!isClosed()) {
      Keeper keeper = new Keeper();
      try {
        NodeLink link =
            NodeLink.connect(resolve(address), front, keys, linkSettings, clock, random, keeper);
        complained = false;
        if (arrived(link, address)) {
          long since = System.nanoTime();
          keeper.awaitEnd();
          if (System.nanoTime() - since < settings.retry().toNanos()) {
            // One that is lost as soon as it is made would be made again without end.
            rest(pause);
            pause = min(pause.multipliedBy(2), settings.retry());
          } else {
            pause = FIRST_PAUSE;
          }
        } else {
          // The same node under another address, which may be the only one that works later.
          link.close();
          noteAlias(address);
          awaitGone(link.node());
        }
      } catch (IOException | IllegalArgumentException e) {
        if (!complained) {
          complained = true;
          LOG.atWarn()
              .addKeyValue("address", address)
              .addKeyValue("cause", e.getMessage())
              .log("a node is not reached");
        }
        if (forgotten(address)) {
          LOG.atInfo().addKeyValue("address", address).log("an address is forgotten");
          return;
        }
        rest(pause);
        pause = min(pause.multipliedBy(2), settings.retry());
      }
    }
  }

  /**
   * Forgets an address that is not reached, if nobody names it any more. While no node is linked
   * nobody could: then all that was learnt is what there is to go by.
   */
  private boolean forgotten(String address) {
    lock.lock();
    try {
      boolean anybody = byName.values().stream().anyMatch(each -> each.reported);
      boolean isNamed =
          known.getOrDefault(address, true)
              || byName.values().stream()
                  .anyMatch(each -> each.report.getPeersList().contains(address));
      return anybody && !isNamed && known.remove(address) != null;
    } finally {
      lock.unlock();
    }
  }

  private static InetSocketAddress resolve(String address) {
    int colon = address.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException("no HOST:PORT: " + address);
    }
    String host = address.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    return new InetSocketAddress(
        bracketed ? host.substring(1, host.length() - 1) : host,
        Integer.parseInt(address.substring(colon + 1)));
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void rest(Duration pause) {
    lock.lock();
    try {
      long deadline = System.nanoTime() + pause.toNanos();
      while (!closed && deadline - System.nanoTime() > 0) {
        changed.awaitNanos(deadline - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private void awaitGone(String node) {
    lock.lock();
    try {
      Candidate there = byName.get(node);
      while (!closed && there != null && there.link.isOpen()) {
        changed.awaitUninterruptibly();
        there = byName.get(node);
      }
    } finally {
      lock.unlock();
    }
  }

  private void noteAlias(String address) {
    lock.lock();
    try {
      aliases.add(address);
    } finally {
      lock.unlock();
    }
  }

  private boolean arrived(NodeLink link, String address) {
    lock.lock();
    try {
      Candidate there = byName.get(link.node());
      if (closed || there != null && there.link.isOpen()) {
        return false;
      }
      byName.put(link.node(), new Candidate(link));
      addresses.put(link.node(), address);
      aliases.remove(address);
      link.report().ifPresent(report -> reported(link, report));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    LOG.atInfo().addKeyValue("node", link.node()).log("a node is linked");
    return true;
  }

  private void reported(NodeLink link, Report report) {
    lock.lock();
    try {
      Candidate candidate = byName.get(link.node());
      if (candidate == null || candidate.link != link) {
        return;
      }
      candidate.report = report;
      if (!candidate.reported) {
        candidate.reported = true;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    report.getPeersList().forEach(this::learn);
  }

  private void lost(NodeLink link, String why) {
    boolean mine;
    lock.lock();
    try {
      Candidate candidate = byName.get(link.node());
      mine = candidate != null && candidate.link == link;
      if (mine) {
        byName.remove(link.node());
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (mine) {
      LOG.atWarn().addKeyValue("node", link.node()).addKeyValue("cause", why).log("a node is gone");
    }
  }

  /** Watches one link and wakes its keeper at its end. */
  private final class Keeper implements NodeLink.Watcher {
    private boolean ended;

    @Override
    public Answerer answerer() {
      return answerer;
    }

    @Override
    public long run() {
      return run;
    }

    @Override
    public void reported(NodeLink link, Report report) {
      Nodes.this.reported(link, report);
    }

    @Override
    public void lost(NodeLink link, String why) {
      Nodes.this.lost(link, why);
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    void awaitEnd() {
      lock.lock();
      try {
        while (!ended && !closed) {
          changed.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** The line of sessions that no node has. */
  Resettling resettling() {
    return resettling;
  }

  /** The nodes that are linked now. */
  public List<NodeLink> links() {
    lock.lock();
    try {
      return byName.values().stream()
          .map(candidate -> candidate.link)
          .sorted(Comparator.comparing(NodeLink::node))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * A node that was chosen.
   *
   * @param astray whether the session belongs elsewhere, where no node is up
   */
  record Choice(NodeLink link, boolean astray) {}

  /**
   * A node for a session: one of the best for it, by weight. Nodes that fare badly are taken only
   * if there are no others, then all of them alike, and those that are draining only if there are
   * none of these.
   *
   * @param not names of nodes that will not do
   */
  Optional<Choice> choose(String service, Preference preference, Collection<String> not) {
    lock.lock();
    try {
      List<Candidate> fit = new ArrayList<>();
      List<Candidate> unwell = new ArrayList<>();
      List<Candidate> draining = new ArrayList<>();
      for (Candidate each : byName.values()) {
        if (serves(each, service) && !not.contains(each.link.node())) {
          (!isUp(each) ? draining : weight(each) > 0 ? fit : unwell).add(each);
        }
      }
      List<Candidate> among = !fit.isEmpty() ? fit : !unwell.isEmpty() ? unwell : draining;
      if (among.isEmpty()) {
        return Optional.empty();
      }
      int best = Integer.MAX_VALUE;
      List<Candidate> equals = new ArrayList<>(among.size());
      for (Candidate each : among) {
        int rank = rank(preference, each);
        if (rank < best) {
          best = rank;
          equals.clear();
        }
        if (rank == best) {
          equals.add(each);
        }
      }
      return Optional.of(new Choice(pick(equals).link, preference.isAstray(best)));
    } finally {
      lock.unlock();
    }
  }

  /** Whether a node is up that is better for the session than the one that has it. */
  boolean isBetterThan(String current, String service, Preference preference) {
    lock.lock();
    try {
      Candidate has = byName.get(current);
      int rank = has == null ? Integer.MAX_VALUE : rank(preference, has);
      return byName.values().stream()
          .anyMatch(each ->
              serves(each, service)
                  && isUp(each)
                  && weight(each) > 0
                  && rank(preference, each) < rank);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes clients' sessions away from a node that fails, to go on elsewhere. Those of a service
   * stay if more of its nodes fail than fare well: what ails most of them is hardly their own, and
   * the others could not bear it all.
   *
   * @param link the node's
   */
  public void relieve(NodeLink link) {
    int taken = link.takeBack(betterElsewhere(link), "the node fails");
    if (taken > 0) {
      LOG.atWarn()
          .addKeyValue("node", link.node())
          .addKeyValue("sessions", taken)
          .log("a node fails and its sessions go on elsewhere");
    }
  }

  private Set<String> betterElsewhere(NodeLink link) {
    lock.lock();
    try {
      Candidate failing = byName.get(link.node());
      return failing == null || failing.link != link || fares(failing)
          ? Set.of()
          : failing.report.getServicesList().stream()
              .filter(service -> well(service, true) >= well(service, false))
              .collect(Collectors.toUnmodifiableSet());
    } finally {
      lock.unlock();
    }
  }

  /** How many of the nodes that are up for a service fare well, or do not. */
  private long well(String service, boolean wanted) {
    return byName.values().stream()
        .filter(each -> serves(each, service) && isUp(each) && fares(each) == wanted)
        .count();
  }

  private boolean fares(Candidate each) {
    return health.applyAsDouble(each.link.node()) > 0;
  }

  private static boolean serves(Candidate each, String service) {
    return each.reported && each.link.isOpen() && each.report.getServicesList().contains(service);
  }

  private static boolean isUp(Candidate each) {
    return each.report.getState() == Report.State.UP && each.report.getWeight() > 0;
  }

  private static int rank(Preference preference, Candidate each) {
    return preference.rank(each.link.node(), each.report.getPoolsList());
  }

  private Candidate pick(List<Candidate> among) {
    return switch (settings.balance()) {
      case ROUND_ROBIN -> inTurn(among);
      case LEAST_SESSIONS -> among.stream().min(Comparator.comparingDouble(this::crowd)).get();
      case RANDOM_OF_TWO -> {
        // Two that differ: the same one twice would keep a share whatever it weighs.
        int first = random.nextInt(among.size());
        int step = among.size() == 1 ? 0 : 1 + random.nextInt(among.size() - 1);
        Candidate one = among.get(first);
        Candidate other = among.get((first + step) % among.size());
        yield crowd(one) <= crowd(other) ? one : other;
      }
    };
  }

  private Candidate inTurn(List<Candidate> among) {
    double total = 0;
    Candidate most = among.getFirst();
    for (Candidate each : among) {
      double share = Math.max(weight(each), 1e-6);
      each.due += share;
      total += share;
      if (each.due > most.due) {
        most = each;
      }
    }
    most.due -= total;
    return most;
  }

  /** Sessions for each unit of weight, the one to come included. */
  private double crowd(Candidate candidate) {
    return (candidate.link.sessions() + 1) / Math.max(weight(candidate), 1e-6);
  }

  private double weight(Candidate candidate) {
    double age = System.nanoTime() - candidate.since;
    double slow = settings.slowStart().toNanos();
    double share = slow <= 0 ? 1 : Math.clamp(age / slow, 0.05, 1);
    return candidate.report.getWeight() * share * health.applyAsDouble(candidate.link.node());
  }

  /** Waits until something about the nodes changes, or for the time given. */
  void awaitChange(Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      if (!closed) {
        changed.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    List<NodeLink> open;
    lock.lock();
    try {
      closed = true;
      open = links();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    open.forEach(NodeLink::close);
  }
}
