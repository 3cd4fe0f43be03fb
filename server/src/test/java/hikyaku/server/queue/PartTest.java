package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.smtpclient.Relay;
import hikyaku.server.smtpclient.Route;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose turn it is, of messages as they stand in the log. */
class PartTest {
  private static final Outgoing.Terms USUAL = Outgoing.Terms.NONE;

  private final MemoryStore store = new MemoryStore(Clock.systemUTC());
  private final Schedule schedule = schedule();

  private static Schedule schedule() {
    return new Schedule(
        QueueSettings.DEFAULTS, new Backoff(1, 1, new Random(1)), Clock.systemUTC(), () -> true);
  }

  @BeforeEach
  void open() {
    new Outbox(store.logs()).open();
  }

  /** Puts a message into the log. */
  private void put(
      String name, String session, String account, String script, Outgoing.Terms terms) {
    put(name, session, account, script, terms, "you@there.test");
  }

  private void put(
      String name,
      String session,
      String account,
      String script,
      Outgoing.Terms terms,
      String... to) {
    Blob blob;
    try (BlobWriter writer = store.blobs().create()) {
      blob = writer.finish();
    }
    Mailbox sender = new Mailbox(new MailAddress("me", "home.test"));
    Outgoing message =
        new PlainMail(name, session, sender)
            .of(blob, Arrays.stream(to).map(PartTest::recipient).toList(), account, script, terms);
    store.logs().append(Append.to(Part.log(0), List.of(QueueCodec.queued(message)))).orThrow();
  }

  private static Outgoing.To recipient(String address) {
    int at = address.indexOf('@');
    return new Outgoing.To(
        new Mailbox(new MailAddress(address.substring(0, at), address.substring(at + 1))),
        RcptParameters.NONE);
  }

  /** All of the log, as it is folded now. */
  private Part part(Schedule schedule) {
    Part part =
        new Part(
            0,
            store.logs(),
            schedule,
            (_, to) -> new Goal(new Route.Exchange(to.address().domain()), false));
    part.refresh(Long.MAX_VALUE);
    return part;
  }

  /** In which order what is in the log goes out over one connection. */
  private List<String> order() throws Exception {
    Part part = part(schedule);
    Destination destination = schedule.next();
    List<String> order = new ArrayList<>();
    for (Job job = schedule.take(destination, 0, 0);
        job != null;
        job = schedule.take(destination, 0, 0)) {
      order.add(part.read(job.message).transaction());
    }
    return order;
  }

  /** An account does not get ahead by sessions, nor by what its script sends. */
  @Test
  void accountsTakeTurnsWithTheirScripts() throws Exception {
    put("a1", "s1", "a", "", USUAL);
    put("a2", "s2", "a", "", USUAL);
    put("script of a", "s3", "", "a", USUAL);
    put("a4", "s4", "a", "", USUAL);
    put("b1", "s1", "b", "", USUAL);
    put("b2", "s1", "", "b", USUAL);
    put("c1", "s1", "c", "", USUAL);
    // The fourth is the one that has been there for longest.
    assertThat(order()).containsExactly("a1", "b1", "c1", "a2", "script of a", "b2", "a4");
  }

  /** That of lists and reports. */
  @Test
  void mailOfNoAccountTakesTurnsBySession() throws Exception {
    put("x1", "x", "", "", USUAL);
    put("x2", "x", "", "", USUAL);
    put("x3", "x", "", "", USUAL);
    put("y1", "y", "", "", USUAL);
    put("z1", "z", "", "", USUAL);
    put("a1", "x", "a", "", USUAL);
    assertThat(order()).containsExactly("x1", "y1", "z1", "x2", "a1", "x3");
  }

  @Test
  void priorityGoesBeforeTurns() throws Exception {
    put("a1", "s", "a", "", USUAL);
    put("a2", "s", "a", "", new Outgoing.Terms(0, "", null, 3));
    put("b1", "s", "b", "", USUAL);
    put("a3", "s", "a", "", new Outgoing.Terms(0, "", null, 3));
    assertThat(order()).containsExactly("a2", "a3", "a1", "b1");
  }

