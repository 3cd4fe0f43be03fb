package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fold of one part of the queue, on the node that works it. What has died in the log is let go
 * of from time to time; what is left is all there is to a new fold, so that snapshots are empty.
 */
final class Part {
  private static final Logger LOG = LoggerFactory.getLogger(Part.class);
  private static final int PAGE = 500;

  /** Dead entries that are left to gather before the log is rid of them. */
  private static final int DEAD = 200;

  /** Messages that are looked through under one hold of the lock. */
  private static final int AT_ONCE = 1000;

  /** Messages that are looked up one by one, however few there are. */
  private static final int FEW = 100;

  /** Number of parts. A power of two well above the number of nodes, so that shares are even. */
  static final int COUNT = 16;

  private static final List<LogName> LOGS = logs("queue/");

  final int number;
  final LogName log;
  private final LogStore logs;
  private final Schedule schedule;
  private final BiFunction<Outgoing, Outgoing.To, Goal> goals;

  /** Held while the log is read; before the schedule's. */
  private final ReentrantLock reading = new ReentrantLock();

  private long seq;
  private boolean entered;
  private final Orders orders;
  private final Map<Long, Job.Message> messages = new HashMap<>();

  /** Orders with the number of messages that still need them, by their entries. */
  private final Map<Long, Integer> ordersNeeded = new HashMap<>();

  /** Entries of messages that are done with. */
  private final List<Long> deadMessages = new ArrayList<>();

  /** Entries that say nothing that matters any more. */
  private final List<Long> dead = new ArrayList<>();

  /** Whether the log could not be rid of them. Only who tidies has it. */
  private boolean untidy;

  /** Jobs that deliveries are at. */
  private final AtomicInteger inAir = new AtomicInteger();

  private volatile boolean lost;

  /** When a look began that found this node's claim to be the last, by {@link System#nanoTime}. */
  private volatile long confirmed;

  Part(
      int number, LogStore logs, Schedule schedule, BiFunction<Outgoing, Outgoing.To, Goal> goals) {
    this.number = number;
    this.log = log(number);
    this.logs = logs;
    this.schedule = schedule;
    this.orders = new Orders(schedule, () -> entered);
    this.goals = goals;
  }

  static LogName log(int number) {
    return LOGS.get(number);
  }

  /** The part that a log is; -1 for any other log. */
  static int number(LogName log) {
    return LOGS.indexOf(log);
  }

  /** The names of the logs of all parts, by their numbers. */
  static List<LogName> logs(String prefix) {
    return IntStream.range(0, COUNT)
        .mapToObj(number -> new LogName(prefix + String.format("%02d", number)))
        .toList();
  }

  /** Messages that wait. */
  int size() {
    schedule.lock.lock();
    try {
      return messages.size();
    } finally {
      schedule.lock.unlock();
    }
  }

  /** One that waits, by its id. */
  Job.Message message(long id) {
    schedule.lock.lock();
    try {
      return Objects.requireNonNull(messages.get(id));
    } finally {
      schedule.lock.unlock();
    }
  }

  /** Whether this node works it no more. */
  boolean isLost() {
    return lost;
  }

  void confirm(long at) {
    confirmed = at;
  }

  boolean isConfirmedSince(long moment) {
    return confirmed - moment >= 0;
  }

  /** A delivery has taken a job of this part. */
  void tookOff() {
    inAir.incrementAndGet();
  }

  /** It has done with it, and written down what came of it. */
  void landed() {
    inAir.decrementAndGet();
  }

  /** Whether no delivery is at it. */
  boolean isQuiet() {
    return inAir.get() == 0;
  }

  // ---- reading

  /** Brings the fold up to date, if it is not at this entry already. */
  void refresh(long atLeast) {
    reading.lock();
    try {
      if (lost || seq >= atLeast) {
        return;
      }
      List<Entry> page;
      do {
        page = logs.read(log, seq, Long.MAX_VALUE, PAGE);
        List<QueueEvent> events = page.stream().map(QueueCodec::read).toList();
        schedule.lock.lock();
        try {
          for (int i = 0; i < page.size() && !lost; i++) {
            apply(page.get(i), events.get(i));
          }
        } finally {
          schedule.lock.unlock();
        }
      } while (page.size() == PAGE && !lost);
      if (!entered) {
        enter();
      }
    } finally {
      reading.unlock();
    }
  }

