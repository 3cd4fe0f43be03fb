package hikyaku.server.queue;

import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.server.smtpclient.Letter;
import hikyaku.server.smtpclient.SmtpClient;
import hikyaku.server.smtpclient.UnreachableException;
import hikyaku.server.smtpclient.Verdict;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Delivers to destinations, a thread for each delivery, and writes down what came of it. */
final class Courier {
  private static final Logger LOG = LoggerFactory.getLogger(Courier.class);

  /** Recipients of one transaction; RFC 5321 §4.5.3.1.8 has servers take as many at least. */
  static final int RECIPIENTS = 100;

  /** What is told of mail that has been late for its destination's rate (RFC 3463 §3.5). */
  private static final Verdict PACED =
      Verdict.deferred("4.4.5", "it waits for the rate at which its destination gets mail");

  private static final SmtpClient.Result NO_SERVER =
      new SmtpClient.Result(List.of(), "", "", false, false, false, Map.of());

  /** How often an outcome that could not be written down is tried again. */
  private static final Duration RECORD_AGAIN = Duration.ofSeconds(1);

  /** How long a job waits of which it is not certain that it is to be done here. */
  private static final Duration UNCERTAIN = Duration.ofMillis(200);

  private final Schedule schedule;
  private final QueueSettings settings;
  private final Backoff backoff;
  private final SmtpClient client;
  private final Mailboxes mailboxes;
  private final HomeDelivery home;
  private final Reporter reporter;
  private final Senders senders;
  private final QueueMetrics metrics;
  private final InstantSource clock;
  private final Predicate<Part> held;
  private final SecureRandom keys = new SecureRandom();
  private volatile boolean stopping;

  /**
   * @param home delivers to mailboxes here
   * @param held whether a part is this node's now
   */
  Courier(
      Schedule schedule,
      QueueSettings settings,
      Backoff backoff,
      SmtpClient client,
      Mailboxes mailboxes,
      HomeDelivery home,
      Reporter reporter,
      Senders senders,
      QueueMetrics metrics,
      InstantSource clock,
      Predicate<Part> held) {
    this.schedule = schedule;
    this.settings = settings;
    this.backoff = backoff;
    this.client = client;
    this.mailboxes = mailboxes;
    this.home = home;
    this.reporter = reporter;
    this.senders = senders;
    this.metrics = metrics;
    this.clock = clock;
    this.held = held;
  }

  /** The node stops: what cannot be written down now is not waited for. */
  void stop() {
    stopping = true;
  }

