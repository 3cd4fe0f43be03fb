package hikyaku.server.queue;

import hikyaku.server.smtpclient.Route;
import hikyaku.server.smtpclient.Verdict;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A place that mail goes to, and how it has been doing. Guarded by its {@link Schedule}'s lock.
 *
 * <p>How many deliveries it gets at one time follows from how they fare: one more for as many
 * successes as there are deliveries, one less for a failure in between, and a rest for a failure
 * with no success before it.
 */
final class Destination {
  private static final double BEGINNING = 4;

  final Route route;

  /** Jobs whose time has come, and some that have been dealt with otherwise. */
  final Line<Job> ready = new Line<>();

  /** Jobs that there are, in whatever state but GONE. */
  int jobs;

  /** Deliveries that are under way. */
  int active;

  /** Its place in the line for a delivery; null if it stands in none. */
  @Nullable Turn turn;

  /**
   * A place in that line.
   *
   * @param priority the highest of those that waited here when it was taken
   */
  record Turn(Destination destination, int priority) {
    /** Whether it is not left for a better one. */
    boolean counts() {
      return destination.turn == this;
    }
  }

  /** Until when it is left alone, in milliseconds since 1970. */
  long restUntil;

  /** Keeps it to its rate; null if it has none. */
  final @Nullable Pace pace;

  /** When it is looked at next because its pace is closed, in milliseconds since 1970; 0 if not. */
  long opensAt;

  /** Why it is left alone, or was. */
  @Nullable Verdict trouble;

  private final double most;
  private double window;
  private int rests;
  private boolean succeeded;

  Destination(Route route, int most, @Nullable Pace pace) {
    this.route = route;
    this.pace = pace;
    this.most = most;
    this.window = Math.min(BEGINNING, most);
  }

  boolean mayStart(long now) {
    // One delivery takes many jobs, so there is no need for more of them than jobs.
    return restUntil <= now
        && !ready.isEmpty()
        && active < Math.min((int) window, jobs)
        && !isPaced(now);
  }

  /** Whether what waits here waits for the rate. */
  boolean isPaced(long now) {
    return pace != null && !pace.isOpen(now);
  }

  /** Whether nothing is lost if it is forgotten. */
  boolean isForgettable(long now) {
    return jobs == 0
        && active == 0
        && turn == null
        && restUntil <= now
        && (pace == null || pace.isRested(now));
  }

  int window() {
    return (int) window;
  }

  /** A message was judged by a server there, whatever the judgement. */
  void succeeded() {
    window = Math.min(most, window + 1 / window);
    rests = 0;
    restUntil = 0;
    succeeded = true;
    trouble = null;
  }

  /**
   * Nobody there could be spoken to.
   *
   * @return whether it needs a rest; how many in a row is {@link #rests}
   */
  boolean failed(Verdict verdict) {
    trouble = verdict;
    window = Math.max(1, window - 1);
    boolean rest = !succeeded;
    succeeded = false;
    if (rest) {
      window = 1;
      rests++;
    }
    return rest;
  }

  int rests() {
    return rests;
  }

  Standing standing(boolean here, long now) {
    return new Standing(
        here ? "mailboxes here" : route.toString(),
        jobs,
        active,
        Duration.ofMillis(Math.max(0, restUntil - now)),
        isPaced(now),
        Optional.ofNullable(trouble));
  }
}