  /** An order for some of those whom a delivery is at is done when that has come to its end. */
  @Test
  void whatFliesIsPartedWhenItLands() throws Exception {
    put("m", "s", "a", "", USUAL, "a@there.test", "b@there.test", "c@there.test", "d@there.test");
    Part part = part(schedule);
    Destination there = schedule.next();
    Job flying = schedule.take(there, 0, 0);
    order(Order.HOLD, null, 1);
    order(Order.REROUTE, Relay.parse("smtp://relay.test"), 2);
    order(Order.DELETE, null, 3);
    part.refresh(Long.MAX_VALUE);
    assertThat(schedule.take(there, 0, 0)).isNull();
    assertThat(flying.recipients).containsExactly(0, 1, 2);
    tried(new int[0], new int[] {0, 1, 2, 3});
    part.refresh(Long.MAX_VALUE);
    assertThat(standing(flying.message))
        .containsExactlyInAnyOrder(
            "there.test [0] READY", "there.test [1] HELD", "smtp://relay.test:25 [2] READY");
    assertThat(standing(part(schedule()).message(1)))
        .containsExactlyInAnyOrder(
            "there.test [0] READY", "there.test [1] HELD", "smtp://relay.test:25 [2] READY");

    schedule.ended(there);
    assertThat(List.of(schedule.next(), schedule.next())).contains(there);
    Job again = schedule.take(there, 0, 0);
    order(Order.RELEASE, null, 1);
    order(Order.HOLD, null);
    part.refresh(Long.MAX_VALUE);
    part.putBack(again, Duration.ZERO);
    assertThat(standing(flying.message))
        .containsExactlyInAnyOrder(
            "there.test [0] HELD", "there.test [1] HELD", "smtp://relay.test:25 [2] HELD");
    assertThat(schedule.take(there, 0, 0)).isNull();
    tried(new int[] {0, 2}, new int[0]);
    order(Order.DELETE, null, 1);
    part.refresh(Long.MAX_VALUE);
    assertThat(part.size()).isZero();
    assertThat(there.jobs).isZero();
  }

  /** Another node, for which the log no more has the order that parted a job, parts it as well. */
  @Test
  void whatWasTriedApartStaysApart() throws Exception {
    put("m", "s", "a", "", USUAL, "a@there.test", "b@there.test", "c@there.test");
    tried(1, 0, 1, 2);
    order(Order.RETRY, null, 0);
    tried(2, 0);
    tidied();
    assertThat(attempts()).containsExactlyInAnyOrder("[0] 2", "[1, 2] 1");
    tidied();
    assertThat(attempts()).containsExactlyInAnyOrder("[0] 2", "[1, 2] 1");
    tried(3, 2);
    tidied();
    assertThat(attempts()).containsExactlyInAnyOrder("[0] 2", "[1] 1", "[2] 3");
    tidied();
    assertThat(attempts()).containsExactlyInAnyOrder("[0] 2", "[1] 1", "[2] 3");
  }

  /** Some of a job that goes another way now waits for what was said of all of it. */
  @Test
  void whatWasSaidOfThoseWhoGoAnotherWayIsKept() throws Exception {
    put("m", "s", "a", "", USUAL, "a@there.test", "b@there.test", "c@other.test");
    tried(5, 0, 1);
    tried(1, 2);
    order(Order.REROUTE, Relay.parse("smtp://relay.test"), 0, 2);
    tried(6, 1);
    tidied();
    assertThat(attempts()).containsExactlyInAnyOrder("[0, 2] 5", "[1] 6");
    tried(7, 0, 2);
    tidied();
    assertThat(attempts()).containsExactlyInAnyOrder("[0, 2] 7", "[1] 6");
    tried(new int[] {0, 1, 2}, new int[0]);
    tidied();
    assertThat(store.logs().read(Part.log(0), 0, Long.MAX_VALUE, 1000))
        .extracting(QueueCodec::read)
        .containsExactly(new QueueEvent.Opened());
  }

  /** A job that a delivery is at, with those it is for. */
  private record Flight(Job job, int[] places) {}

