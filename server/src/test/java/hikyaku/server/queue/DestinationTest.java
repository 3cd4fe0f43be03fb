package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.smtpclient.Route;
import hikyaku.server.smtpclient.Verdict;
import java.time.Clock;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How many deliveries a destination gets, by how they fare. */
class DestinationTest {
  private static final Verdict TROUBLE = Verdict.deferred("4.4.1", "nobody answers");

  private static Destination destination(int most) {
    return new Destination(new Route.Exchange("there.test"), most, null);
  }

  private static void succeed(Destination destination, int times) {
    for (int i = 0; i < times; i++) {
      destination.succeeded();
    }
  }

  @Test
  void oneMoreForAboutAsManySuccessesAsThereAreDeliveries() {
    Destination destination = destination(8);
    assertThat(destination.window()).isEqualTo(4);
    succeed(destination, 4);
    assertThat(destination.window()).isEqualTo(4);
    succeed(destination, 1);
    assertThat(destination.window()).isEqualTo(5);
    succeed(destination, 4);
    assertThat(destination.window()).isEqualTo(5);
    succeed(destination, 2);
    assertThat(destination.window()).isEqualTo(6);
    succeed(destination, 100);
    assertThat(destination.window()).isEqualTo(8);
  }

  @Test
  void neverMoreThanTheMost() {
    Destination destination = destination(2);
    assertThat(destination.window()).isEqualTo(2);
    succeed(destination, 10);
    assertThat(destination.window()).isEqualTo(2);
  }

  @Test
  void oneLessForAFailureBetweenSuccesses() {
    Destination destination = destination(20);
    succeed(destination, 1);
    assertThat(destination.failed(TROUBLE)).isFalse();
    assertThat(destination.window()).isEqualTo(3);
    for (int i = 0; i < 5; i++) {
      succeed(destination, 1);
      assertThat(destination.failed(TROUBLE)).isFalse();
    }
    assertThat(destination.window()).isEqualTo(1);
    assertThat(destination.rests()).isZero();
    // And it recovers.
    succeed(destination, 1);
    assertThat(destination.window()).isEqualTo(2);
  }

  @Test
  void aRestForFailuresWithNoSuccessBetween() {
    Destination destination = destination(20);
    assertThat(destination.failed(TROUBLE)).as("it has never worked").isTrue();
    assertThat(destination.window()).isEqualTo(1);
    assertThat(destination.rests()).isEqualTo(1);
    assertThat(destination.failed(TROUBLE)).isTrue();
    assertThat(destination.rests()).isEqualTo(2);
    destination.restUntil = 1000;
    succeed(destination, 100);
    assertThat(destination.rests()).isZero();
    assertThat(destination.restUntil).isZero();
    assertThat(destination.trouble).isNull();
    int window = destination.window();
    assertThat(destination.failed(TROUBLE)).isFalse();
    assertThat(destination.window()).isEqualTo(window - 1);
    assertThat(destination.failed(TROUBLE)).isTrue();
    assertThat(destination.window()).isEqualTo(1);
    assertThat(destination.rests()).isEqualTo(1);
    assertThat(destination.trouble).isSameAs(TROUBLE);
  }

  // ---- in the schedule

  private Instant now = Instant.parse("2026-11-22T10:00:00Z");
  private final Schedule schedule =
      new Schedule(
          QueueSettings.DEFAULTS,
          new Backoff(60_000, 60_000, new Random(1)),
          () -> now,
          () -> true);

  private Destination waiting(int jobs) {
    Part part = new Part(0, new MemoryStore(Clock.systemUTC()).logs(), schedule, (_, _) -> null);
    Route route = new Route.Exchange("there.test");
    schedule.lock.lock();
    try {
      Destination destination = schedule.destination(new Goal(route, false));
      for (int i = 1; i <= jobs; i++) {
        Job.Message message = new Job.Message(part, i, i, now.toEpochMilli(), 0);
        Job job = new Job(message, destination, new int[] {0});
        message.jobs = new Job[] {job};
        destination.jobs++;
        schedule.enter(job);
      }
      return destination;
    } finally {
      schedule.lock.unlock();
    }
  }

  /** Begins as many deliveries as may be begun; says how many. */
  private int begin(Destination destination) throws Exception {
    int begun = 0;
    while (destination.mayStart(now.toEpochMilli())) {
      assertThat(schedule.next()).isSameAs(destination);
      begun++;
    }
    return begun;
  }

  @Test
  void deliveriesBecomeMoreAndFewer() throws Exception {
    Destination destination = waiting(100);
    assertThat(begin(destination)).isEqualTo(4);
    for (int i = 0; i < 5; i++) {
      schedule.succeeded(destination);
    }
    assertThat(begin(destination)).isEqualTo(1);
    // One fails while others get through: of two that end one is begun anew.
    schedule.failed(destination, TROUBLE);
    schedule.ended(destination);
    assertThat(begin(destination)).isZero();
    schedule.ended(destination);
    assertThat(begin(destination)).isEqualTo(1);
    // One more with nothing in between: it is left alone, and one goes to see how it does.
    schedule.failed(destination, TROUBLE);
    for (int i = 0; i < 4; i++) {
      schedule.ended(destination);
    }
    assertThat(begin(destination)).isZero();
    now = Instant.ofEpochMilli(destination.restUntil);
    assertThat(begin(destination)).isEqualTo(1);
    schedule.succeeded(destination);
    assertThat(begin(destination)).isEqualTo(1);
  }

  @Test
  void thereAreNoMoreDeliveriesThanMessages() throws Exception {
    assertThat(begin(waiting(2))).isEqualTo(2);
  }
}
