package hikyaku.server.queue;

import hikyaku.server.smtpclient.Verdict;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is next. Destinations take turns, each with as many deliveries as it bears; what waits for
 * one stands in no other's way. Higher priorities go first, both at a destination and among
 * destinations, but for every fourth turn ({@link Line}); no destination has more deliveries for
 * them than it bears. Does no I/O; its lock is held for moments only.
 */
final class Schedule {
  private static final long LONGEST_NAP_MILLIS = 60_000;

  /** Messages over one connection, if others wait for it to end. */
  private static final int ENOUGH = 100;

  /** How long a delivery goes on likewise: of a slow server nobody waits for many messages. */
  private static final long LONG_ENOUGH_MILLIS = 30_000;

  /** How often it is asked whether deliveries may begin. */
  private static final long SHORT_NAP_MILLIS = 200;

  /** Guards all jobs and destinations. */
  final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private final QueueSettings settings;
  private final Backoff backoff;
  private final InstantSource clock;
  private final BooleanSupplier mayBegin;
  private final Map<Goal, Destination> destinations = new HashMap<>();

  /** How much of each rate is this node's. */
  private double share = 1;

  /** Destinations that may have something to do; places of theirs that count no more, too. */
  private final Line<Destination.Turn> turn = new Line<>();

  private final PriorityQueue<Due> waiting = new PriorityQueue<>(Comparator.comparingLong(Due::at));
  private final PriorityQueue<Rest> resting =
      new PriorityQueue<>(Comparator.comparingLong(Rest::until));

  /** Deliveries under way. */
  private int active;

  private boolean closed;

  /**
   * @param mayBegin whether deliveries may be begun now
   */
  Schedule(QueueSettings settings, Backoff backoff, InstantSource clock, BooleanSupplier mayBegin) {
    this.settings = settings;
    this.backoff = backoff;
    this.clock = clock;
    this.mayBegin = mayBegin;
  }

  /** A job's time; out of date if the job has another one by now. */
  private record Due(long at, Job job) {}

  /** The end of a destination's rest; out of date likewise. */
  private record Rest(long until, Destination destination) {}

  // ---- jobs, under the lock

  Destination destination(Goal goal) {
    return destinations.computeIfAbsent(
        goal,
        g ->
            new Destination(
                g.route(),
                settings.perDestination(),
                g.here()
                    ? null
                    : settings
                        .rate(g.route())
                        .map(rate -> new Pace(rate, clock.millis(), share))
                        .orElse(null)));
  }