  /**
   * Whatever is ordered and tried, and whatever of it the log still has: each node takes the same
   * ones to wait, for the same; and all of them go out once.
   */
  @Test
  void allNodesTakeTheLogAlike() {
    for (int seed = 0; seed < 500; seed++) {
      new Story(seed).run();
    }
  }

  /** Of one message, on a store of its own. */
  private static final class Story {
    private final String name;
    private final Random random;
    private final PartTest its = new PartTest();
    private final List<Flight> flights = new ArrayList<>();
    private final Part part;

    /**
     * Whether something was to go another way while a delivery was at some of it. Who reads the log
     * afterwards brings all of that together, and then takes it for tried as often as the one that
     * was tried most.
     */
    private boolean parted;

    Story(int seed) {
      name = "seed " + seed;
      random = new Random(seed);
      its.open();
      long release = random.nextInt(3) == 0 ? System.currentTimeMillis() + 10_000_000 : 0;
      its.put(
          "m",
          "s",
          "a",
          "",
          new Outgoing.Terms(release, "", null, 0),
          "a@there.test",
          "b@there.test",
          "c@there.test",
          "d@other.test",
          "e@other.test");
      part = its.part(its.schedule);
    }

    void run() {
      for (int step = 0; step < 25 && part.size() > 0; step++) {
        switch (random.nextInt(4)) {
          case 0, 1 -> order();
          case 2 -> takeOff();
          default -> land();
        }
        part.refresh(Long.MAX_VALUE);
        if (flights.isEmpty()) {
          compare();
        }
      }
      while (!flights.isEmpty()) {
        land();
        part.refresh(Long.MAX_VALUE);
      }
      compare();
      if (random.nextBoolean()) {
        its.tidied(40);
        compare();
      }
      if (part.size() > 0) {
        goOut();
      }
    }

    private void order() {
      Order order = Order.values()[random.nextInt(Order.values().length)];
      Relay relay =
          order == Order.REROUTE ? Relay.parse("smtp://relay" + random.nextInt(2) + ".test") : null;
      int[] places = random.nextInt(3) == 0 ? new int[0] : some(new int[] {0, 1, 2, 3, 4});
      parted |= order == Order.REROUTE && !flights.isEmpty();
      // Whoever orders something for all leaves nothing to look at.
      its.order(order, relay, order == Order.DELETE && places.length == 0 ? new int[] {0} : places);
    }

    private int[] some(int[] all) {
      return Arrays.stream(all).filter(_ -> random.nextInt(3) == 0).toArray();
    }

    private void takeOff() {
      Job[] jobs = part.message(1).jobs;
      Job chosen = jobs[random.nextInt(jobs.length)];
      Job job = its.schedule.take(chosen.destination, 0, 0);
      if (job != null) {
        flights.add(new Flight(job, job.recipients.clone()));
      }
    }

    private void land() {
      if (flights.isEmpty()) {
        return;
      }
      Flight flight = flights.remove(random.nextInt(flights.size()));
      if (random.nextInt(4) == 0) {
        part.putBack(flight.job, Duration.ZERO);
        return;
      }
      int[] settled = some(flight.places);
      int[] waiting =
          Arrays.stream(flight.places)
              .filter(place -> Arrays.stream(settled).noneMatch(each -> each == place))
              .toArray();
      its.tried(flight.job.attempts + 1, settled, waiting);
    }

    /** Those who wait, each with what a node takes it to wait for. */
    private static List<String> waiting(Part of) {
      return of.size() == 0
          ? List.of()
          : Arrays.stream(of.message(1).jobs)
              .flatMap(job ->
                  Arrays.stream(job.recipients)
                      .mapToObj(place ->
                          place
                              + " "
                              + job.destination.route
                              + (job.state == Job.State.HELD ? " held" : "")))
              .sorted()
              .toList();
    }

    private static List<Integer> attempts(Part of) {
      int[] attempts = new int[5];
      if (of.size() > 0) {
        for (Job job : of.message(1).jobs) {
          Arrays.stream(job.recipients).forEach(place -> attempts[place] = job.attempts);
        }
      }
      return Arrays.stream(attempts).boxed().toList();
    }

