package hikyaku.server.cluster;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.server.cluster.proto.Alive;
import hikyaku.server.cluster.proto.Joined;
import hikyaku.server.cluster.proto.NodeEvent;
import hikyaku.server.cluster.proto.NodeRecord;
import hikyaku.server.cluster.proto.Sessions;
import hikyaku.server.cluster.proto.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Reads the nodes' logs and keeps the folds. Who only wants to know the nodes once (a command)
 * takes one of these; a node has one in its {@link Membership}. Each question looks at the store.
 */
public final class Roster implements Cluster {
  private static final String PREFIX = "cluster/node/";
  private static final int PAGE = 500;

  /** An observer that does not look for longer than this has no opinion for the rest of it. */
  private static final int HEARTBEATS_COUNTED = 2;

  private final LogStore logs;
  private final Duration mostCounted;
  private final InstantSource clock;
  private final Map<String, Observed> nodes = new TreeMap<>();

  /**
   * Nothing is known yet.
   *
   * @param clock one that is not set back or forth
   */
  public Roster(LogStore logs, ClusterSettings settings, InstantSource clock) {
    this.logs = logs;
    this.mostCounted = settings.heartbeat().multipliedBy(HEARTBEATS_COUNTED);
    this.clock = clock;
  }

  /** A node, with how long it has been silent as this observer has seen it. */
  private static final class Observed {
    private final NodeFold fold;
    private Duration silence = Duration.ZERO;
    private Instant countedTo;

    Observed(NodeFold fold, Instant now) {
      this.fold = fold;
      this.countedTo = now;
    }
  }

  static LogName log(String name) {
    return new LogName(PREFIX + name);
  }

  /** The node whose log it is; empty if it is another kind of log. */
  static Optional<String> node(LogName log) {
    return log.value().startsWith(PREFIX)
        ? Optional.of(log.value().substring(PREFIX.length()))
        : Optional.empty();
  }

  @Override
  public synchronized List<Member> members() {
    look();
    return known();
  }

  /** Brings the folds of all nodes up to date. */
  synchronized void look() {
    Map<String, Long> heads = new HashMap<>();
    LogName last = null;
    do {
      SequencedMap<LogName, Head> page = logs.list(PREFIX, last, PAGE);
      page.forEach((log, head) -> node(log).ifPresent(name -> heads.put(name, head.seq())));
      last = page.size() < PAGE ? null : page.lastEntry().getKey();
    } while (last != null);
    nodes.keySet().retainAll(heads.keySet());
    heads.forEach(this::observe);
  }

  /** Brings the fold of one node up to date. */
  synchronized void look(String name) {
    Head head = logs.head(log(name));
    if (head.exists()) {
      observe(name, head.seq());
    } else {
      nodes.remove(name);
    }
  }

  private void observe(String name, long head) {
    Instant now = clock.instant();
    Observed observed = nodes.get(name);
    if (observed == null
        || observed.fold.seq() > head
        || (observed.fold.isStrange() && !member(name, observed).isAlive())) {
      observed = new Observed(new NodeFold(logs, log(name)), now);
      nodes.put(name, observed);
      observed.fold.catchUp(head);
      Instant seen = Instant.ofEpochMilli(observed.fold.record().getSeenMillis());
      observed.silence = between(seen, now);
      return;
    }
    long signs = observed.fold.signs();
    observed.fold.catchUp(head);
    if (observed.fold.signs() > signs) {
      observed.silence = Duration.ZERO;
    } else {
      Duration passed = between(observed.countedTo, now);
      observed.silence =
          observed.silence.plus(passed.compareTo(mostCounted) > 0 ? mostCounted : passed);
    }
    observed.countedTo = now;
  }

  private static Duration between(Instant from, Instant to) {
    return to.isAfter(from) ? Duration.between(from, to) : Duration.ZERO;
  }

  /** The nodes as they were at the last look, by name. */
  synchronized List<Member> known() {
    List<Member> members = new ArrayList<>();
    nodes.forEach((name, observed) -> {
      if (observed.fold.record().hasJoined()) {
        members.add(member(name, observed));
      }
    });
    return List.copyOf(members);
  }

