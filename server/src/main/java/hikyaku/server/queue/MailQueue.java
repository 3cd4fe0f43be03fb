package hikyaku.server.queue;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Directory;
import hikyaku.server.dkim.Signer;
import hikyaku.server.smtpclient.Route;
import hikyaku.server.smtpclient.SmtpClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue on a node that works it: claims parts, follows their logs, and sends what is due. From
 * {@link #start} to {@link #close}.
 */
public final class MailQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MailQueue.class);

  /** How often the logs are looked at when nobody hints. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** How often those who wait behind a destination at rest are looked through. */
  private static final Duration OVERDUE = Duration.ofSeconds(30);

  private static final int OVERDUE_AT_ONCE = 1_000;

  /** How long a stop waits for deliveries under way. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  private final QueueSettings settings;
  private final LogStore logs;
  private final Workers workers;
  private final Outbox outbox;
  private final Schedule schedule;
  private final Courier courier;
  private final Claims claims;

  private final WorkedParts parts;

  /** Parts that could not be looked at. Only the keeper has it. */
  private final Set<Integer> broken = new HashSet<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();
  private final Set<Integer> moved = new HashSet<>();
  private boolean closed;
  private boolean failing;
  private LogStore.@Nullable Registration hints;
  private final List<Thread> threads = new ArrayList<>();

  /**
   * @param host our name in reports
   * @param signer signs reports that go to other servers
   * @param senders knows whose mail is held
   * @param lists takes what comes back to mailing lists
   * @param home delivers to mailboxes here
   * @param parts learns which this node works
   */
  public MailQueue(
      String host,
      QueueSettings settings,
      MailStore mail,
      Directory directory,
      ListDoor lists,
      Workers workers,
      SmtpClient client,
      Signer signer,
      Senders senders,
      HomeDelivery home,
      WorkedParts parts,
      MeterRegistry meters,
      InstantSource clock) {
    this.settings = settings;
    this.logs = mail.store().logs();
    this.workers = workers;
    this.parts = parts;
    this.outbox = new Outbox(logs);
    this.claims = new Claims(logs, workers);
    Backoff backoff =
        new Backoff(
            settings.firstRetry().toMillis(),
            settings.longestRetry().toMillis(),
            new SecureRandom());
    this.schedule = new Schedule(settings, backoff, clock, workers::isHeard);
    Mailboxes mailboxes = new Mailboxes(mail, directory, lists);
    QueueMetrics metrics = new QueueMetrics(meters, parts::messages, schedule::active);
    this.courier =
        new Courier(
            schedule,
            settings,
            backoff,
            client,
            mailboxes,
            home,
            new Reporter(
                host,
                new Wordings(directory, settings.reportLanguage()),
                mailboxes,
                outbox,
                signer,
                metrics),
            senders,
            metrics,
            clock,
            this::holds);
  }

  private boolean holds(Part part) {
    // Who was not heard of may have lost the part, and not have seen it yet.
    return !part.isLost() && workers.isHeard() && part.isConfirmedSince(workers.heardSince());
  }

  /** Those here wait for nobody who takes mail for others. */
  private Goal goal(Outgoing message, Outgoing.To to) {
    String domain = to.address().domain();
    return to.here()
        ? new Goal(new Route.Exchange(domain.toLowerCase(Locale.ROOT)), true)
        : new Goal(settings.route(domain, message.reversePath()), false);
  }

  /**
   * How destinations fare for which something waits here, those with the most first.
   *
   * @param most of them
   */
  public List<Standing> standings(int most) {
    return schedule.standings(most);
  }

  /** Begins to work. */
  public void start() {
    hints = logs.hints(this::hinted);
    threads.add(Thread.ofPlatform().daemon().name("queue-keeper").start(this::keep));
    threads.add(Thread.ofVirtual().name("queue-dispatcher").start(this::dispatch));
    threads.add(Thread.ofVirtual().name("queue-overdue").start(this::remindOnAndOn));
  }

  // ---- deliveries

  private void dispatch() {
    try {
      Destination destination = schedule.next();
      while (destination != null) {
        Destination found = destination;
        Thread.ofVirtual().name("delivery").start(() -> courier.work(found));
        destination = schedule.next();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void remindOnAndOn() {
    try {
      while (true) {
        Thread.sleep(OVERDUE);
        remind();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells senders of what has waited too long for destinations that rest, or for rates. */
  void remind() {
    courier.overdue(schedule.overdue(OVERDUE_AT_ONCE));
  }

  // ---- parts

  private void hinted(LogName log) {
    int part = Math.max(Part.number(log), Claims.number(log));
    if (part < 0) {
      return;
    }
    lock.lock();
    try {
      moved.add(part);
      wake.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void keep() {
    long due = System.nanoTime();
    Set<Integer> look = Set.of();
    while (true) {
      boolean all = System.nanoTime() - due >= 0;
      if (all) {
        due = System.nanoTime() + LOOK.toNanos();
      }
      Set<Integer> which = look;
      guarded(
          () -> look(all ? IntStream.range(0, Part.COUNT).boxed().toList() : List.copyOf(which)));
      lock.lock();
      try {
        while (!closed && moved.isEmpty() && due - System.nanoTime() > 0) {
          long unused = wake.awaitNanos(due - System.nanoTime());
        }
        if (closed) {
          return;
        }
        look = Set.copyOf(moved);
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
        LOG.atInfo().log("the queue is in reach again");
      }
    } catch (StoreException e) {
      if (!failing) {
        failing = true;
        LOG.atWarn().addKeyValue("cause", e.getMessage()).log("the queue is out of reach");
      }
    } catch (RuntimeException | Error e) {
      LOG.atError().setCause(e).log("bug in the queue");
    }
  }

  /** Brings this node's share up to date: its claims, and the folds of what it has. */
  private void look(List<Integer> which) {
    List<LogName> names = new ArrayList<>();
    for (int part : which) {
      names.add(Claims.log(part));
      names.add(Part.log(part));
    }
    if (names.isEmpty()) {
      return;
    }
    long began = System.nanoTime();
    Map<LogName, Head> heads = logs.heads(names);
    for (int number : which) {
      try {
        look(number, heads, began);
        broken.remove(number);
      } catch (StoreException.Unavailable e) {
        throw e;
      } catch (RuntimeException e) {
        // The others have nothing to do with it.
        if (broken.add(number)) {
          LOG.atError()
              .setCause(e)
              .addKeyValue("part", number)
              .log("a part of the queue cannot be read; its mail waits");
        }
      }
    }
  }

  private void look(int number, Map<LogName, Head> heads, long began) {
    boolean seen = claims.look(number, heads.getOrDefault(Claims.log(number), Head.NONE));
    Part part = parts.get(number);
    if (part != null && !claims.isOurs(number)) {
      LOG.atWarn()
          .addKeyValue("part", number)
          .addKeyValue("by", claims.holder(number))
          .log("a part of the queue was taken over");
      drop(part);
      part = null;
    }
    if (part != null && (part.isLost() || !workers.isMine(number))) {
      leave(part);
      return;
    }
    if (part == null && workers.isMine(number) && workers.isHeard()) {
      part = take(number);
    }
    if (part != null) {
      if (seen) {
        part.confirm(began);
      }
      part.refresh(heads.getOrDefault(part.log, Head.NONE).seq());
      part.tidy();
    }
  }

  private @Nullable Part take(int number) {
    String before = claims.holder(number);
    if (!claims.isOurs(number) && !(claims.isFree(number) && claims.take(number))) {
      return null;
    }
    Part part = new Part(number, logs, schedule, this::goal);
    parts.add(part);
    schedule.share(parts.count());
    LOG.atInfo()
        .addKeyValue("part", number)
        .addKeyValue("before", before)
        .log("this node works a part of the queue");
    return part;
  }

  /** Gives a part away, once what is under way has come to its end. */
  private void leave(Part part) {
    part.lose();
    if (part.isQuiet()) {
      // It is known here until it is given back, or nobody would have it after a failure.
      claims.giveBack(part.number);
      forget(part);
      LOG.atInfo()
          .addKeyValue("part", part.number)
          .log("a part of the queue is given to another node");
    }
  }

  private void drop(Part part) {
    part.lose();
    forget(part);
  }

  private void forget(Part part) {
    parts.remove(part);
    schedule.share(parts.count());
  }

  /** Ends in order: nothing is begun, what is under way has its time, and the parts are free. */
  @Override
  public void close() {
    schedule.close();
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
    courier.stop();
    try {
      boolean quiet = schedule.awaitQuiet(GRACE.toMillis());
      if (!quiet) {
        LOG.atInfo().log("deliveries are broken off");
      }
      for (Thread thread : threads) {
        if (!thread.getName().equals("queue-keeper")) {
          thread.interrupt();
        }
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // What is still in the air keeps its part until this run is taken for dead.
    for (Part part : parts.all()) {
      guarded(() -> leave(part));
    }
  }
}
