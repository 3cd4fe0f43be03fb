package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.ClientSettings;
import hikyaku.server.smtpclient.Route;
import hikyaku.server.smtpclient.Verdict;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How priority and fairness meet (RFC 6710): at a destination, and between destinations. */
class ScheduleTest {
  private final Instant start = Instant.parse("2026-11-22T10:00:00Z");
  private Instant now = start;

  private final Schedule schedule =
      new Schedule(
          new QueueSettings(
              Optional.empty(),
              Map.of(),
              Map.of(),
              Optional.empty(),
              Duration.ofMinutes(1),
              Duration.ofMinutes(1),
              Duration.ofDays(1),
              Duration.ZERO,
              Language.EN,
              20,
              1,
              Optional.of(Rate.UNLIMITED),
              Map.of(
                  "slow.test",
                  Rate.parse("6/1h"),
                  "*.slow.test",
                  Rate.parse("1/1d"),
                  "brisk.test",
                  Rate.parse("300/1m")),
              ClientSettings.DEFAULTS),
          new Backoff(1, 1, new Random(1)),
          () -> now,
          () -> true);
  private final Part part =
      new Part(
          0,
          new MemoryStore(Clock.fixed(start, ZoneOffset.UTC)).logs(),
          schedule,
          (_, to) -> new Goal(new Route.Exchange(to.address().domain()), false));
  private int messages;

  private Job enter(String domain, int priority) {
    return enter(new Goal(new Route.Exchange(domain), false), priority, 1);
  }

  private Job enter(Goal goal, int priority, int recipients) {
    Job.Message message = new Job.Message(part, ++messages, messages, now.toEpochMilli(), 0);
    message.priority = (byte) priority;
    schedule.lock.lock();
    try {
      Destination destination = schedule.destination(goal);
      destination.jobs++;
      Job job = new Job(message, destination, IntStream.range(0, recipients).toArray());
      message.jobs = new Job[] {job};
      schedule.enter(job);
      return job;
    } finally {
      schedule.lock.unlock();
    }
  }

  private List<Integer> priorities(Destination destination) {
    List<Integer> priorities = new ArrayList<>();
    for (Job job = schedule.take(destination, 0, 0);
        job != null;
        job = schedule.take(destination, 0, 0)) {
      priorities.add((int) job.message.priority);
    }
    return priorities;
  }

  @Test
  void theUrgentGoFirstAtADestination() throws Exception {
    for (int priority : new int[] {-2, 0, 0, 5, 0, 5, -2, 9}) {
      Job unused = enter("a.test", priority);
    }
    // Every fourth is the one that has waited for longest.
    assertThat(priorities(schedule.next())).containsExactly(9, 5, 5, -2, 0, 0, 0, -2);
  }

  @Test
  void aDestinationWithUrgentMailGoesFirst() throws Exception {
    Job a = enter("a.test", 0);
    Job b = enter("b.test", 0);
    Job c = enter("c.test", 0);
    // It has a place in the line already, and gets a better one.
    Job urgent = enter("c.test", 4);
    assertThat(schedule.next()).isSameAs(urgent.destination);
    assertThat(priorities(c.destination)).containsExactly(4, 0);
    assertThat(schedule.next()).isSameAs(a.destination);
    assertThat(schedule.next()).isSameAs(b.destination);
    // The place that it left is nobody's.
    assertThat(schedule.active()).isEqualTo(3);
    schedule.close();
    assertThat(schedule.next()).isNull();
  }

  @Test
  void noDestinationStarvesForUrgentMailElsewhere() throws Exception {
    Job patient = enter("patient.test", -9);
    int turns = 0;
    Destination next;
    do {
      Job first = enter("urgent" + turns + ".test", 9);
      Job second = enter("also" + turns + ".test", 9);
      assertThat(List.of(first, second)).allMatch(job -> job.state == Job.State.READY);
      next = schedule.next();
      turns++;
    } while (next != patient.destination);
    assertThat(turns).isEqualTo(Line.FAIR);
  }