  /**
   * This node works so many of the queue's parts, and has as much of each rate. Messages are spread
   * over all parts alike.
   */
  void share(int parts) {
    lock.lock();
    try {
      double now = Math.max(1, parts) / (double) Part.COUNT;
      if (now == share) {
        return;
      }
      share = now;
      for (Destination destination : destinations.values()) {
        if (destination.pace != null) {
          destination.pace.share(share, clock.millis());
          destination.opensAt = 0;
          offer(destination);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** A job is there, or is to be tried again at its time. */
  void enter(Job job) {
    if (job.due <= clock.millis()) {
      ready(job);
    } else {
      job.state = Job.State.WAITING;
      waiting.add(new Due(job.due, job));
      changed.signalAll();
    }
  }

  /** An operator wants it tried now, whatever has been. */
  void hurry(Job job) {
    if (job.state == Job.State.WAITING || job.state == Job.State.READY) {
      job.destination.restUntil = 0;
      job.due = 0;
      if (job.state == Job.State.WAITING) {
        ready(job);
      } else {
        offer(job.destination);
      }
    }
  }

  private void ready(Job job) {
    job.state = Job.State.READY;
    job.destination.ready.add(job.message.priority, job.message.whose, job);
    offer(job.destination);
  }

  private void offer(Destination destination) {
    long now = clock.millis();
    if (!destination.mayStart(now)) {
      awaitPace(destination, now);
      return;
    }
    int priority = destination.ready.highest();
    Destination.Turn before = destination.turn;
    if (before == null || before.priority() < priority) {
      destination.turn = new Destination.Turn(destination, priority);
      turn.add(priority, destination.turn);
      changed.signalAll();
    }
  }

  /** What waits for a rate alone is looked at when that lets it go. */
  private void awaitPace(Destination destination, long now) {
    if (destination.pace != null
        && !destination.ready.isEmpty()
        && destination.opensAt == 0
        && destination.isPaced(now)) {
      destination.opensAt = destination.pace.opensAt(now);
      resting.add(new Rest(destination.opensAt, destination));
      changed.signalAll();
    }
  }

  void gone(Job job) {
    if (job.state != Job.State.GONE) {
      job.state = Job.State.GONE;
      if (!job.message.isAt(job.destination)) {
        job.destination.jobs--;
      }
    }
  }

  // ---- deliveries

  /**
   * Waits for a destination that may have a delivery more, and counts it.
   *
   * @return null when closed
   */
  @Nullable Destination next() throws InterruptedException {
    lock.lock();
    try {
      while (!closed) {
        long now = clock.millis();
        promote(now);
        boolean may = mayBegin.getAsBoolean();
        Destination found = may && active < settings.deliveries() ? startable(now) : null;
        if (found != null) {
          found.active++;
          active++;
          offer(found);
          return found;
        }
        boolean unused = changed.await(may ? nap(now) : SHORT_NAP_MILLIS, TimeUnit.MILLISECONDS);
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void promote(long now) {
    while (!waiting.isEmpty() && waiting.peek().at() <= now) {
      Due due = waiting.remove();
      if (due.job().state == Job.State.WAITING && due.job().due == due.at()) {
        ready(due.job());
      }
    }
    while (!resting.isEmpty() && resting.peek().until() <= now) {
      Rest rest = resting.remove();
      if (rest.destination().opensAt == rest.until()) {
        rest.destination().opensAt = 0;
      }
      offer(rest.destination());
    }
  }

  private @Nullable Destination startable(long now) {
    while (!turn.isEmpty()) {
      Destination.Turn first = turn.remove();
      if (first.counts()) {
        first.destination().turn = null;
        if (first.destination().mayStart(now)) {
          return first.destination();
        }
      }
    }
    return null;
  }

  private long nap(long now) {
    long until = now + LONGEST_NAP_MILLIS;
    if (!waiting.isEmpty()) {
      until = Math.min(until, waiting.peek().at());
    }
    if (!resting.isEmpty()) {
      until = Math.min(until, resting.peek().until());
    }
    return Math.max(1, until - now);
  }

  /**
   * The next job of a destination, which flies from now on.
   *
   * @param done how many the delivery that asks has had; it makes room if others wait, after enough
   *     of them or of time
   * @param since when it began, in milliseconds since 1970
   */
  @Nullable Job take(Destination destination, int done, long since) {
    lock.lock();
    try {
      long now = clock.millis();
      boolean wanted = !turn.isEmpty() && active >= settings.deliveries();
      boolean enough = done >= ENOUGH || (done > 0 && now - since >= LONG_ENOUGH_MILLIS);
      if (closed || (enough && wanted)) {
        return null;
      }
      while (!destination.ready.isEmpty() && !destination.isPaced(now)) {
        Job job = destination.ready.remove();
        if (job.state == Job.State.READY) {
          if (destination.pace != null) {
            destination.pace.take(transactions(job), now);
          }
          awaitPace(destination, now);
          fly(job);
          return job;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** It is handed over as so many messages. */
  private static int transactions(Job job) {
    return Math.ceilDiv(job.recipients.length, Courier.RECIPIENTS);
  }

  private static void fly(Job job) {
    job.state = Job.State.FLYING;
    job.flying = true;
    job.message.part.tookOff();
  }

  /**
   * A job that was taken was not tried.
   *
   * @param wait how long it is left alone
   */
  void putBack(Job job, Duration wait) {
    lock.lock();
    try {
      job.flying = false;
      if (job.state == Job.State.FLYING) {
        job.due = wait.isZero() ? 0 : clock.millis() + wait.toMillis();
        enter(job);
      }
    } finally {
      lock.unlock();
    }
  }

  void succeeded(Destination destination) {
    lock.lock();
    try {
      destination.succeeded();
      offer(destination);
    } finally {
      lock.unlock();
    }
  }

  void failed(Destination destination, Verdict verdict) {
    lock.lock();
    try {
      if (destination.failed(verdict)) {
        destination.restUntil = clock.millis() + backoff.millis(destination.rests());
        resting.add(new Rest(destination.restUntil, destination));
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** A delivery that {@link #next} began is over. */
  void ended(Destination destination) {
    lock.lock();
    try {
      destination.active--;
      active--;
      offer(destination);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- what time brings

  /**
   * Jobs that wait behind a destination at rest, or for its rate, and have come to an age at which
   * their sender must hear of it. They fly from now on.
   */
  List<Job> overdue(int most) {
    lock.lock();
    try {
      long now = clock.millis();
      List<Job> found = new ArrayList<>();
      for (Destination destination : destinations.values()) {
        if (destination.restUntil <= now && !destination.isPaced(now)) {
          continue;
        }
        destination
            .ready
            .all()
            .filter(job -> job.state == Job.State.READY && isOverdue(job, now))
            .limit(most - found.size())
            .forEach(job -> {
              fly(job);
              found.add(job);
            });
      }
      destinations.values().removeIf(destination -> destination.isForgettable(now));
      return found;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOverdue(Job job, long now) {
    return isExpired(job, now) || isDelayed(job, now) || isReturned(job, now) || isLate(job, now);
  }

  /** Whether a job is still to be done, and here. */
  boolean isThere(Job job) {
    lock.lock();
    try {
      return job.state != Job.State.GONE;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a job waits for nothing but its destination's rate. */
  boolean isPaced(Job job) {
    lock.lock();
    try {
      return job.destination.pace != null && job.destination.restUntil <= clock.millis();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a message is to be given up because it is late (RFC 2852). */
  boolean isReturned(Job job, long now) {
    return job.message.returned && now >= job.message.deadline;
  }

  /** Whether a sender is to be told that it comes later than it was to. */
  boolean isLate(Job job, long now) {
    long deadline = job.message.deadline;
    return deadline > 0 && !job.message.returned && !job.lateTold && now >= deadline;
  }

  /** Whether a message has been tried for long enough. */
  boolean isExpired(Job job, long now) {
    return now - job.message.begins >= settings.lifetime().toMillis();
  }

  /** Whether a sender is to be told that it takes long. */
  boolean isDelayed(Job job, long now) {
    long warning = settings.delayWarning().toMillis();
    return warning > 0 && !job.delayTold && now - job.message.begins >= warning;
  }

  /**
   * How destinations fare for which something waits, those with the most first.
   *
   * @param most of them
   */
  List<Standing> standings(int most) {
    List<Standing> all = new ArrayList<>();
    lock.lock();
    try {
      long now = clock.millis();
      destinations.forEach((goal, destination) -> {
        if (destination.jobs > 0) {
          all.add(destination.standing(goal.here(), now));
        }
      });
    } finally {
      lock.unlock();
    }
    return all.stream()
        .sorted(Comparator.comparingInt(Standing::waiting).reversed())
        .limit(most)
        .toList();
  }

  /** Deliveries under way. */
  int active() {
    lock.lock();
    try {
      return active;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing is begun any more. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until no delivery is under way, or the time is over. */
  boolean awaitQuiet(long millis) throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      while (active > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
      return active == 0;
    } finally {
      lock.unlock();
    }
  }
}
