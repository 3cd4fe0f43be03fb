package hikyaku.server.flow;

import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.LoginGate;
import hikyaku.server.auth.Pause;
import hikyaku.server.directory.Address;
import hikyaku.server.net.Flow;
import hikyaku.server.net.Refusal;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flow control of one node: who may come in, who may log in, and who has to wait. It decides from
 * the limits of the {@link LimitBook}, which it follows from {@link #start} to {@link #close}, and
 * from a {@link Census} of who is inside.
 */
public final class FlowControl implements Flow, LoginGate, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FlowControl.class);

  /** How often the limits are looked at where no hint tells of a change. */
  private static final long LOOK_NANOS = 500_000_000;

  private static final double SECOND = 1e9;

  private final String node;
  private final LimitBook book;
  private final boolean loopbackExempt;
  private final long mostHoldNanos;
  private final long mostDelayNanos;
  private final Census census;
  private final Bucket arrivals;
  private final FairGate logins;

  /** The place that each session took last; it has the others. */
  private final Map<String, Place> places = new ConcurrentHashMap<>();

  private final Pause pause;
  private final MeterRegistry metrics;
  private final Counter waited;
  private volatile Limits limits;

  /** The state of the book that the limits are of; guarded by the book. */
  private long seen;

  private final ReentrantLock lifecycle = new ReentrantLock();
  private final Condition wake = lifecycle.newCondition();
  private boolean closed;
  private boolean hinted;
  private boolean failing;
  private LogStore.@Nullable Registration hints;
  private @Nullable Thread thread;

  /**
   * @param node this node's name
   * @param loopbackExempt whether clients on this machine have no limits by default on their
   *     address
   * @param heartbeat how often nodes tell each other how they fare
   * @param nanoTime as {@link System#nanoTime()}
   * @param pause how sessions wait
   */
  public FlowControl(
      String node,
      FlowSettings settings,
      LimitBook book,
      boolean loopbackExempt,
      Duration heartbeat,
      LongSupplier nanoTime,
      Pause pause,
      MeterRegistry metrics) {
    this.node = node;
    this.book = book;
    this.loopbackExempt = loopbackExempt;
    this.mostHoldNanos = settings.hold().toNanos();
    this.mostDelayNanos = settings.delay().toNanos();
    this.census = new Census(heartbeat.toNanos(), nanoTime);
    this.arrivals = new Bucket(nanoTime, settings.arrivals(), settings.arrivalsBurst());
    this.logins =
        new FairGate(
            new Bucket(nanoTime, settings.logins(), settings.loginsBurst()),
            (int) Math.min(1_000_000, settings.logins() * settings.hold().toMillis() / 1000));
    this.pause = pause;
    this.metrics = metrics;
    this.waited =
        Counter.builder("hikyaku.flow.waited")
            .description("Time for which limits had sessions wait")
            .baseUnit("seconds")
            .register(metrics);
    this.limits = new Limits(0, List.of(), loopbackExempt);
  }

  // ---- limits

  /** Follows the limits from now on. The first look is made before this returns. */
  public void start() {
    look();
    hints = book.hints(this::hinted);
    thread = Thread.ofPlatform().daemon().name("flow").start(this::live);
  }

  private void hinted() {
    lifecycle.lock();
    try {
      hinted = true;
      wake.signalAll();
    } finally {
      lifecycle.unlock();
    }
  }

  private void live() {
    while (awaitNext()) {
      try {
        look();
        tick();
        if (failing) {
          failing = false;
          LOG.atInfo().log("the limits are in reach again");
        }
      } catch (StoreException e) {
        if (!failing) {
          failing = true;
          LOG.atWarn()
              .addKeyValue("cause", e.getMessage())
              .log("the limits are out of reach; they stay as they are");
        }
      } catch (RuntimeException e) {
        LOG.atError().setCause(e).log("bug in flow control");
      }
    }
  }

  private boolean awaitNext() {
    lifecycle.lock();
    try {
      long left = LOOK_NANOS;
      while (!closed && !hinted && left > 0) {
        left = wake.awaitNanos(left);
      }
      hinted = false;
      return !closed;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lifecycle.unlock();
    }
  }

  /** Sees now whether the limits have changed. May throw {@link StoreException}. */
  public void look() {
    synchronized (book) {
      long state = book.look();
      if (state != seen) {
        List<Limit> now = book.known();
        limits = new Limits(limits.epoch + 1, now, loopbackExempt);
        seen = state;
        LOG.atInfo().addKeyValue("limits", now.size()).log("the limits have changed");
      }
    }
  }

  /** Forgets whom nobody needs any more. */
  void tick() {
    census.tick();
  }

  /** How many subjects are counted. */
  int counted() {
    return census.size();
  }

  Limits limits() {
    return limits;
  }

  // ---- at the door

  @Override
  public Flow.Answer arrive(Newcomer newcomer) {
    Place place = new Place(this, newcomer.sessionId());
    List<Subject> subjects =
        List.of(
            Subject.address(newcomer.remote()),
            Subject.prefix(newcomer.remote()),
            Subject.protocol(newcomer.protocol()),
            Subject.listener(newcomer.listener()),
            Subject.node(node),
            Subject.TOTAL);
    census.lock();
    try {
      List<Meter> meters = census.meters(subjects);
      long hold = 0;
      if (!newcomer.moved()) {
        Refused refused = refused(place, meters);
        if (refused != null) {
          return new Flow.Answer.Refused(
              refused.subject.kind().isOfClient() ? Refusal.ADDRESS : Refusal.TOTAL, refused.limit);
        }
        hold = arrivals.waitForOne();
        if (hold > mostHoldNanos) {
          count("arrivals", Dimension.NEW);
          return new Flow.Answer.Refused(Refusal.TOTAL, "flow.arrivals of " + Subject.node(node));
        }
        long unused = arrivals.take(1, mostHoldNanos);
        hold = Math.max(hold, take(meters));
      }
      census.enter(place, meters, newcomer.moved());
      Place unused = places.merge(place.session, place, (before, last) -> last.after(before));
      return new Flow.Answer.Admitted(place, hold);
    } finally {
      census.unlock();
    }
  }

  /** Who is turned away, and why. */
  private record Refused(Subject subject, String limit) {}

  /** The first limit that one more session would break; null if there is none. Under the lock. */
  private @Nullable Refused refused(Place place, List<Meter> meters) {
    Limits now = limits;
    for (Meter meter : meters) {
      Meter.Rules rules = meter.rules(now);
      Limit sessions = rules.sessions();
      if (sessions != null) {
        long inside = census.insideBut(place, meter);
        if (inside >= sessions.value()) {
          return refused(meter, sessions, inside + " of " + sessions.value());
        }
      }
      Meter.Rate rate = rules.arrivals();
      if (rate != null && rate.bucket().waitForOne() > mostHoldNanos) {
        rate.bucket().busy();
        return refused(meter, rate.limit(), "more than " + rate.limit().value() + " a second");
      }
    }
    return null;
  }

  private Refused refused(Meter meter, Limit limit, String how) {
    count(meter.subject.kind().label(), limit.dimension());
    String name = meter.subject + " " + limit.dimension().label() + ": " + how;
    return new Refused(
        meter.subject,
        limit.subject().equals(meter.subject) ? name : name + ", set for " + limit.subject());
  }

  private void count(String kind, Dimension dimension) {
    metrics
        .counter("hikyaku.flow.refused", "kind", kind, "dimension", dimension.label())
        .increment();
  }

  /** Counts one new session; says how long it has to wait. Under the lock. */
  private long take(List<Meter> meters) {
    Limits now = limits;
    long wait = 0;
    for (Meter meter : meters) {
      Meter.Rate rate = meter.rules(now).arrivals();
      if (rate != null) {
        wait = Math.max(wait, rate.bucket().take(1, mostHoldNanos));
      }
    }
    return wait;
  }

  @Override
  public void pause(long nanos) {
    waited.increment(nanos / SECOND);
    try {
      pause.park(Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- at the login

  @Override
  public LoginGate.Answer enter(String session, Address account) {
    Place place = places.get(session);
    if (place == null) {
      // It has ended meanwhile.
      return new LoginGate.Answer.NotNow();
    }
    String name = account.toString();
    long hold;
    census.lock();
    try {
      List<Meter> meters = census.meters(List.of(Subject.account(name), Subject.domainOf(name)));
      Refused refused = refused(place, meters);
      if (refused != null) {
        LOG.atInfo()
            .addKeyValue("session", session)
            .addKeyValue("account", name)
            .addKeyValue("limit", refused.limit)
            .log("login refused by a limit");
        return new LoginGate.Answer.TooMany();
      }
      hold = take(meters);
      census.name(place, name);
    } finally {
      census.unlock();
    }
    if (hold > 0) {
      pause(hold);
    }
    if (!logins.pass(account.domain())) {
      count("logins", Dimension.NEW);
      LOG.atInfo()
          .addKeyValue("session", session)
          .addKeyValue("account", name)
          .addKeyValue("limit", "flow.logins of " + Subject.node(node))
          .log("login refused by a limit");
      unname(place, name);
      return new LoginGate.Answer.NotNow();
    }
    return new LoginGate.Answer.Admitted(() -> unname(place, name));
  }

  private void unname(Place place, String account) {
    census.lock();
    try {
      census.unname(place, account);
    } finally {
      census.unlock();
    }
  }

  // ---- what places ask

  /** The session has an account, whether it came by {@link #enter} or from another node. */
  void describe(Place place, String account) {
    census.lock();
    try {
      if (!account.equals(place.account)) {
        census.name(place, account);
      }
    } finally {
      census.unlock();
    }
  }

  /** It is no account's any more. */
  void forget(Place place) {
    census.lock();
    try {
      String account = place.account;
      if (account != null) {
        census.unname(place, account);
      }
    } finally {
      census.unlock();
    }
  }

  List<Meter> metersOf(Place place) {
    census.lock();
    try {
      return List.copyOf(place.meters);
    } finally {
      census.unlock();
    }
  }

  long mostDelayNanos() {
    return mostDelayNanos;
  }

  void leave(Place place) {
    Place unused = places.computeIfPresent(place.session, (_, last) -> last.without(place));
    census.lock();
    try {
      census.leave(place);
    } finally {
      census.unlock();
    }
  }

  // ---- the other nodes

  /**
   * What the others need to know of the sessions here, for this node's next sign of life: of each
   * subject that may be near a limit, how many there are.
   */
  public Map<String, Integer> published() {
    return census.published(limits);
  }

  /** Is told of all other nodes that live, at each sign of life of one, and when one dies. */
  public void heard(List<Peer> peers) {
    census.heard(peers);
  }

  @Override
  public int nodes() {
    return census.nodes();
  }

  /** The most that an account may have, if anything says so. */
  public OptionalLong most(Address account, Dimension dimension) {
    Limit limit = limits.on(Subject.account(account.toString()), dimension);
    return limit == null ? OptionalLong.empty() : OptionalLong.of(limit.value());
  }

  // ---- for the operator

  /**
   * How a subject stands: what applies to it and to those that it is part of (an account to its
   * domain, an address to its prefix), dimension by dimension.
   */
  public List<Standing> standing(Subject subject) {
    Limits now = limits;
    List<Subject> subjects = new ArrayList<>(List.of(subject));
    if (subject.kind() == Subject.Kind.ACCOUNT && !subject.isDefault()) {
      subjects.add(Subject.domainOf(subject.name()));
    }
    List<Standing> standings = new ArrayList<>();
    for (Subject each : subjects) {
      for (Dimension dimension : Dimension.values()) {
        if (dimension.isOfAccounts() && each.kind() != Subject.Kind.ACCOUNT) {
          continue;
        }
        standings.add(census.standing(each, dimension, now));
      }
    }
    return standings;
  }

  @Override
  public void close() {
    lifecycle.lock();
    try {
      closed = true;
      wake.signalAll();
    } finally {
      lifecycle.unlock();
    }
    if (hints != null) {
      hints.close();
    }
    if (thread != null) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