  /** Where a message takes a minute, others do not wait for a hundred of them. */
  @Test
  void aSlowDestinationMakesRoomForOthers() throws Exception {
    Job first = enter("slow0.test", 0);
    for (int i = 0; i < 20; i++) {
      Job unused = enter("slow" + i + ".test", 0);
      assertThat(schedule.next()).isNotNull();
    }
    long began = now.toEpochMilli();
    now = now.plusSeconds(60);
    assertThat(schedule.take(first.destination, 1, began)).as("nobody waits").isNotNull();
    Job other = enter("other.test", 0);
    assertThat(schedule.take(first.destination, 1, now.toEpochMilli())).isNotNull();
    Job last = enter("slow0.test", 0);
    assertThat(schedule.take(first.destination, 1, began)).as("another one waits").isNull();
    schedule.ended(first.destination);
    assertThat(schedule.next()).isSameAs(other.destination);
    assertThat(last.state).isEqualTo(Job.State.READY);
  }

  // ---- rates

  /** How many go to a destination now, if it is the one that has something to do. */
  private int goes(Destination destination) throws Exception {
    assertThat(schedule.next()).isSameAs(destination);
    int taken = priorities(destination).size();
    schedule.ended(destination);
    return taken;
  }

  /** Whether nobody may begin now: one who comes last goes first. */
  private void nobodyGoes() throws Exception {
    Job other = enter("other" + messages + ".test", -9);
    assertThat(schedule.next()).isSameAs(other.destination);
    assertThat(priorities(other.destination)).containsExactly(-9);
    schedule.ended(other.destination);
  }

  @Test
  void aRateIsSpreadEvenlyAndDelaysNobodyElse() throws Exception {
    Destination slow = enter("slow.test", 0).destination;
    for (int i = 0; i < 9; i++) {
      assertThat(enter("slow.test", 0).destination).isSameAs(slow);
    }
    assertThat(goes(slow)).isEqualTo(1);
    int gone = 1;
    for (int minute = 1; minute <= 60; minute++) {
      now = start.plusSeconds(minute * 60);
      if (minute % 10 == 0) {
        assertThat(goes(slow)).isEqualTo(1);
        gone++;
      } else {
        nobodyGoes();
      }
    }
    assertThat(gone).isEqualTo(7);
  }

  @Test
  void whatWasNotUsedIsNotSavedUp() throws Exception {
    Destination slow = enter("slow.test", 0).destination;
    assertThat(goes(slow)).isEqualTo(1);
    now = start.plus(Duration.ofDays(3));
    for (int i = 0; i < 3; i++) {
      assertThat(enter("slow.test", 0).destination).isSameAs(slow);
    }
    assertThat(goes(slow)).isEqualTo(1);
    nobodyGoes();
  }

  @Test
  void aHighRateGoesInStepsOfASecond() throws Exception {
    Destination brisk = enter("brisk.test", 0).destination;
    for (int i = 0; i < 20; i++) {
      assertThat(enter("brisk.test", 0).destination).isSameAs(brisk);
    }
    assertThat(goes(brisk)).isEqualTo(1);
    now = start.plusMillis(900);
    nobodyGoes();
    now = start.plusMillis(1_000);
    assertThat(goes(brisk)).isEqualTo(5);
    now = start.plusMillis(1_999);
    nobodyGoes();
    now = start.plusMillis(2_000);
    assertThat(goes(brisk)).isEqualTo(5);
  }

  @Test
  void aMessageToManyCountsOnceForEachTransaction() throws Exception {
    Goal goal = new Goal(new Route.Exchange("slow.test"), false);
    Destination slow = enter(goal, 9, 201).destination;
    assertThat(enter(goal, 0, 0).destination).isSameAs(slow);
    assertThat(goes(slow)).isEqualTo(1);
    now = start.plus(Duration.ofMinutes(29));
    nobodyGoes();
    now = start.plus(Duration.ofMinutes(30));
    assertThat(goes(slow)).isEqualTo(1);
  }

