package hikyaku.server.net;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All listeners of a node and the connections they accepted. Started once, stopped once: a start
 * that fails leaves nothing behind; a stop refuses what is new, lets the waiting sessions say
 * goodbye at once, gives the busy ones their grace, and closes the rest.
 */
public final class NetServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetServer.class);

  /** After the last resort, a thread that does not end is none that this package blocks. */
  private static final Duration AFTER_FORCE = Duration.ofSeconds(5);

  /** Lines on refused connections at most this often. */
  private static final Duration REFUSAL_LOG = Duration.ofSeconds(5);

  /** Lines on clients that a limit of {@link Flow} turned away, who are told so. */
  private static final Duration LIMIT_LOG = Duration.ofMillis(100);

  /** Beyond these a journal has each, by which a session's refusal is found, unless it storms. */
  private static final Duration REFUSAL_STORY = Duration.ofMillis(5);

  private final Muffler refusalStories = new Muffler(REFUSAL_STORY);
  private final Muffler refusalLog = new Muffler(REFUSAL_LOG);
  private final Muffler limitLog = new Muffler(LIMIT_LOG);
  private final List<ListenerSpec> specs;
  private final NetLimits limits;
  private final Traces traces;
  private final Supplier<String> ids;
  private final Flow flow;
  private final InstantSource clock;
  private final NetMetrics metrics;
  private final int capacity;
  private final Admission admission;
  private final ProxyGate gate;
  private final Semaphore refusals;
  private final AtomicReference<@Nullable TlsContext> tls = new AtomicReference<>();
  private final Set<Session> live = ConcurrentHashMap.newKeySet();
  private final List<Listener> listeners = new ArrayList<>();
  private final ReentrantLock lifecycle = new ReentrantLock();
  private final Condition watchEnds = lifecycle.newCondition();
  private final Condition departure = lifecycle.newCondition();
  private volatile boolean stopping;
  private @Nullable NetShared shared;
  private @Nullable Thread watch;
  private boolean watching;

  public NetServer(
      List<ListenerSpec> listeners,
      NetLimits limits,
      Traces traces,
      Supplier<String> ids,
      MeterRegistry meters,
      InstantSource clock) {
    this(listeners, limits, traces, ids, Flow.NONE, meters, clock);
  }

  public NetServer(
      List<ListenerSpec> listeners,
      NetLimits limits,
      Traces traces,
      Supplier<String> ids,
      Flow flow,
      MeterRegistry meters,
      InstantSource clock) {
    this.specs = List.copyOf(listeners);
    this.limits = limits;
    this.traces = traces;
    this.ids = ids;
    this.flow = flow;
    this.clock = clock;
    this.metrics = new NetMetrics(meters);
    this.capacity = Descriptors.connections(limits);
    this.admission = new Admission(limits, capacity);
    this.gate = new ProxyGate(limits.proxyHeader(), metrics);
    this.refusals = new Semaphore(limits.refusals());
  }

  /**
   * Has handshakes from now on use this context: before the start, and at any time to renew
   * certificates. Connections that have TLS already keep theirs.
   */
  public void useTls(TlsContext context) {
    tls.set(context);
  }

  /**
   * Binds every listener, then accepts on all.
   *
   * @throws IOException naming the listener that could not be bound, and why; nothing is left bound
   */
  public void start() throws IOException {
    lifecycle.lock();
    try {
      if (shared != null) {
        throw new IllegalStateException("started already");
      }
      requireTls();
      Descriptors.openPollers();
      NetShared common = new NetShared(limits, traces, ids, tls, flow, clock);
      try {
        for (ListenerSpec spec : specs) {
          listeners.add(Listener.bind(spec, limits.backlog(), this::arrived));
        }
      } catch (IOException e) {
        closeListeners();
        listeners.clear();
        throw e;
      }
      shared = common;
      watching = true;
      watch = Thread.ofPlatform().daemon().name("net-watch").start(this::watch);
      listeners.forEach(Listener::start);
    } finally {
      lifecycle.unlock();
    }
    for (Listener listener : listeners) {
      LOG.atInfo()
          .addKeyValue("listener", listener.spec().name())
          .addKeyValue("address", listener.address())
          .log("listening");
    }
  }

  private void requireTls() throws IOException {
    for (ListenerSpec spec : specs) {
      if (spec.tls() != TlsMode.NONE && tls.get() == null) {
        throw new IOException("listener " + spec + " speaks TLS and there is no certificate");
      }
    }
  }

  /** Where each listener is bound, by its name. */
  public Map<String, InetSocketAddress> addresses() {
    lifecycle.lock();
    try {
      Map<String, InetSocketAddress> addresses = new HashMap<>();
      for (Listener listener : listeners) {
        addresses.put(listener.spec().name(), listener.address());
      }
      return addresses;
    } finally {
      lifecycle.unlock();
    }
  }

  private void arrived(ListenerSpec spec, SocketChannel channel) {
    try {
      NetShared common = shared;
      if (common == null) {
        throw new IOException("not started");
      }
      SocketSettings.apply(channel);
      Arrival arrival = Arrival.of(common, spec, channel, metrics.of(spec.protocol()));
      if (!spec.isProxy(arrival.remote().getAddress())) {
        admit(common, arrival, () -> {});
      } else if (admission.total() + gate.waiting() < capacity) {
        gate.receive(arrival, (client, placed) -> admit(common, client, placed));
      } else {
        // Nothing can be said before the header has come.
        refused(arrival.newcomer(), Refusal.TOTAL, "");
        close(channel);
      }
    } catch (IOException e) {
      // The client is gone already.
      LOG.atDebug().addKeyValue("listener", spec.name()).setCause(e).log("lost at accept");
      close(channel);
    } catch (RuntimeException e) {
      bugAtAccept(spec, e);
      close(channel);
    }
  }

  private void bugAtAccept(ListenerSpec spec, RuntimeException bug) {
    metrics.of(spec.protocol()).bug();
    LOG.atError().addKeyValue("listener", spec.name()).setCause(bug).log("bug at accept");
  }

  /**
   * @param placed called when it is counted among the connections, or is not let in, and before the
   *     client can see either
   */
  private void admit(NetShared common, Arrival arrival, Runnable placed) {
    try {
      Flow.Newcomer newcomer = arrival.newcomer();
      Protocol protocol = arrival.listener().protocol();
      Entered entered = enter(admission.admit(protocol, newcomer.remote()), newcomer);
      placed.run();
      switch (entered) {
        case Entered.Entering(Entry entry) -> begin(common, arrival, entry);
        case Entered.TurnedAway(Refusal reason, String limit) -> {
          refused(newcomer, reason, limit);
          refuse(common, arrival, reason);
        }
      }
    } catch (RuntimeException e) {
      bugAtAccept(arrival.listener(), e);
      arrival.ground().close(CloseReason.BUG);
    }
  }

  /** What all limits together say. */
  private sealed interface Entered {
    record Entering(Entry entry) implements Entered {}

    /**
     * @param limit empty for one of {@link NetLimits}, which the reason names
     */
    record TurnedAway(Refusal reason, String limit) implements Entered {}
  }

  private Entered enter(Admission.Answer answer, Flow.Newcomer newcomer) {
    return switch (answer) {
      case Admission.Answer.Refused(Refusal reason) -> new Entered.TurnedAway(reason, "");
      case Admission.Answer.Admitted(Admission.Ticket ticket) -> enter(ticket, newcomer);
    };
  }

  private Entered enter(Admission.Ticket ticket, Flow.Newcomer newcomer) {
    boolean in = false;
    try {
      Entered entered =
          switch (flow.arrive(newcomer)) {
            case Flow.Answer.Admitted(Flow.Passage passage, long holdNanos) ->
                new Entered.Entering(new Entry(ticket, passage, holdNanos));
            case Flow.Answer.Refused(Refusal reply, String limit) ->
                new Entered.TurnedAway(reply, limit);
          };
      in = entered instanceof Entered.Entering;
      return entered;
    } finally {
      if (!in) {
        ticket.release();
      }
    }
  }

  /** Counts and logs a refusal. */
  private void refused(Flow.Newcomer newcomer, Refusal reason, String limit) {
    metrics.named(newcomer.protocol()).refused(reason);
    long heldBack = (limit.isEmpty() ? refusalLog : limitLog).admit();
    if (heldBack >= 0 || refusalStories.admit() >= 0) {
      (heldBack >= 0 ? LOG.atInfo() : LOG.atDebug())
          .addKeyValue("session", newcomer.sessionId())
          .addKeyValue("listener", newcomer.listener())
          .addKeyValue("remote", newcomer.remote().getHostAddress())
          .addKeyValue("reason", reason)
          .addKeyValue("limit", limit)
          .addKeyValue("heldBack", Math.max(0, heldBack))
          .log("refused");
    }
  }

  private void begin(NetShared common, Arrival arrival, Entry entry) {
    Session session;
    try {
      session = Session.of(common, arrival, metrics.of(arrival.listener().protocol()), entry);
    } catch (RuntimeException e) {
      entry.release();
      throw e;
    }
    run(session);
  }

  /**
   * Serves a session that a front hands over, on a thread of its own.
   *
   * @param service what is spoken; its name is that in the session
   * @throws IOException if this server does not run
   */
  public CarriedSession.Reins carry(CarriedSession session, Protocol service, Carrier carrier)
      throws IOException {
    NetShared common = shared;
    if (common == null) {
      throw new IOException("not started");
    }
    ListenerSpec spec =
        new ListenerSpec(session.listener(), service, session.local(), session.mode());
    InetAddress remote = session.remote().getAddress();
    CarriedLayer ground = new CarriedLayer(carrier);
    Flow.Newcomer newcomer =
        new Flow.Newcomer(
            session.sessionId(),
            service.name(),
            session.listener(),
            remote,
            session.position().isPresent());
    // One that was let in once is not turned away because its node went.
    Admission.Answer answer =
        newcomer.moved()
            ? new Admission.Answer.Admitted(admission.readmit(service, remote))
            : admission.admit(service, remote);
    switch (enter(answer, newcomer)) {
      case Entered.Entering(Entry entry) ->
          run(Session.of(common, spec, session, ground, metrics.of(service), entry));
      case Entered.TurnedAway(Refusal reason, String limit) -> {
        refused(newcomer, reason, limit);
        Session refused =
            Session.of(common, spec, session, ground, metrics.of(service), Entry.REFUSED);
        refused.run(_ -> {}).refuse(reason);
      }
    }
    return ground;
  }

  private void run(Session session) {
    live.add(session);
    session.run(this::left).start();
  }

  private void left(Session session) {
    live.remove(session);
    for (Listener listener : listeners) {
      listener.nudge();
    }
    if (stopping) {
      lifecycle.lock();
      try {
        departure.signalAll();
      } finally {
        lifecycle.unlock();
      }
    }
  }

  private void refuse(NetShared common, Arrival arrival, Refusal reason) {
    if (!refusals.tryAcquire()) {
      arrival.ground().close(CloseReason.REFUSED);
      return;
    }
    Session session;
    try {
      session =
          Session.of(common, arrival, metrics.of(arrival.listener().protocol()), Entry.REFUSED);
    } catch (RuntimeException e) {
      refusals.release();
      throw e;
    }
    live.add(session);
    session
        .run(ended -> {
          refusals.release();
          left(ended);
        })
        .refuse(reason);
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("closing a connection");
    }
  }

  /** Looks at waits that are over and writes that hang, often enough for the limit on those. */
  private void watch() {
    long every = Math.clamp(Deadline.nanos(limits.write()) / 4, 1_000_000, 1_000_000_000);
    lifecycle.lock();
    try {
      while (watching) {
        if (watchEnds.await(every, TimeUnit.NANOSECONDS)) {
          continue;
        }
        long now = System.nanoTime();
        for (Session session : live) {
          session.check(now);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lifecycle.unlock();
    }
  }

  /** The live connections, oldest first. */
  public List<ConnectionInfo> connections() {
    return live.stream()
        .map(Session::info)
        .sorted(Comparator.comparing(ConnectionInfo::sessionId))
        .toList();
  }

  /** The number of live connections. */
  public int connectionCount() {
    return live.size();
  }

  /** How many connections are open, by protocol; protocols without one are left out. */
  public Map<String, Integer> connectionsByProtocol() {
    return admission.byProtocol();
  }

  /** A live connection by its session id. */
  public Optional<Connection> connection(String sessionId) {
    return live.stream()
        .filter(session -> session.sessionId().equals(sessionId))
        .<Connection>map(session -> session)
        .findAny();
  }

  /** Ends live connections; says how many. */
  public int end(Predicate<ConnectionInfo> which, CloseReason reason) {
    int ended = 0;
    for (Session session : live) {
      if (which.test(session.info())) {
        session.close(reason);
        ended++;
      }
    }
    return ended;
  }

  /**
   * Has live connections leave for nodes that are chosen anew, each where it is settled; says how
   * many. Those that no front carries stay.
   */
  public int move(Predicate<ConnectionInfo> which) {
    int moved = 0;
    for (Session session : live) {
      if (which.test(session.info()) && session.move()) {
        moved++;
      }
    }
    return moved;
  }

  /** Bugs met since the start: zero, if all is well. */
  public long bugs() {
    return specs.stream()
        .map(ListenerSpec::protocol)
        .map(Protocol::name)
        .distinct()
        .mapToLong(name -> (long) metrics.named(name).bugs())
        .sum();
  }

  /** How long a stop waits for sessions that are busy. */
  public Duration grace() {
    return limits.grace();
  }

  /** Stops with the grace of {@link NetLimits#grace()}. */
  @Override
  public void close() {
    stop(limits.grace());
  }

  /** Stops; returns when everything has ended that can be ended. A second stop does nothing. */
  public StopReport stop(Duration grace) {
    NetShared common;
    lifecycle.lock();
    try {
      common = shared;
      if (common == null || !watching) {
        return new StopReport(0, 0, 0);
      }
      closeListeners();
    } finally {
      lifecycle.unlock();
    }
    gate.close();
    stopping = true;
    Set<Session> ending = Set.copyOf(live);
    ending.forEach(Session::stop);
    long deadline = Deadline.after(grace);
    Collection<Session> late = stillThere(ending, deadline);
    late.forEach(session -> session.close(CloseReason.STOPPING));
    Collection<Session> stuck =
        stillThere(late, System.nanoTime() + (late.isEmpty() ? 0 : AFTER_FORCE.toNanos()));
    stuck.forEach(session ->
        LOG.atError().addKeyValue("session", session.sessionId()).log("session does not end"));
    endWatch();
    StopReport report =
        new StopReport(ending.size() - late.size(), late.size() - stuck.size(), stuck.size());
    (specs.isEmpty() ? LOG.atDebug() : LOG.atInfo())
        .addKeyValue("inOrder", report.inOrder())
        .addKeyValue("forced", report.forced())
        .addKeyValue("stuck", report.stuck())
        .log("stopped");
    return report;
  }

  /** Those that have not ended at the deadline. */
  private Collection<Session> stillThere(Collection<Session> ending, long deadline) {
    List<Session> there = new ArrayList<>();
    for (Session session : ending) {
      if (!awaitDeparture(session, deadline)) {
        there.add(session);
      }
    }
    return there;
  }

  private boolean awaitDeparture(Session session, long deadline) {
    boolean interrupted = false;
    lifecycle.lock();
    try {
      while (live.contains(session) && deadline - System.nanoTime() > 0) {
        try {
          departure.awaitNanos(deadline - System.nanoTime());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      return !live.contains(session);
    } finally {
      lifecycle.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void endWatch() {
    Thread ending;
    lifecycle.lock();
    try {
      watching = false;
      watchEnds.signalAll();
      ending = watch;
    } finally {
      lifecycle.unlock();
    }
    if (ending != null) {
      Threads.join(ending);
    }
  }

  private void closeListeners() {
    for (Listener listener : listeners.reversed()) {
      listener.close();
    }
  }
}