  /** All of the log was folded for the first time: only now is it known what is to be done. */
  private void enter() {
    schedule.lock.lock();
    try {
      entered = true;
      if (!lost) {
        for (Job.Message message : messages.values()) {
          for (Job job : message.jobs) {
            if (job.state != Job.State.HELD) {
              schedule.enter(job);
            }
          }
        }
      }
    } finally {
      schedule.lock.unlock();
    }
  }

  /** The message that an entry brought. */
  Outgoing read(Job.Message message) {
    List<Entry> found = logs.read(log, message.seq - 1, message.seq, 1);
    if (found.size() == 1
        && QueueCodec.read(found.getFirst()) instanceof QueueEvent.Queued(Outgoing outgoing)) {
      return outgoing;
    }
    throw new IllegalStateException(
        "a message that waits is not in its log: " + log + " " + message.seq);
  }

  /**
   * Where the log tells of messages.
   *
   * @param entries in rising order; some may tell of others, and some be gone when they are read
   * @param others how many more there are that are meant, all of them younger
   */
  record Told(long[] entries, long others) {}

  /**
   * Where the log tells of the messages that may be meant: of all, or of the oldest, if it is
   * certain that the others are meant as well. Nothing if these are most of what there is.
   */
  Optional<Told> told(Likely which, int limit) {
    List<Job.Message> all = messages();
    List<Job.Message> likely = likely(which, all);
    long others = 0;
    if (which.isCertain() && likely.size() > limit) {
      others = likely.size() - limit;
      likely.sort(
          Comparator.comparingLong((Job.Message each) -> each.arrived)
              .thenComparingLong(each -> each.id));
      likely = likely.subList(0, limit);
    }
    if (likely.isEmpty()) {
      return Optional.of(new Told(new long[0], 0));
    }
    if (likely.size() > all.size() / 2 + FEW) {
      return Optional.empty();
    }
    LongStream.Builder entries = LongStream.builder();
    schedule.lock.lock();
    try {
      likely.forEach(message -> message.entries(entries));
      // Orders that changed times and nothing else are among these until the log is rid of them.
      dead.forEach(entries::add);
    } finally {
      schedule.lock.unlock();
    }
    return Optional.of(new Told(entries.build().sorted().distinct().toArray(), others));
  }

  private List<Job.Message> messages() {
    schedule.lock.lock();
    try {
      return List.copyOf(messages.values());
    } finally {
      schedule.lock.unlock();
    }
  }

  /** Looks some at a time through the messages, so that deliveries go on in between. */
  private List<Job.Message> likely(Likely which, List<Job.Message> all) {
    List<Job.Message> likely = new ArrayList<>();
    for (int from = 0; from < all.size(); from += AT_ONCE) {
      schedule.lock.lock();
      try {
        all.subList(from, Math.min(all.size(), from + AT_ONCE)).stream()
            .filter(which)
            .forEach(likely::add);
      } finally {
        schedule.lock.unlock();
      }
    }
    return likely;
  }

  private void apply(Entry entry, QueueEvent event) {
    seq = entry.seq();
    switch (event) {
      case QueueEvent.Opened _ -> {}
      case QueueEvent.Queued(Outgoing outgoing) -> queued(entry, outgoing);
      case QueueEvent.Tried tried -> tried(entry.seq(), tried);
      case QueueEvent.Ordered ordered -> ordered(entry, ordered);
    }
  }

  private void queued(Entry entry, Outgoing outgoing) {
    long arrived = entry.time().toEpochMilli();
    long release = outgoing.terms().release();
    Job.Message message = new Job.Message(this, entry.firstId(), entry.seq(), arrived, release);
    message.priority = (byte) outgoing.terms().priority();
    message.transaction = outgoing.transaction().hashCode();
    message.sender = Likely.folded(outgoing.sender().toString());
    message.domain = Likely.domain(outgoing.recipients());
    message.whose = whose(outgoing).hashCode();
    Outgoing.Deadline by = outgoing.terms().by();
    // What is late when it comes was told of by whoever passed it on (RFC 2852 §4).
    boolean late = by != null && by.millis() <= arrived;
    if (by != null) {
      message.deadline = by.millis();
      message.returned = by.returned();
    }
    Map<Goal, List<Integer>> places = new LinkedHashMap<>();
    for (int i = 0; i < outgoing.recipients().size(); i++) {
      places
          .computeIfAbsent(
              goals.apply(outgoing, outgoing.recipients().get(i)), _ -> new ArrayList<>())
          .add(i);
    }
    List<Job> jobs = new ArrayList<>();
    places.forEach((goal, recipients) -> {
      Destination destination = schedule.destination(goal);
      destination.jobs++;
      Job job =
          new Job(message, destination, recipients.stream().mapToInt(Integer::intValue).toArray());
      job.due = release;
      job.lateTold = late;
      jobs.add(job);
    });
    message.jobs = jobs.toArray(Job[]::new);
    messages.put(message.id, message);
    if (entered) {
      jobs.forEach(schedule::enter);
    }
  }

