package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.queue.QueueView.Filter;
import hikyaku.server.smtpclient.Relay;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever works the queue finds what is asked for without reading all of it. */
class WorkedPartsTest {
  private static final Filter ALL = new Filter(null, null, null, null, null, false, null);

  private final MemoryStore store = new MemoryStore(Clock.systemUTC());
  private final MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT);
  private final Outbox outbox = new Outbox(store.logs());
  private final AtomicLong read = new AtomicLong();
  private final LogStore counted = counted(store.logs(), read);
  private final QueueSettings settings = settings();
  private final WorkedParts parts = new WorkedParts();
  private final QueueView whole = new QueueView(counted, Clock.systemUTC());
  private final QueueView knowing =
      new QueueView(counted, Clock.systemUTC(), QueueSettings.DEFAULTS, parts);
  private final List<Outgoing> put = new ArrayList<>();

  @BeforeEach
  void open() {
    outbox.open();
  }

  @AfterEach
  void close() {
    mail.close();
  }

  /** Two domains have one relay: mail for them is alike but for the recipients. */
  private static QueueSettings settings() {
    QueueSettings usual = QueueSettings.DEFAULTS;
    return new QueueSettings(
        Optional.empty(),
        Map.of(
            "relayed.test", Relay.parse("smtp://relay.test"),
            "also.test", Relay.parse("smtp://relay.test")),
        Map.of(),
        Optional.empty(),
        usual.firstRetry(),
        usual.longestRetry(),
        usual.lifetime(),
        usual.delayWarning(),
        usual.reportLanguage(),
        usual.deliveries(),
        usual.perDestination(),
        Optional.empty(),
        Map.of(),
        usual.client());
  }

  private static LogStore counted(LogStore logs, AtomicLong read) {
    return (LogStore)
        Proxy.newProxyInstance(
            LogStore.class.getClassLoader(),
            new Class<?>[] {LogStore.class},
            (_, method, arguments) -> {
              try {
                Object answer = method.invoke(logs, arguments);
                if (method.getName().equals("read") && answer instanceof List<?> entries) {
                  read.addAndGet(entries.size());
                }
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** This node works all of the queue, and nothing is sent. */
  private void work() {
    Schedule nobody =
        new Schedule(settings, new Backoff(1, 1, new Random(1)), Clock.systemUTC(), () -> false);
    for (int i = 0; i < Part.COUNT; i++) {
      Part part =
          new Part(
              i,
              store.logs(),
              nobody,
              (outgoing, to) ->
                  new Goal(
                      settings.route(to.address().domain(), outgoing.reversePath()), to.here()));
      part.refresh(Long.MAX_VALUE);
      parts.add(part);
    }
  }

  private void put(String from, String account, String... to) throws Exception {
    List<Outgoing.To> recipients = new ArrayList<>();
    for (String each : to) {
      recipients.add(new Outgoing.To(new Mailbox(MailAddress.parse(each)), RcptParameters.NONE));
    }
    ReversePath sender = from.isEmpty() ? ReversePath.NULL : new Mailbox(MailAddress.parse(from));
    try (Intake intake = mail.intake()) {
      intake.write(new byte[] {'\r', '\n'}, 0, 2);
      Outgoing message =
          new PlainMail("t" + put.size(), "s", sender)
              .of(intake.finish().blob(), recipients, account, "", Outgoing.Terms.NONE);
      store.logs().append(outbox.append(message)).orThrow();
      put.add(message);
    }
  }

  /** The id that a message's entry took. */
  private long id(Outgoing message) {
    return store.logs().read(part(message), 0, Long.MAX_VALUE, 10_000).stream()
        .filter(entry -> QueueCodec.read(entry).equals(new QueueEvent.Queued(message)))
        .findFirst()
        .orElseThrow()
        .firstId();
  }

  private static hikyaku.mailbox.store.LogName part(Outgoing message) {
    return Part.log(Outbox.part(message.transaction()));
  }

  private void tried(Outgoing message, int[] settled, int[] waiting, int attempts, String reason) {
    QueueEvent.Tried tried =
        new QueueEvent.Tried(
            id(message),
            settled,
            waiting,
            attempts,
            Instant.now().plusSeconds(600).toEpochMilli(),
            false,
            false,
            reason);
    store.logs().append(Append.to(part(message), List.of(QueueCodec.tried(tried)))).orThrow();
  }

  private static Filter named(Outgoing message) {
    return new Filter(message.transaction(), null, null, null, null, false, null);
  }

  private static List<Filter> filters(List<Outgoing> put) {
    Instant now = Instant.now();
    return List.of(
        ALL,
        named(put.getFirst()),
        named(put.getLast()),
        new Filter("nobody's", null, null, null, null, false, null),
        new Filter(null, "ME@home.test", null, null, null, false, null),
        new Filter(null, "", null, null, null, false, null),
        new Filter(null, null, "b@TWO.test", null, null, false, null),
        new Filter(null, null, "b@two.test", "one.test", null, false, null),
        new Filter(null, null, "b@two.test", "two.test", null, true, null),
        new Filter(null, null, null, "One.Test", null, false, null),
        new Filter(null, null, null, "relayed.test", null, false, null),
        new Filter(null, null, null, "xn--bcher-kva.test", null, false, null),
        new Filter(null, null, null, "bücher.test", null, false, null),
        new Filter(null, null, null, "nowhere.test", null, false, null),
        new Filter(null, null, null, null, now, false, null),
        new Filter(null, null, null, null, now.minusSeconds(3600), false, null),
        new Filter(null, null, null, null, null, true, null),
        new Filter(null, null, null, "two.test", null, true, null),
        new Filter(null, null, null, null, null, false, "account"),
        new Filter(null, null, null, "two.test", null, false, null, "busy"),
        new Filter(null, null, null, null, null, false, null, "busy"));
  }

  private void assertAlike() {
    for (Filter filter : filters(put)) {
      for (int limit : new int[] {1, 3, 1000}) {
        assertThat(knowing.find(filter, limit))
            .as("%s, %d", filter, limit)
            .isEqualTo(whole.find(filter, limit));
      }
    }
  }

  @Test
  void theAnswerIsThatOfTheWholeLog() throws Exception {
    work();
    for (int i = 0; i < 60; i++) {
      put("me@home.test", "account", "a@one.test", "b@two.test", "c" + i + "@relayed.test");
      put("Other@home.test", "", "a" + i + "@two.test");
      put("", "", "a@one.test", "b@BÜCHER.test");
    }
    assertAlike();
    for (int i = 0; i < put.size(); i += 3) {
      // Of several domains some are done with, and others wait, each for a reason of its own.
      tried(put.get(i), new int[] {i % 2}, new int[] {1 - i % 2}, 1, "busy");
      tried(put.get(i), new int[0], new int[] {2}, 2, "full");
      tried(put.get(i), new int[0], new int[] {2}, 3, "Busy once more");
    }
    assertAlike();
    Filter two = new Filter(null, null, null, "two.test", null, false, null);
    Filter one = new Filter(null, null, null, "one.test", null, false, null);
    List<QueueView.Touched> touched =
        List.of(
            knowing.order(Order.HOLD, two),
            knowing.order(Order.RETRY, one),
            knowing.reroute("smtp://elsewhere.test", named(put.get(3))),
            knowing.order(Order.RELEASE, named(put.get(4))),
            knowing.order(Order.DELETE, named(put.get(7))));
    assertThat(touched)
        .containsExactly(
            new QueueView.Touched(90, 90),
            new QueueView.Touched(90, 90),
            new QueueView.Touched(1, 2),
            new QueueView.Touched(1, 1),
            new QueueView.Touched(1, 1));
    assertAlike();
    parts.all().forEach(Part::tidy);
    assertAlike();
    assertThat(knowing.order(Order.DELETE, two)).isEqualTo(new QueueView.Touched(89, 89));
    assertAlike();
    // Those whom the same messages wait for elsewhere are still there.
    assertThat(whole.find(two, 1).all()).isZero();
    assertThat(whole.find(one, 1).all()).isEqualTo(90);
    assertThat(knowing.order(Order.DELETE, ALL)).isEqualTo(new QueueView.Touched(120, 210));
    assertThat(whole.find(ALL, 1).all()).isZero();
  }

  /** What is wanted of some is not done to others, though one job is for all of them. */
  @Test
  void ordersAreForThoseRecipientsWhoAreMeant() throws Exception {
    work();
    put("me@home.test", "account", "a@relayed.test", "b@also.test", "c@also.test", "d@two.test");
    Filter also = new Filter(null, null, null, "also.test", null, false, null);
    Filter c = new Filter(null, null, "C@also.test", null, null, false, null);
    Filter held = new Filter(null, null, null, null, null, true, null);
    assertThat(knowing.order(Order.HOLD, also)).isEqualTo(new QueueView.Touched(1, 2));
    assertAlike();
    assertThat(waiting(held)).containsExactly("b@also.test", "c@also.test");
    assertThat(waiting(ALL)).hasSize(4);
    assertThat(whole.find(ALL, 1).messages().getFirst().held()).isFalse();
    assertThat(knowing.reroute("smtp://elsewhere.test", c)).isEqualTo(new QueueView.Touched(1, 1));
    assertAlike();
    assertThat(whole.find(ALL, 1).messages().getFirst().waiting())
        .filteredOn(each -> !each.way().isEmpty())
        .extracting(each -> each.to().address().toString())
        .containsExactly("c@also.test");
    assertThat(knowing.order(Order.DELETE, c)).isEqualTo(new QueueView.Touched(1, 1));
    assertThat(knowing.order(Order.RELEASE, held)).isEqualTo(new QueueView.Touched(1, 1));
    assertAlike();
    assertThat(waiting(held)).isEmpty();
    assertThat(waiting(ALL))
        .containsExactlyInAnyOrder("a@relayed.test", "b@also.test", "d@two.test");
    // One address and the domain of another: nobody has both.
    Filter nobody = new Filter(null, null, "a@relayed.test", "two.test", null, false, null);
    assertThat(knowing.order(Order.DELETE, nobody)).isEqualTo(new QueueView.Touched(0, 0));
    assertThat(knowing.order(Order.DELETE, named(put.getFirst())))
        .isEqualTo(new QueueView.Touched(1, 3));
    assertThat(whole.find(ALL, 1).all()).isZero();
  }

  /** Those of the one message who were asked for; nobody if none is there. */
  private List<String> waiting(Filter filter) {
    return whole.find(filter, 1).messages().stream()
        .flatMap(each -> each.waiting().stream().limit(each.asked()))
        .map(each -> each.to().address().toString())
        .toList();
  }

  /** Nobody may have to read all that waits for a dead domain to see what waits for another. */
  @Test
  void whatIsNotMeantIsNotRead() throws Exception {
    work();
    for (int i = 0; i < 2000; i++) {
      put("me@home.test", "account", "a" + i + (i % 2 == 0 ? "@dead.test" : "@relayed.test"));
    }
    put("me@home.test", "account", "c@also.test");
    put("you@home.test", "other", "a@dead.test", "b@two.test");
    for (Filter filter :
        List.of(
            new Filter(null, null, null, "two.test", null, false, null),
            new Filter(null, null, "b@two.test", null, null, false, null),
            new Filter(null, null, null, "ALSO.test", null, false, null),
            new Filter(null, "you@home.test", null, null, null, false, null),
            new Filter(null, null, null, null, null, false, "other"),
            named(put.getLast()))) {
      read.set(0);
      assertThat(knowing.find(filter, 10).all()).isEqualTo(1);
      assertThat(read).as("%s", filter).hasValue(1);
    }
    read.set(0);
    assertThat(knowing.find(ALL, 2).all()).isEqualTo(2002);
    // The oldest two of each part, and what lies between them.
    assertThat(read.get()).isLessThan(Part.COUNT * 3L);
    read.set(0);
    assertThat(knowing.order(Order.RETRY, filterOf("two.test")).messages()).isEqualTo(1);
    assertThat(read).hasValue(1);
  }

  private static Filter filterOf(String domain) {
    return new Filter(null, null, null, domain, null, false, null);
  }

  /** Whichever of the two an operator has copied from somewhere. */
  @Test
  void aDomainIsFoundInEitherSpelling() throws Exception {
    work();
    put("me@home.test", "", "a@bücher.test");
    put("me@home.test", "", "b@XN--BCHER-KVA.test", "c@two.test");
    put("me@home.test", "", "d@two.test");
    for (String spelling : List.of("bücher.test", "BÜCHER.test", "xn--bcher-kva.test")) {
      assertThat(whole.find(filterOf(spelling), 9).all()).as(spelling).isEqualTo(2);
      Filter b = new Filter(null, null, "B@" + spelling, null, null, false, null);
      assertThat(waiting(b)).as(spelling).containsExactly("b@XN--BCHER-KVA.test");
    }
    assertAlike();
  }

  /** What another node works is read. */
  @Test
  void partsOfOthersAreReadWhole() throws Exception {
    work();
    for (int i = 0; i < 100; i++) {
      put("me@home.test", "account", "a@one.test", "b@two.test");
    }
    parts.all().stream().filter(part -> part.number % 2 == 0).forEach(Part::lose);
    parts.all().stream().filter(part -> part.number % 3 == 0).forEach(parts::remove);
    assertAlike();
  }
}