  /** Works a destination for as long as there is something to do. */
  void work(Destination destination) {
    SmtpClient.Session session =
        destination.pace == null
            ? client.session(destination.route)
            : client.pacedSession(destination.route);
    try (session) {
      boolean reachable = true;
      int done = 0;
      long began = clock.millis();
      Job job = schedule.take(destination, done, began);
      while (job != null) {
        reachable = work(job, session);
        done++;
        job = reachable ? schedule.take(destination, done, began) : null;
      }
      session.end();
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("destination", destination.route)
          .addKeyValue("cause", e.getMessage())
          .log("the store failed; deliveries are put off");
      pause();
    } catch (RuntimeException e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("destination", destination.route)
          .log("bug in a delivery");
    } finally {
      schedule.ended(destination);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RECORD_AGAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Tries a job.
   *
   * @return whether it is of use to go on with the next one at once
   */
  private boolean work(Job job, SmtpClient.Session session) {
    Part part = job.message.part;
    if (!held.test(part)) {
      land(job, UNCERTAIN);
      return false;
    }
    Trial trial = null;
    try {
      Outgoing message = part.read(job.message);
      if (senders.holds(message)) {
        BitSet held = part.hold(job.message);
        new OrderStory(Order.HOLD, null, OrderStory.STOP).tell(message, held);
        return true;
      }
      trial = new Trial(job, message);
      boolean late = schedule.isReturned(job, clock.millis());
      if (late) {
        trial.none(Verdict.deferred("4.4.7", "it was late before it could be tried"));
      }
      boolean reachable = late || trial.run(session);
      // What another node has by now it may get through; but whoever has it must not get it again.
      boolean ours = held.test(part);
      record(trial, ours);
      return ours && reachable;
    } finally {
      land(job, isOpen(trial) ? settings.firstRetry() : null);
    }
  }

  /**
   * Deals with jobs that wait for their destinations, and whose senders must hear of it. They are
   * as they were if that cannot be done now.
   */
  void overdue(List<Job> jobs) {
    boolean inReach = true;
    for (Job job : jobs) {
      Trial trial = null;
      Duration wait = Duration.ZERO;
      try {
        if (inReach && held.test(job.message.part) && schedule.isThere(job)) {
          trial = new Trial(job, job.message.part.read(job.message));
          overdue(trial);
        }
      } catch (StoreException.Unavailable e) {
        inReach = false;
        LOG.atWarn().addKeyValue("cause", e.getMessage()).log("senders cannot be reminded now");
      } catch (RuntimeException e) {
        wait = settings.firstRetry();
        // One that was deleted at this moment may be gone from its log.
        if (schedule.isThere(job)) {
          LOG.atError()
              .setCause(e)
              .addKeyValue("log", job.message.part.log)
              .addKeyValue("entry", job.message.seq)
              .log("a sender cannot be reminded of a message");
        }
      } finally {
        land(job, isOpen(trial) ? wait : null);
      }
    }
  }

  /** Whether there is something left to try, and it is certain what. */
  private static boolean isOpen(@Nullable Trial trial) {
    return trial == null || !trial.closed;
  }

  private void overdue(Trial trial) {
    boolean paced = schedule.isPaced(trial.job);
    Verdict trouble = paced ? PACED : trial.job.destination.trouble;
    trial.untried = paced;
    trial.none(trouble == null ? Verdict.deferred("4.4.1", "the destination rests") : trouble);
    record(trial, true);
  }

  /**
   * @param wait how long a job that was not tried is left alone; null for one that was
   */
  private void land(Job job, @Nullable Duration wait) {
    if (wait != null) {
      job.message.part.putBack(job, wait);
    }
    job.message.part.landed();
  }

  /** One attempt at one job. */
  private final class Trial {
    private final Job job;
    private final Outgoing message;
    private final int[] places;
    private final @Nullable Verdict[] verdicts;

    /** The servers that said so. */
    private final SmtpClient.@Nullable Result[] servers;

    /** Those whose mailboxes are here, by their places among those of the job. */
    private final BitSet atHome = new BitSet();

    /** Where those have it, by the same places. */
    private final Map<Integer, HomeDelivery.Outcome.Done> into = new HashMap<>();

    private final Instant arrived;
    private final Instant begins;

    /** Whether something that it needs of the store is lost or damaged. */
    private boolean damaged;

    /** Whether it is no attempt: it waits for its destination's rate. */
    private boolean untried;

    /** Those of whom it is written down what became of it, by the same places. */
    private final BitSet known = new BitSet();

    /**
     * Whether it is written down what came of it, or that was begun: then it is not tried again
     * before that is known.
     */
    private boolean closed;

    Trial(Job job, Outgoing message) {
      this.job = job;
      this.message = message;
      this.places = job.recipients.clone();
      this.verdicts = new Verdict[places.length];
      this.servers = new SmtpClient.Result[places.length];
      this.arrived = Instant.ofEpochMilli(job.message.arrived);
      this.begins = Instant.ofEpochMilli(job.message.begins);
    }

    Outgoing.To to(int i) {
      return message.recipients().get(places[i]);
    }

    void none(Verdict verdict) {
      for (int i = 0; i < verdicts.length; i++) {
        if (verdicts[i] == null) {
          verdicts[i] = verdict;
        }
      }
    }

    /** How many there have been, with this one. */
    int attempts() {
      return job.attempts + (untried ? 0 : 1);
    }

    /** Those of whom it is to be written down what became of it; all, or those done with. */
    List<Integer> unknown(boolean all) {
      return IntStream.range(0, places.length)
          .filter(i -> !known.get(i) && (all || isOver(verdicts[i])))
          .boxed()
          .toList();
    }

    private static boolean isOver(@Nullable Verdict verdict) {
      return verdict != null && verdict.isFinal();
    }

    Verdict verdict(int i) {
      Verdict found = verdicts[i];
      if (found == null) {
        throw new IllegalStateException("a recipient without a verdict");
      }
      return found;
    }

    /** Whether the destination could be reached. */
    boolean run(SmtpClient.Session session) {
      List<Integer> others = new ArrayList<>();
      for (int i = 0; i < places.length; i++) {
        if (mailboxes.isOurs(to(i).address())) {
          atHome.set(i);
          verdicts[i] = local(i);
        } else {
          others.add(i);
        }
      }
      for (int from = 0; from < others.size(); from += RECIPIENTS) {
        List<Integer> some = others.subList(from, Math.min(others.size(), from + RECIPIENTS));
        try {
          if (from > 0) {
            // Should this node die now, nobody gets it again who has it.
            record(this, false);
          }
          send(session, some);
          schedule.succeeded(job.destination);
        } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
          // Whoever had some of it must not take that for all.
          session.close();
          none(damaged(e));
          return true;
        } catch (UnreachableException e) {
          none(e.verdict());
          if (!held.test(job.message.part)) {
            return false;
          }
          if (e.verdict().isFinal()) {
            // It says so of itself, and will say it of the next message too: no rest is needed.
            return true;
          }
          schedule.failed(job.destination, e.verdict());
          return false;
        } catch (RuntimeException e) {
          session.close();
          if (Arrays.stream(verdicts).allMatch(Objects::isNull)) {
            throw e;
          }
          // Others may have got it by now, and would again.
          interrupted(e);
          return false;
        }
      }
      return true;
    }

    private void interrupted(RuntimeException e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("destination", job.destination.route)
          .addKeyValue("transaction", message.transaction())
          .log("a message was handed over for some of its recipients only; the others wait");
      none(Verdict.deferred("4.3.0", "the message could not be read for this recipient"));
    }

    /**
     * It waits like any other mail that is put off: what this node cannot read another one may, or
     * the same when its disk is mounted again. That is told of each time.
     */
    private Verdict damaged(StoreException e) {
      if (!damaged) {
        damaged = true;
        metrics.damaged();
      }
      LOG.atError()
          .addKeyValue("mail", true)
          .addKeyValue("transaction", message.transaction())
          .addKeyValue("session", message.session())
          .addKeyValue("from", message.sender())
          .addKeyValue("message_id", message.messageId())
          .addKeyValue("blob", message.blob().id())
          .addKeyValue("cause", e.getMessage())
          .log("a message waits for something that is damaged in the store");
      return Verdict.deferred("4.3.0", "something that is needed for it cannot be read here");
    }

    private Verdict local(int i) {
      // By the transaction: an account that two recipients lead to gets one copy.
      String key = message.transaction() + ".local";
      HomeDelivery.Outcome outcome;
      try {
        outcome = home.deliver(message, to(i), begins, key);
      } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
        // Of the message, a mailbox, or whatever else says where it goes.
        return damaged(e);
      }
      return switch (outcome) {
        case HomeDelivery.Outcome.Done done -> {
          into.put(i, done);
          yield new Verdict(Verdict.Kind.DELIVERED, "2.0.0", "delivered to a mailbox here", "");
        }
        case HomeDelivery.Outcome.Later(String status, String why) -> Verdict.deferred(status, why);
        case HomeDelivery.Outcome.Never(String status, String why) -> Verdict.failed(status, why);
      };
    }

    private void send(SmtpClient.Session session, List<Integer> some) throws UnreachableException {
      SmtpClient.Result result =
          session.send(
              letter(some),
              () -> held.test(job.message.part),
              sofar -> {
                take(some, sofar);
                record(this, false);
              });
      take(some, result);
    }

    private void take(List<Integer> some, SmtpClient.Result result) {
      for (int i = 0; i < some.size(); i++) {
        if (!known.get(some.get(i))) {
          verdicts[some.get(i)] = result.verdicts().get(i);
          servers[some.get(i)] = result.of(i);
        }
      }
    }

    /** What is known of the server that a recipient was offered to. */
    SmtpClient.Result server(int i) {
      SmtpClient.Result found = servers[i];
      return found == null ? NO_SERVER : found;
    }

    /** Whether the sender hears that it was passed on. */
    boolean isPassingTold(int i) {
      @Nullable Set<Notify> notifyOn = to(i).parameters().notifyOn();
      Outgoing.Deadline by = message.terms().by();
      boolean asked = notifyOn != null && notifyOn.contains(Notify.SUCCESS) && !server(i).reports();
      if (asked || by == null) {
        return asked;
      }
      // RFC 2852 §4: where nobody will tell of the time any more, and where each step is wanted.
      return server(i).times()
          ? by.trace() && (notifyOn == null || !notifyOn.isEmpty())
          : !by.returned() && (notifyOn == null || notifyOn.contains(Notify.DELAY));
    }

    private Letter letter(List<Integer> some) {
      return Letters.of(
          message,
          some.stream().map(this::to).toList(),
          clock,
          sink -> mailboxes.copy(message, message.octets(), sink));
    }
  }

