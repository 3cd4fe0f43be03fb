package hikyaku.server.cluster;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.cluster.proto.Alive;
import hikyaku.server.cluster.proto.Joined;
import hikyaku.server.cluster.proto.Left;
import hikyaku.server.cluster.proto.NodeEvent;
import hikyaku.server.cluster.proto.NodeRecord;
import hikyaku.server.cluster.proto.Sessions;
import hikyaku.server.cluster.proto.Usage;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's place in the cluster, from {@link #join} to {@link #close}, and what it knows of the
 * others. A thread of its own gives signs of life and looks for those of the others: at every
 * heartbeat, and when the store hints that a node's log moved.
 */
public final class Membership implements Cluster, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

  /** Entries of the own log that are left to gather before they are compacted. */
  static final int KEPT = 64;

  /** How often a name's earlier owner is looked for while its lease runs out. */
  private static final Duration LOOK = Duration.ofMillis(250);

  /** A listener's hold; closing it ends the calls, except one already under way. */
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits, or not, as a test likes. */
  interface Waiting {
    void pause(Duration time) throws InterruptedException;
  }

  private final LogStore logs;
  private final ClusterSettings settings;
  private final InstantSource clock;
  private final Identity identity;
  private final Supplier<Vitals> vitals;
  private final Roster roster;
  private final LogName log;
  private final long run = new SecureRandom().nextLong();
  private final List<Consumer<List<Member>>> onChange = new CopyOnWriteArrayList<>();
  private final List<Consumer<Wish>> onWish = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();
  private boolean closed;
  private final Set<String> moved = new HashSet<>();
  private volatile boolean superseded;
  private volatile boolean failing;

  /** When the last sign of life was begun that the store has taken; {@link System#nanoTime}. */
  private volatile long heard = System.nanoTime();

  private volatile long heardSince = heard;

  private volatile List<Member> others = List.of();
  private volatile Wish wish = Wish.NONE;
  private long compacted;
  private LogStore.@Nullable Registration hints;
  private @Nullable Thread thread;

  private Membership(
      LogStore logs,
      ClusterSettings settings,
      InstantSource clock,
      Identity identity,
      Supplier<Vitals> vitals) {
    this.logs = logs;
    this.settings = settings;
    this.clock = clock;
    this.identity = identity;
    this.vitals = vitals;
    this.roster = new Roster(logs, settings, clock);
    this.log = Roster.log(identity.name());
  }

  /**
   * Joins. Returns when the node is a member, which takes up to a lease if another run under its
   * name, on another data directory, has not ended in order. {@link #live} is to follow soon.
   *
   * @param clock one that is not set back or forth
   * @param vitals asked at every heartbeat and whenever somebody looks at this node
   * @throws ClusterException.NameTaken if that other run gives signs of life
   */
  public static Membership join(
      LogStore logs,
      ClusterSettings settings,
      InstantSource clock,
      Identity identity,
      Supplier<Vitals> vitals)
      throws ClusterException, InterruptedException {
    return join(logs, settings, clock, identity, vitals, time -> Thread.sleep(time));
  }

  static Membership join(
      LogStore logs,
      ClusterSettings settings,
      InstantSource clock,
      Identity identity,
      Supplier<Vitals> vitals,
      Waiting waiting)
      throws ClusterException, InterruptedException {
    Membership membership = new Membership(logs, settings, clock, identity, vitals);
    membership.enter(waiting);
    membership.look();
    return membership;
  }

  private void enter(Waiting waiting) throws ClusterException, InterruptedException {
    while (true) {
      roster.look();
      awaitSilence(waiting);
      long seq = roster.seq(identity.name());
      if (logs.append(joining(seq)) instanceof Appended) {
        compacted = Math.max(0, seq - 2 * KEPT);
        return;
      }
    }
  }

  private Append joining(long seq) {
    Joined.Builder joined =
        Joined.newBuilder()
            .setRun(run)
            .setDirectory(identity.directory())
            .setVersion(identity.version())
            .addAllRoles(identity.roles().stream().map(Role::label).sorted().toList())
            .setLinkAddress(identity.link().orElse(""))
            .setAdminAddress(identity.admin())
            .setStartedMillis(identity.started().toEpochMilli())
            .setLeaseMillis(Math.toIntExact(settings.lease().toMillis()))
            .setConnections(identity.connections())
            .setConnectionsPerProtocol(identity.connectionsPerProtocol())
            .addAllMailSources(identity.mailSources());
    return new Append(
        log, List.of(event(NodeEvent.newBuilder().setJoined(joined))), Append.Expect.at(seq), null);
  }

  /** Makes sure that no other run has the name. */
  private void awaitSilence(Waiting waiting) throws ClusterException, InterruptedException {
    NodeRecord before = roster.record(identity.name());
    if (!before.hasJoined()
        || before.getLeft()
        || before.getJoined().getDirectory() == identity.directory()) {
      return;
    }
    Duration lease = Duration.ofMillis(before.getJoined().getLeaseMillis());
    LOG.atInfo()
        .addKeyValue("node", identity.name())
        .addKeyValue("lease", lease)
        .log("another run of this name has not ended in order; waiting for its lease to run out");
    Instant until = clock.instant().plus(lease);
    while (clock.instant().isBefore(until)) {
      waiting.pause(LOOK);
      roster.look(identity.name());
      NodeRecord now = roster.record(identity.name());
      if (!now.hasJoined() || now.getLeft()) {
        return;
      }
      if (now.getSeenMillis() != before.getSeenMillis()) {
        throw new ClusterException.NameTaken(identity.name(), now.getJoined().getAdminAddress());
      }
    }
  }

  /**
   * Gives the first sign of life, now that the node serves, and goes on by itself.
   *
   * @param alone whether no other process can open the store: then there is nobody to give signs of
   *     life to
   */
  public void live(boolean alone) {
    hints = logs.hints(this::hinted);
    thread = Thread.ofPlatform().daemon().name("membership").start(() -> run(alone));
  }

  private void hinted(LogName log) {
    Roster.node(log)
        .ifPresent(name -> {
          lock.lock();
          try {
            moved.add(name);
            wake.signalAll();
          } finally {
            lock.unlock();
          }
        });
  }

  private void run(boolean alone) {
    long heartbeat = settings.heartbeat().toNanos();
    long due = System.nanoTime();
    Set<String> hinted = Set.of();
    while (true) {
      if (System.nanoTime() - due >= 0) {
        due = System.nanoTime() + heartbeat;
        guarded(() -> {
          if (!alone) {
            beat();
          }
          look();
        });
      } else {
        Set<String> names = hinted;
        guarded(() -> {
          names.forEach(roster::look);
          review();
        });
      }
      lock.lock();
      try {
        while (!closed && moved.isEmpty() && due - System.nanoTime() > 0) {
          long unused = wake.awaitNanos(due - System.nanoTime());
        }
        if (closed) {
          return;
        }
        hinted = Set.copyOf(moved);
        moved.clear();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } finally {
        lock.unlock();
      }
    }
  }

  private void guarded(Runnable work) {
    try {
      work.run();
      if (failing) {
        failing = false;
        LOG.atInfo().log("the cluster's logs are in reach again");
      }
    } catch (StoreException e) {
      if (!failing) {
        failing = true;
        LOG.atWarn()
            .addKeyValue("cause", e.getMessage())
            .log("the cluster's logs are out of reach; other nodes may take this one for dead");
      }
    } catch (RuntimeException | Error e) {
      LOG.atError().setCause(e).log("bug in the membership");
    }
  }

  /** Gives a sign of life. */
  void beat() {
    if (superseded) {
      return;
    }
    long began = System.nanoTime();
    Vitals now = vitals.get();
    Alive.Builder alive =
        Alive.newBuilder()
            .setRun(run)
            .setLoadPermille((int) Math.round(Math.clamp(now.load(), 0, 1) * 1000))
            .setAttached(now.attached())
            .setLettingGo(wish.draining())
            .addAllProblems(now.problems());
    now.sessions().entrySet().stream()
        .filter(each -> each.getValue() > 0)
        .sorted(Map.Entry.comparingByKey())
        .forEach(each ->
            alive.addSessions(
                Sessions.newBuilder().setProtocol(each.getKey()).setCount(each.getValue())));
    now.usage()
        .forEach((subject, sessions) ->
            alive.addUsage(Usage.newBuilder().setSubject(subject).setSessions(sessions)));
    Append append = Append.to(log, List.of(event(NodeEvent.newBuilder().setAlive(alive))));
    if (!(logs.append(append) instanceof Appended)) {
      // Somebody has struck out this node, mistaking it for one that does not come back.
      LOG.atWarn()
          .addKeyValue("node", identity.name())
          .log("this node was struck out; joining anew");
      logs.append(joining(0));
      compacted = 0;
    }
    if (!isInTime()) {
      heardSince = System.nanoTime();
    }
    heard = began;
  }

  /**
   * Whether no other node can take this one for dead: its last sign of life is younger than its
   * lease, which others count from when they see it. Asks no store.
   */
  public boolean isHeard() {
    return !superseded && isInTime();
  }

  private boolean isInTime() {
    return System.nanoTime() - heard < settings.lease().toNanos();
  }

  /**
   * Since when {@link #isHeard} has held without a break, by {@link System#nanoTime}. In a break
   * others may have taken this node for dead, and what it had.
   */
  public long heardSince() {
    return heardSince;
  }

  /** Sees how the others fare and what is wanted of this node. */
  void look() {
    roster.look();
    review();
  }

  /** Acts on what the roster has seen. */
  private synchronized void review() {
    NodeRecord own = roster.record(identity.name());
    long seq = roster.seq(identity.name());
    if (own.hasJoined() && own.getJoined().getRun() != run && !superseded) {
      superseded = true;
      LOG.atError()
          .addKeyValue("node", identity.name())
          .addKeyValue("other", own.getJoined().getAdminAddress())
          .log("another run has taken this node's name; this one is no longer of the cluster");
    }
    if (!superseded && seq - compacted >= KEPT) {
      logs.saveSnapshot(log, new Snapshot(seq, own.toByteString()));
      logs.compact(log, LongStream.rangeClosed(compacted + 1, seq).toArray());
      compacted = seq;
    }
    boolean changed = !superseded && wanted(Roster.wish(own));
    List<Member> seen =
        roster.known().stream().filter(member -> !member.name().equals(identity.name())).toList();
    if (changed || !seen.equals(others)) {
      others = seen;
      List<Member> all = members();
      onChange.forEach(listener -> tell(listener, all));
    }
  }

  private boolean wanted(Wish now) {
    if (now.equals(wish)) {
      return false;
    }
    wish = now;
    LOG.atInfo()
        .addKeyValue("draining", now.draining())
        .addKeyValue("weight", now.weight())
        .addKeyValue("pools", now.poolNames())
        .log("the operator wants this of the node");
    onWish.forEach(listener -> tell(listener, now));
    return true;
  }

  private static <T> void tell(Consumer<T> listener, T news) {
    try {
      listener.accept(news);
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("bug in a listener to the cluster");
    }
  }

  /** This node, as it is now. */
  public Member self() {
    Wish now = wish;
    return new Member(
        identity,
        now.draining() ? Member.State.DRAINING : Member.State.UP,
        now,
        now.draining(),
        vitals.get(),
        clock.instant());
  }

  /** The name of this node. */
  public String name() {
    return identity.name();
  }

  /** This node as it is now, the others as they were at the last look. Asks no store. */
  @Override
  public List<Member> members() {
    List<Member> members = new ArrayList<>(others);
    members.add(self());
    members.sort(Comparator.comparing(Member::name));
    return List.copyOf(members);
  }

  /**
   * The node of a name as the store has it now: the run that joined last under it. Unlike {@link
   * #member} it asks the store, and of this node too.
   */
  public Optional<Member> find(String name) {
    roster.look(name);
    return roster.known().stream().filter(member -> member.name().equals(name)).findFirst();
  }

  /** What keeps this node from its place, a sentence each. */
  public List<String> problems() {
    return superseded
        ? List.of(
            "another node has the name "
                + identity.name()
                + "; give one of the two another name with node.name")
        : List.of();
  }

  /**
   * Tells of changes among the nodes, on the membership's thread or that of somebody who wants
   * something of a node, so the listener must return soon. It is told often: the figures of nodes
   * that live change with each heartbeat.
   */
  public Registration onChange(Consumer<List<Member>> listener) {
    onChange.add(listener);
    return () -> onChange.remove(listener);
  }

  /**
   * Tells what is wanted of this node: now, unless that is {@link Wish#NONE}, and whenever it
   * changes, on a thread as {@link #onChange}.
   */
  public synchronized Registration onWish(Consumer<Wish> listener) {
    onWish.add(listener);
    Wish now = wish;
    if (!now.equals(Wish.NONE)) {
      tell(listener, now);
    }
    return () -> onWish.remove(listener);
  }

  @Override
  public void drain(String name, boolean wanted) throws ClusterException.NoSuchNode {
    roster.drain(name, wanted);
    refresh(name);
  }

  @Override
  public void weigh(String name, int weight) throws ClusterException.NoSuchNode {
    roster.weigh(name, weight);
    refresh(name);
  }

  @Override
  public void pool(String name, Set<String> pools) throws ClusterException.NoSuchNode {
    roster.pool(name, pools);
    refresh(name);
  }

  /** Lets who has written something see it at once. */
  private void refresh(String name) {
    guarded(() -> {
      roster.look(name);
      review();
    });
  }

  @Override
  public void forget(String name) throws ClusterException {
    if (name.equals(identity.name())) {
      throw new ClusterException.StillAlive(name);
    }
    roster.forget(name);
    guarded(this::look);
  }

  private static Event event(NodeEvent.Builder event) {
    return Event.of(event.build().toByteString());
  }

  /** Leaves, and says so if the store is in reach. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
    if (hints != null) {
      hints.close();
    }
    boolean interrupted = false;
    while (thread != null && thread.isAlive() && !interrupted) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
        Thread.currentThread().interrupt();
      }
    }
    if (superseded) {
      return;
    }
    try {
      logs.append(
          Append.to(
              log, List.of(event(NodeEvent.newBuilder().setLeft(Left.newBuilder().setRun(run))))));
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("cause", e.getMessage())
          .log("could not say that this node leaves; the others will find out by its lease");
    }
  }
}
