package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.ClientSettings;
import hikyaku.server.smtpclient.Route;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How priority and fairness meet (RFC 6710): at a destination, and between destinations. */
class ScheduleTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-22T10:00:00Z"), ZoneOffset.UTC);

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
              ClientSettings.DEFAULTS),
          new Backoff(1, 1, new Random(1)),
          CLOCK,
          () -> true);
  private final Part part =
      new Part(
          0,
          new MemoryStore(CLOCK).logs(),
          schedule,
          (_, to) -> new Route.Exchange(to.address().domain()));
  private int messages;

  private Job enter(String domain, int priority) {
    Job.Message message = new Job.Message(part, ++messages, messages, CLOCK.millis(), 0);
    message.priority = priority;
    schedule.lock.lock();
    try {
      Destination destination = schedule.destination(new Route.Exchange(domain));
      destination.jobs++;
      Job job = new Job(message, destination, new int[] {0});
      message.jobs = new Job[] {job};
      schedule.enter(job);
      return job;
    } finally {
      schedule.lock.unlock();
    }
  }

  private List<Integer> priorities(Destination destination) {
    List<Integer> priorities = new ArrayList<>();
    for (Job job = schedule.take(destination, 0, 100);
        job != null;
        job = schedule.take(destination, 0, 100)) {
      priorities.add(job.message.priority);
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
}