  // ---- what came of it

  /**
   * Tells and writes down what became of it.
   *
   * @param all whether for all of whom that is not known yet, or for those only who need nothing
   *     more
   */
  private void record(Trial trial, boolean all) {
    List<Integer> those = trial.unknown(all);
    if (those.isEmpty()) {
      return;
    }
    trial.closed = true;
    Job job = trial.job;
    Instant now = clock.instant();
    Instant giveUp = trial.begins.plus(settings.lifetime());
    boolean returned = schedule.isReturned(job, now.toEpochMilli());
    boolean expired = returned || schedule.isExpired(job, now.toEpochMilli());
    boolean late = !expired && schedule.isLate(job, now.toEpochMilli());
    boolean delayed = !expired && (late || schedule.isDelayed(job, now.toEpochMilli()));
    List<Integer> settled = new ArrayList<>();
    List<Integer> waiting = new ArrayList<>();
    List<Report.About> failures = new ArrayList<>();
    List<Report.About> delays = new ArrayList<>();
    List<Report.About> relayed = new ArrayList<>();
    List<Report.About> delivered = new ArrayList<>();
    String reason = "";
    int refused = 0;
    AttemptStory story =
        new AttemptStory(trial.message, trial.attempts(), Duration.between(trial.arrived, now));
    for (int i : those) {
      Verdict verdict = trial.verdict(i);
      if (!trial.untried) {
        metrics.attempted(verdict.kind());
      }
      boolean over = verdict.isFinal() || expired;
      (over ? settled : waiting).add(trial.places[i]);
      story.tell(
          trial.to(i), verdict, trial.server(i), trial.atHome.get(i), trial.into.get(i), expired);
      boolean timed = verdict.kind() == Verdict.Kind.DEFERRED && (returned || late);
      Verdict told = timed ? verdict.late(returned) : verdict;
      Report.About about = new Report.About(trial.places[i], trial.to(i), told);
      switch (verdict.kind()) {
        case DELIVERED -> {
          if (trial.atHome.get(i)) {
            HomeDelivery.Outcome.Done done = trial.into.get(i);
            if (done != null && !done.refused()) {
              add(ReportKind.DELIVERED, trial, about, delivered);
            }
          } else if (trial.isPassingTold(i) && trial.message.sender() instanceof Mailbox) {
            relayed.add(about);
          }
        }
        case FAILED -> {
          // Its sender's time says nothing of those it is sent to.
          refused += verdict.isUntimely() ? 0 : 1;
          add(ReportKind.FAILURE, trial, about, failures);
        }
        case DEFERRED -> {
          reason = verdict.toString();
          if (expired) {
            // Nor does our damage.
            refused += returned || trial.untried || trial.damaged ? 0 : 1;
            add(ReportKind.FAILURE, trial, about, failures);
          } else if (delayed) {
            add(ReportKind.DELAY, trial, about, delays);
          }
        }
      }
    }
    int attempts = trial.attempts();
    QueueEvent.Tried tried =
        new QueueEvent.Tried(
            job.message.id,
            ints(settled),
            ints(waiting),
            attempts,
            waiting.isEmpty() || trial.untried ? 0 : due(job, attempts, now.toEpochMilli()),
            job.delayTold || delayed,
            job.lateTold || late,
            waiting.isEmpty() ? "" : reason);
    String key = "tried." + Long.toHexString(keys.nextLong()) + Long.toHexString(keys.nextLong());
    Reporter.Times times = new Reporter.Times(trial.arrived, now, giveUp, late);
    int counted = refused;
    persistently(
        job,
        () -> {
          report(ReportKind.FAILURE, trial.message, failures, times);
          report(ReportKind.DELAY, trial.message, delays, times);
          report(ReportKind.RELAYED, trial.message, relayed, times);
          report(ReportKind.DELIVERED, trial.message, delivered, times);
          if (counted > 0 && !trial.message.account().isEmpty()) {
            despite(trial.message, () -> senders.failed(trial.message.account(), counted, key));
          }
          job.message.part.write(tried, key);
        });
    those.forEach(trial.known::set);
    trial.closed = all;
  }

