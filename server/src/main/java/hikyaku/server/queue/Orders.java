package hikyaku.server.queue;

import hikyaku.server.smtpclient.Route;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * Does with jobs what operators want. What is wanted of some of a job's recipients parts it in two;
 * a job that a delivery is at stays whole until that has come to its end. All of it under the
 * schedule's lock.
 */
final class Orders {
  private final Schedule schedule;
  private final BooleanSupplier entered;

  /**
   * @param entered whether jobs are in the schedule, and not only folded so far
   */
  Orders(Schedule schedule, BooleanSupplier entered) {
    this.schedule = schedule;
    this.entered = entered;
  }

  /**
   * Does it, but for {@link Order#DELETE}.
   *
   * @param places of those who are meant, all of whom wait
   * @param now whether those that nobody holds are tried at once
   */
  void apply(Job.Message message, QueueEvent.Ordered ordered, BitSet places, boolean now) {
    if (ordered.order() != Order.RETRY) {
      wish(message, ordered, places);
    }
    split(message, places);
    arrange(message);
    if (now) {
      for (Job job : message.jobs) {
        if (!job.flying && isAmong(job, places)) {
          hurry(job);
        }
      }
    }
  }

  private static void wish(Job.Message message, QueueEvent.Ordered ordered, BitSet places) {
    Wishes wishes = message.wishes == null ? new Wishes() : message.wishes;
    message.wishes = wishes;
    switch (ordered.order()) {
      case HOLD -> wishes.held.or(places);
      case RELEASE -> wishes.held.andNot(places);
      case REROUTE -> {
        Route way = new Route.Named(Objects.requireNonNull(ordered.relay()));
        places.stream().forEach(place -> wishes.ways.put(place, way));
      }
      case RETRY, DELETE -> {}
    }
  }

  /** Brings what no delivery is at to where an operator wants it. */
  void arrange(Job.Message message) {
    Wishes wishes = message.wishes;
    if (wishes == null) {
      return;
    }
    split(message, wishes.held);
    for (Job job : message.jobs) {
      if (!job.flying) {
        hold(job, wishes.holds(job));
      }
    }
    Map<Route, BitSet> places = new HashMap<>();
    wishes.ways.forEach((place, way) -> places.computeIfAbsent(way, _ -> new BitSet()).set(place));
    places.forEach((way, those) -> {
      split(message, those);
      move(message, those, schedule.destination(new Goal(way, false)));
    });
    if (wishes.held.isEmpty() && wishes.ways.isEmpty()) {
      message.wishes = null;
    }
  }

  private static boolean isAmong(Job job, BitSet places) {
    return Arrays.stream(job.recipients).allMatch(places::get);
  }

  /** Parts jobs of which only some recipients are among these, but for what a delivery is at. */
  void split(Job.Message message, BitSet places) {
    for (Job job : message.jobs) {
      int[] those = Arrays.stream(job.recipients).filter(places::get).toArray();
      if (job.flying || those.length == 0 || those.length == job.recipients.length) {
        continue;
      }
      Job apart = new Job(message, job.destination, those);
      apart.attempts = job.attempts;
      apart.due = job.due;
      apart.delayTold = job.delayTold;
      apart.lateTold = job.lateTold;
      apart.deferral = job.deferral;
      apart.state = job.state;
      job.recipients = Arrays.stream(job.recipients).filter(each -> !places.get(each)).toArray();
      add(apart);
    }
  }

  private void add(Job job) {
    Job.Message message = job.message;
    if (!message.isAt(job.destination)) {
      job.destination.jobs++;
    }
    message.jobs = Arrays.copyOf(message.jobs, message.jobs.length + 1);
    message.jobs[message.jobs.length - 1] = job;
    if (entered.getAsBoolean() && job.state != Job.State.HELD) {
      schedule.enter(job);
    }
  }

  private void hold(Job job, boolean held) {
    if (held) {
      job.state = Job.State.HELD;
    } else if (job.state == Job.State.HELD) {
      job.state = Job.State.WAITING;
      job.due = job.message.release;
      if (entered.getAsBoolean()) {
        schedule.enter(job);
      }
    }
  }

  private void hurry(Job job) {
    job.due = 0;
    if (entered.getAsBoolean()) {
      schedule.hurry(job);
    }
  }

  /**
   * Brings jobs to one destination, as one job, or two if some are held.
   *
   * @param places that no job is parted by
   */
  private void move(Job.Message message, BitSet places, Destination destination) {
    for (boolean held : new boolean[] {false, true}) {
      List<Job> leaving = new ArrayList<>();
      for (Job job : message.jobs) {
        boolean meant = !job.flying && isAmong(job, places);
        if (meant && job.destination != destination && held == (job.state == Job.State.HELD)) {
          leaving.add(job);
        }
      }
      if (!leaving.isEmpty()) {
        Job moved = moved(leaving, destination);
        message.jobs =
            Arrays.stream(message.jobs).filter(job -> !leaving.contains(job)).toArray(Job[]::new);
        add(moved);
      }
    }
  }

  private Job moved(List<Job> leaving, Destination destination) {
    Job first = leaving.getFirst();
    Job.Message message = first.message;
    int[] recipients =
        leaving.stream().flatMapToInt(job -> Arrays.stream(job.recipients)).sorted().toArray();
    Job moved = new Job(message, destination, recipients);
    moved.state = first.state == Job.State.HELD ? Job.State.HELD : Job.State.WAITING;
    moved.due = message.release;
    moved.deferral = leaving.stream().mapToLong(job -> job.deferral).max().orElse(0);
    for (Job job : leaving) {
      moved.attempts = Math.max(moved.attempts, job.attempts);
      moved.delayTold |= job.delayTold;
      moved.lateTold |= job.lateTold;
      // The others are needed for as long as the message is: they may say that a delay was told.
      if (job.deferral > 0 && job.deferral != moved.deferral) {
        message.keep(job.deferral);
      }
      schedule.gone(job);
    }
    return moved;
  }
}