  /** The fold of a node's log as it was at the last look. */
  synchronized NodeRecord record(String name) {
    Observed observed = nodes.get(name);
    return observed == null ? NodeRecord.getDefaultInstance() : observed.fold.record();
  }

  /** The last entry of a node's log in {@link #record}; 0 if there is none. */
  synchronized long seq(String name) {
    Observed observed = nodes.get(name);
    return observed == null ? 0 : observed.fold.seq();
  }

  private static Member member(String name, Observed observed) {
    NodeRecord record = observed.fold.record();
    Wish wish = wish(record);
    Duration lease = Duration.ofMillis(record.getJoined().getLeaseMillis());
    Member.State state;
    if (record.getLeft()) {
      state = Member.State.LEFT;
    } else if (observed.silence.compareTo(lease) >= 0) {
      state = Member.State.DOWN;
    } else {
      state = wish.draining() ? Member.State.DRAINING : Member.State.UP;
    }
    return new Member(
        identity(name, record.getJoined()),
        state,
        wish,
        record.getAlive().getLettingGo(),
        state == Member.State.LEFT ? Vitals.NONE : vitals(record.getAlive()),
        Instant.ofEpochMilli(record.getSeenMillis()));
  }

  static Wish wish(NodeRecord record) {
    hikyaku.server.cluster.proto.Wish wish = record.getWish();
    return new Wish(
        wish.getDraining(),
        wish.hasWeight() ? Math.clamp(wish.getWeight(), 0, Wish.MOST) : Wish.NONE.weight(),
        wish.hasPools() ? Set.copyOf(List.of(wish.getPools().split(","))) : Wish.NONE.pools());
  }

  private static Identity identity(String name, Joined joined) {
    Set<Role> roles =
        joined.getRolesList().stream()
            .flatMap(label -> Role.labelled(label).stream())
            .collect(Collectors.toSet());
    return new Identity(
        name,
        joined.getDirectory(),
        joined.getVersion(),
        roles,
        Optional.of(joined.getLinkAddress()).filter(address -> !address.isEmpty()),
        joined.getAdminAddress(),
        Instant.ofEpochMilli(joined.getStartedMillis()),
        joined.getConnections(),
        joined.getConnectionsPerProtocol(),
        joined.getMailSourcesList());
  }

  private static Vitals vitals(Alive alive) {
    return new Vitals(
        alive.getLoadPermille() / 1000.0,
        alive.getSessionsList().stream()
            .collect(Collectors.toMap(Sessions::getProtocol, Sessions::getCount, Integer::sum)),
        alive.getAttached(),
        alive.getProblemsList(),
        alive.getUsageList().stream()
            .collect(Collectors.toMap(Usage::getSubject, Usage::getSessions, Integer::sum)));
  }

  @Override
  public void drain(String name, boolean wanted) throws ClusterException.NoSuchNode {
    wish(name, hikyaku.server.cluster.proto.Wish.newBuilder().setDraining(wanted));
  }

  @Override
  public void weigh(String name, int weight) throws ClusterException.NoSuchNode {
    Wish bounded = new Wish(false, weight, Wish.NONE.pools());
    wish(name, hikyaku.server.cluster.proto.Wish.newBuilder().setWeight(bounded.weight()));
  }

  @Override
  public void pool(String name, Set<String> pools) throws ClusterException.NoSuchNode {
    Wish checked = new Wish(false, 0, pools);
    wish(name, hikyaku.server.cluster.proto.Wish.newBuilder().setPools(checked.poolNames()));
  }

  private void wish(String name, hikyaku.server.cluster.proto.Wish.Builder wish)
      throws ClusterException.NoSuchNode {
    if (!Identity.isName(name)) {
      throw new ClusterException.NoSuchNode(name);
    }
    Event event = Event.of(NodeEvent.newBuilder().setWish(wish).build().toByteString());
    if (logs.append(Append.to(log(name), List.of(event))) instanceof Conflict) {
      throw new ClusterException.NoSuchNode(name);
    }
  }

  @Override
  public void forget(String name) throws ClusterException {
    Member member = member(name).orElseThrow(() -> new ClusterException.NoSuchNode(name));
    if (member.isAlive()) {
      throw new ClusterException.StillAlive(name);
    }
    logs.drop(log(name));
  }
}