  private void report(
      ReportKind kind, Outgoing message, List<Report.About> about, Reporter.Times times) {
    despite(message, () -> reporter.send(kind, message, about, times));
  }

  /**
   * Where the log of who sends how much is damaged, say, what was found out is written down all the
   * same. What a report is made of, and who gets it, is no such case: it goes without what is
   * damaged, and waits in the queue.
   */
  private static void despite(Outgoing message, Runnable work) {
    try {
      work.run();
    } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
      LOG.atError()
          .addKeyValue("mail", true)
          .addKeyValue("transaction", message.transaction())
          .addKeyValue("session", message.session())
          .addKeyValue("from", message.sender())
          .addKeyValue("cause", e.getMessage())
          .log("a sender could not be told of a message: something in the store is damaged");
    }
  }

  /** Not behind the moment at which it would be late: then there is something to tell. */
  private long due(Job job, int attempts, long now) {
    long due = now + backoff.millis(attempts);
    long deadline = job.message.deadline;
    return deadline > now && deadline < due ? deadline : due;
  }

  private static void add(ReportKind kind, Trial trial, Report.About about, List<Report.About> to) {
    if (Reporter.isWanted(kind, trial.message, about.to())) {
      to.add(about);
    }
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Writes down what has happened, however long the store is out of reach: what was delivered must
   * not be delivered again because we do not know of it.
   */
  private void persistently(Job job, Runnable work) {
    while (true) {
      try {
        work.run();
        return;
      } catch (StoreException.Unavailable e) {
        if (stopping) {
          throw e;
        }
        LOG.atWarn()
            .addKeyValue("log", job.message.part.log)
            .addKeyValue("cause", e.getMessage())
            .log("an outcome cannot be written down yet");
      }
      pause();
    }
  }
}