  /** An account, with its scripts and its posts to lists; for mail of none, the session. */
  private static String whose(Outgoing outgoing) {
    if (!outgoing.account().isEmpty()) {
      return outgoing.account();
    }
    return outgoing.script().isEmpty() ? outgoing.session() : outgoing.script();
  }

  private void tried(long at, QueueEvent.Tried tried) {
    Job.Message message = messages.get(tried.id());
    if (message == null) {
      dead.add(at);
      return;
    }
    boolean needed = tried.settled().length > 0;
    if (needed) {
      message.keep(at);
    }
    remove(message, tried.settled());
    // An order that tried some at once had parted them, and the log may be rid of it.
    orders.split(message, QueueEvent.bits(tried.waiting()));
    for (Job job : message.jobs) {
      if (overlap(job.recipients, tried.waiting())) {
        deferred(job, at, tried, !needed);
      }
    }
    settle(message);
    orders.arrange(message);
    if (!needed && !message.needs(at)) {
      dead.add(at);
    }
  }

  private void deferred(Job job, long at, QueueEvent.Tried tried, boolean alone) {
    dropDeferral(job);
    job.deferral = alone ? at : 0;
    job.attempts = tried.attempts();
    job.due = tried.due();
    job.delayTold = tried.delayTold();
    job.lateTold = tried.lateTold();
    job.flying = false;
    if (entered && (job.state == Job.State.FLYING || job.state == Job.State.WAITING)) {
      schedule.enter(job);
    }
  }

  /** Some need nothing more. */
  private void remove(Job.Message message, int[] places) {
    for (Job job : message.jobs) {
      if (overlap(job.recipients, places)) {
        job.recipients = without(job.recipients, places);
        if (job.recipients.length == 0) {
          dropDeferral(job);
          schedule.gone(job);
        }
      }
    }
    if (message.wishes != null) {
      message.wishes.forget(places);
    }
  }

  /** A delivery did not try a job after all; it is left alone for a while. */
  void putBack(Job job, Duration wait) {
    schedule.lock.lock();
    try {
      schedule.putBack(job, wait);
      if (job.state != Job.State.GONE) {
        orders.arrange(job.message);
      }
    } finally {
      schedule.lock.unlock();
    }
  }

  private void dropDeferral(Job job) {
    if (job.deferral > 0) {
      long old = job.deferral;
      job.deferral = 0;
      if (!job.message.needs(old)) {
        dead.add(old);
      }
    }
  }

  private void ordered(Entry entry, QueueEvent.Ordered ordered) {
    long at = entry.seq();
    long now = entry.time().toEpochMilli();
    int needed = 0;
    for (QueueEvent.Meant meant : ordered.meant()) {
      Job.Message message = messages.get(meant.id());
      if (message != null && ordered(message, meant, ordered, now)) {
        needed++;
        message.keep(at);
      }
    }
    if (needed == 0) {
      // What it did is over, or is told by the absence of the message.
      dead.add(at);
    } else {
      ordersNeeded.put(at, needed);
    }
  }

  /** Whether the order has to be known for as long as the message waits. */
  private boolean ordered(
      Job.Message message, QueueEvent.Meant meant, QueueEvent.Ordered ordered, long now) {
    BitSet waiting = message.waiting();
    BitSet places = meant.among(waiting);
    if (places.isEmpty()) {
      return false;
    }
    boolean all = places.equals(waiting);
    if (ordered.order() == Order.DELETE) {
      remove(message, places.stream().toArray());
      settle(message);
      return !all;
    }
    // Who ordered it knows that its sender wants it later, and knows better.
    boolean early = now < message.release && ordered.order().isEarly(message.isHeld(places));
    if (early && all) {
      message.releaseEarly(now);
    }
    boolean hurried =
        switch (ordered.order()) {
          case RETRY -> true;
          // Those that went this way already are tried at once as well.
          case REROUTE -> now >= message.release;
          case HOLD, RELEASE, DELETE -> early;
        };
    orders.apply(message, ordered, places, hurried);
    return early || ordered.order() != Order.RETRY;
  }