    private void compare() {
      Part another = its.part(schedule());
      assertThat(waiting(another)).as(name).isEqualTo(waiting(part));
      if (!parted) {
        assertThat(attempts(another)).as(name).isEqualTo(attempts(part));
      }
      assertThat(shown()).as(name).isEqualTo(waiting(part));
      for (Part each : List.of(part, another)) {
        if (each.size() > 0) {
          for (Job job : each.message(1).jobs) {
            assertThat(job.destination.jobs).as(name).isEqualTo(1);
          }
        }
      }
    }

    private List<String> shown() {
      QueueView view = new QueueView(its.store.logs(), Clock.systemUTC());
      return view
          .find(new QueueView.Filter(null, null, null, null, null, false, null), 9)
          .messages()
          .stream()
          .flatMap(message -> message.waiting().stream())
          .map(each ->
              each.place()
                  + " "
                  + (each.way().isEmpty()
                      ? new Route.Exchange(each.to().address().domain())
                      : new Route.Named(Relay.parse(each.way())))
                  + (each.held() ? " held" : ""))
          .sorted()
          .toList();
    }

    /** Nobody is forgotten in the schedule, and nobody stands in it twice. */
    private void goOut() {
      its.order(Order.RELEASE, null);
      its.order(Order.RETRY, null);
      part.refresh(Long.MAX_VALUE);
      List<Integer> out = new ArrayList<>();
      for (Job job : part.message(1).jobs) {
        for (Job next = its.schedule.take(job.destination, 0, 0);
            next != null;
            next = its.schedule.take(job.destination, 0, 0)) {
          Arrays.stream(next.recipients).forEach(out::add);
        }
      }
      assertThat(out)
          .as(name)
          .containsExactlyInAnyOrderElementsOf(part.message(1).waiting().stream().boxed().toList());
    }
  }

  /** Rids the log of what is dead, with as much that says nothing that it is worth while. */
  private void tidied() {
    tidied(20);
  }

  /**
   * @param most entries that are left
   */
  private void tidied(int most) {
    for (int i = 0; i < 200; i++) {
      QueueEvent.Ordered nobody = new QueueEvent.Ordered(new long[] {1_000_000}, Order.RETRY);
      store.logs().append(Append.to(Part.log(0), List.of(QueueCodec.ordered(nobody)))).orThrow();
    }
    part(schedule()).tidy();
    assertThat(store.logs().read(Part.log(0), 0, Long.MAX_VALUE, 1000)).hasSizeLessThan(most);
  }

  /** How often another node takes those to have been tried for whom the message waits. */
  private List<String> attempts() {
    return Arrays.stream(part(schedule()).message(1).jobs)
        .map(job -> Arrays.toString(job.recipients) + " " + job.attempts)
        .toList();
  }

  private static List<String> standing(Job.Message message) {
    return Arrays.stream(message.jobs)
        .map(job -> job.destination.route + " " + Arrays.toString(job.recipients) + " " + job.state)
        .toList();
  }

  /** Wants something of some recipients of the first message; of all if none is named. */
  private void order(Order order, @Nullable Relay relay, int... places) {
    QueueEvent.Ordered ordered =
        new QueueEvent.Ordered(List.of(new QueueEvent.Meant(1, places)), order, relay);
    store.logs().append(Append.to(Part.log(0), List.of(QueueCodec.ordered(ordered)))).orThrow();
  }

  /** An attempt at the first message that nobody got. */
  private void tried(int attempts, int... waiting) {
    tried(attempts, new int[0], waiting);
  }

  private void tried(int[] settled, int[] waiting) {
    tried(1, settled, waiting);
  }

  private void tried(int attempts, int[] settled, int[] waiting) {
    QueueEvent.Tried tried =
        new QueueEvent.Tried(1, settled, waiting, attempts, 0, false, false, "busy");
    store.logs().append(Append.to(Part.log(0), List.of(QueueCodec.tried(tried)))).orThrow();
  }
}