  @Test
  void aNodeHasAsMuchOfARateAsItHasOfTheQueue() throws Exception {
    schedule.share(Part.COUNT / 2);
    Destination slow = enter("slow.test", 0).destination;
    for (int i = 0; i < 3; i++) {
      assertThat(enter("slow.test", 0).destination).isSameAs(slow);
    }
    assertThat(goes(slow)).isEqualTo(1);
    now = start.plus(Duration.ofMinutes(10));
    nobodyGoes();
    now = start.plus(Duration.ofMinutes(20));
    assertThat(goes(slow)).isEqualTo(1);
    // The other node is gone: half of the time has passed for half of a message.
    now = start.plus(Duration.ofMinutes(30));
    schedule.share(Part.COUNT);
    nobodyGoes();
    now = start.plus(Duration.ofMinutes(35));
    assertThat(goes(slow)).isEqualTo(1);
  }

  @Test
  void mailForMailboxesHereWaitsForNoRate() throws Exception {
    Goal here = new Goal(new Route.Exchange("slow.test"), true);
    Destination destination = enter(here, 0, 1).destination;
    assertThat(enter(here, 0, 1).destination).isSameAs(destination);
    assertThat(goes(destination)).isEqualTo(2);
  }

  @Test
  void sendersHearOfWhatARateDelays() throws Exception {
    Destination rare = enter("very.slow.test", 0).destination;
    Job late = enter("very.slow.test", 0);
    assertThat(goes(rare)).isEqualTo(1);
    assertThat(schedule.overdue(10)).isEmpty();
    now = start.plus(Duration.ofDays(1)).minusSeconds(2);
    assertThat(schedule.overdue(10)).isEmpty();
    Job next = enter("very.slow.test", 0);
    now = start.plus(Duration.ofDays(1));
    assertThat(goes(rare)).isEqualTo(1);
    assertThat(late.state).isEqualTo(Job.State.FLYING);
    now = start.plus(Duration.ofDays(2)).minusSeconds(1);
    Job after = enter("very.slow.test", 0);
    assertThat(schedule.overdue(10)).containsExactly(next).doesNotContain(after);
    assertThat(schedule.isPaced(next)).isTrue();
  }

  @Test
  void whatHasGoneIsNotForgottenWhileItCounts() throws Exception {
    Job first = enter("slow.test", 0);
    assertThat(goes(first.destination)).isEqualTo(1);
    schedule.lock.lock();
    try {
      schedule.gone(first);
    } finally {
      schedule.lock.unlock();
    }
    assertThat(schedule.overdue(10)).isEmpty();
    assertThat(enter("slow.test", 0).destination).isSameAs(first.destination);
    nobodyGoes();
  }

  @Test
  void whatWaitsIsToldByDestination() throws Exception {
    Destination slow = enter("slow.test", 0).destination;
    assertThat(goes(slow)).isEqualTo(1);
    enter("slow.test", 0);
    enter("slow.test", 0);
    Destination dead = enter("dead.test", 0).destination;
    enter("dead.test", 0);
    enter(new Goal(new Route.Exchange("home.test"), true), 0, 1);
    Verdict refused = Verdict.deferred("4.4.1", "connection refused");
    schedule.failed(dead, refused);

    List<Standing> found = schedule.standings(2);
    assertThat(found).extracting(Standing::destination).containsExactly("slow.test", "dead.test");
    assertThat(found).extracting(Standing::waiting).containsExactly(3, 2);
    assertThat(found).extracting(Standing::paced).containsExactly(true, false);
    assertThat(found.getFirst().rest()).isZero();
    assertThat(found.getFirst().trouble()).isEmpty();
    assertThat(found.getLast().rest()).isPositive();
    assertThat(found.getLast().trouble()).contains(refused);
    assertThat(schedule.standings(10))
        .extracting(Standing::destination)
        .containsExactly("slow.test", "dead.test", "mailboxes here");
  }
}