  /** Forgets what of a message is done, and the message if all is. */
  private void settle(Job.Message message) {
    message.jobs =
        Arrays.stream(message.jobs).filter(job -> job.state != Job.State.GONE).toArray(Job[]::new);
    if (message.jobs.length > 0) {
      return;
    }
    messages.remove(message.id);
    deadMessages.add(message.seq);
    for (long kept : message.kept) {
      Integer others = ordersNeeded.get(kept);
      if (others == null) {
        dead.add(kept);
      } else if (others > 1) {
        ordersNeeded.put(kept, others - 1);
      } else {
        ordersNeeded.remove(kept);
        dead.add(kept);
      }
    }
  }

  private static boolean overlap(int[] some, int[] others) {
    for (int each : some) {
      for (int other : others) {
        if (each == other) {
          return true;
        }
      }
    }
    return false;
  }

  private static int[] without(int[] some, int[] others) {
    return Arrays.stream(some)
        .filter(each -> Arrays.stream(others).noneMatch(other -> other == each))
        .toArray();
  }

  // ---- writing

  /** Writes an event down and takes it into the fold. */
  void write(QueueEvent.Tried tried, String key) {
    Append append = Append.to(log, List.of(QueueCodec.tried(tried))).withKey(key);
    refresh(logs.append(append).orThrow().lastSeq());
  }

  /**
   * Keeps a message back, as an operator would.
   *
   * @return from whom, by their places
   */
  BitSet hold(Job.Message message) {
    BitSet waiting;
    schedule.lock.lock();
    try {
      waiting = message.waiting();
    } finally {
      schedule.lock.unlock();
    }
    QueueEvent.Ordered held = new QueueEvent.Ordered(new long[] {message.id}, Order.HOLD);
    Append append = Append.to(log, List.of(QueueCodec.ordered(held)));
    refresh(logs.append(append).orThrow().lastSeq());
    return waiting;
  }

  /** Lets go of dead entries, if there are enough of them. */
  void tidy() {
    long through;
    long[] done;
    long[] rest;
    schedule.lock.lock();
    try {
      if (lost || deadMessages.size() + dead.size() < DEAD) {
        return;
      }
      through = seq;
      done = sorted(deadMessages);
      rest = sorted(dead);
      deadMessages.clear();
      dead.clear();
    } finally {
      schedule.lock.unlock();
    }
    try {
      logs.saveSnapshot(log, new Snapshot(through, ByteString.EMPTY));
      // Messages first: what was said of one must not go before it, or it would be sent once more.
      logs.compact(log, done);
      logs.compact(log, rest);
      untidy = false;
    } catch (StoreException e) {
      dies(done, rest);
      if (!untidy) {
        untidy = true;
        LOG.atWarn()
            .addKeyValue("log", log)
            .addKeyValue("cause", e.getMessage())
            .log("entries cannot be let go of yet");
      }
      return;
    }
    LOG.atDebug()
        .addKeyValue("log", log)
        .addKeyValue("entries", done.length + rest.length)
        .log("entries let go");
  }

  /** What could not be let go of is next time. */
  private void dies(long[] done, long[] rest) {
    schedule.lock.lock();
    try {
      Arrays.stream(done).forEach(deadMessages::add);
      Arrays.stream(rest).forEach(dead::add);
    } finally {
      schedule.lock.unlock();
    }
  }

  private static long[] sorted(List<Long> entries) {
    return entries.stream().mapToLong(Long::longValue).sorted().distinct().toArray();
  }

  /** Another node has it, or is to have it. */
  void lose() {
    schedule.lock.lock();
    try {
      lost = true;
      for (Job.Message message : messages.values()) {
        for (Job job : message.jobs) {
          schedule.gone(job);
        }
      }
      messages.clear();
    } finally {
      schedule.lock.unlock();
    }
  }
}
