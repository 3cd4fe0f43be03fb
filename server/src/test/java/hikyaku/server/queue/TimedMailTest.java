package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.directory.Language;
import hikyaku.server.directory.Quota;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dns.CachingDns;
import hikyaku.server.dns.DnsSettings;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.LateDelivery;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.sending.Allowance;
import hikyaku.server.sending.SendingBook;
import hikyaku.server.sending.SendingSettings;
import hikyaku.server.smtpclient.ClientSettings;
import hikyaku.server.smtpclient.DnsNames;
import hikyaku.server.smtpclient.Relay;
import hikyaku.server.smtpclient.SmtpClient;
import hikyaku.server.smtpclient.TlsMeans;
import hikyaku.server.testing.MailSink;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

/**
 * Mail that is to go, or to be there, at a time that its sender wants; by a clock that the test
 * moves.
 */
class TimedMailTest {
  private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);
  private static final QueueView.Filter ALL =
      new QueueView.Filter(null, null, null, null, null, false, null);

  /** Stands still unless it is moved. */
  private static final class TestClock extends Clock {
    private volatile Instant now = START;

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final HomeDirectory directory = new HomeDirectory();
  private final Filter filter = Filter.of(mail, directory, SieveSettings.DEFAULTS);
  private final Outbox outbox = new Outbox(store.logs());
  private final QueueView view = new QueueView(store.logs(), clock);
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final Set<String> dead = ConcurrentHashMap.newKeySet();
  private int transactions;

  /** Parts that something was put into. */
  private final Set<LogName> parts = new HashSet<>();

  @AfterEach
  void soundness() throws Exception {
    for (AutoCloseable each : toClose.reversed()) {
      each.close();
    }
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    assertThat(problems).isEmpty();
  }

  private MailSink sink(MailSink.Manners manners) throws Exception {
    MailSink sink = new MailSink(manners);
    toClose.add(sink);
    return sink;
  }

  /** A node that sends to the sink whatever is for {@code there.test}. */
  private MailQueue start(String name, MailSink there) {
    return start(name, settings(Map.of("there.test", relay(there)), Map.of()));
  }

  private static final ClientSettings CLIENT =
      new ClientSettings(
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          List.of(),
          true);

  private static Relay relay(MailSink there) {
    return Relay.parse("smtp+plain://127.0.0.1:" + there.port());
  }

  private static QueueSettings settings(Map<String, Relay> routes, Map<String, Rate> rates) {
    return settings(routes, rates, Duration.ofMinutes(1), Duration.ofMinutes(10));
  }

  private static QueueSettings settings(
      Map<String, Relay> routes, Map<String, Rate> rates, Duration longest, Duration lifetime) {
    return new QueueSettings(
        Optional.empty(),
        routes,
        Map.of(),
        Optional.empty(),
        Duration.ofMinutes(1),
        longest,
        lifetime,
        Duration.ofMinutes(5),
        Language.EN,
        20,
        1,
        Optional.empty(),
        rates,
        CLIENT);
  }

  private MailQueue start(String name, QueueSettings settings) {
    outbox.open();
    DnsSettings dns =
        new DnsSettings(List.of("127.0.0.1:9"), Duration.ofMillis(100), DnsSettings.TrustAd.NEVER);
    MailQueue queue =
        new MailQueue(
            "home.test",
            settings,
            mail,
            directory,
            ListDoor.NONE,
            workers(name),
            new SmtpClient(
                "home.test",
                Set.of(),
                25,
                CLIENT,
                new DnsNames(new CachingDns(dns)),
                _ -> null,
                new TlsMeans(_ -> StsPolicies.Found.NOTHING, TlsMeans.machine(), _ -> {})),
            Signer.NONE,
            new Senders(
                "home.test",
                SendingSettings.DEFAULTS,
                new SendingBook(store.logs()),
                Allowance.UNLIMITED,
                view,
                mail,
                directory,
                Signer.NONE,
                new SimpleMeterRegistry(),
                clock),
            new LateDelivery(filter, ListDoor.NONE, "home.test", false),
            new WorkedParts(),
            new SimpleMeterRegistry(),
            clock);
    queue.start();
    toClose.add(queue);
    return queue;
  }

  /** All is this one's, unless it is dead. */
  private Workers workers(String name) {
    long began = System.nanoTime();
    return new Workers() {
      @Override
      public String self() {
        return name;
      }

      @Override
      public boolean isAlive(String run) {
        return !dead.contains(run);
      }

      @Override
      public boolean isHeard() {
        return !dead.contains(name);
      }

      @Override
      public long heardSince() {
        return began;
      }

      @Override
      public boolean isMine(int part) {
        return true;
      }
    };
  }

  private static hikyaku.protocol.smtp.Mailbox address(String text) throws Exception {
    return new hikyaku.protocol.smtp.Mailbox(MailAddress.parse(text));
  }

  /** Puts a message into the queue; returns its id. */
  private String put(Outgoing.Terms terms, Outgoing.To... to) throws Exception {
    String id = "t" + ++transactions;
    try (Intake intake = mail.intake()) {
      byte[] octets = ("Subject: " + id + "\r\n\r\nhello\r\n").getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Intake.Received received = intake.finish();
      Outgoing message =
          new PlainMail(id, "s" + transactions, address("me@home.test"))
              .of(
                  ByteString.copyFromUtf8("Received: from test\r\n"),
                  received.blob(),
                  received.structure().root().bodyStart(),
                  List.of(to),
                  "",
                  "",
                  terms);
      Append append = outbox.append(message);
      parts.add(append.log());
      store.logs().append(append).orThrow();
    }
    return id;
  }

  private String hold(Outgoing.To... to) throws Exception {
    return put(
        new Outgoing.Terms(START.plus(HOUR).toEpochMilli(), "for;" + HOUR.toSeconds(), null, 0),
        to);
  }

  private static Outgoing.To there(String name) throws Exception {
    return new Outgoing.To(address(name + "@there.test"), RcptParameters.NONE);
  }

  private static Outgoing.To me(Set<RcptParameters.Notify> notifyOn) throws Exception {
    return new Outgoing.To(address("me@home.test"), new RcptParameters(notifyOn, null), true);
  }

  /** What is put in behind all else, and has arrived: whatever could go before it has gone. */
  private void marker(MailSink there) throws Exception {
    int before = transactions;
    // Several, as they are in several parts, and so may come before or behind others.
    for (int i = 0; i < 12; i++) {
      put(Outgoing.Terms.NONE, there("marker"));
    }
    MailSink.until("the markers", () -> names(there).containsAll(subjects(before)));
  }

  private List<String> subjects(int from) {
    List<String> all = new ArrayList<>();
    for (int i = from + 1; i <= transactions; i++) {
      all.add("t" + i);
    }
    return all;
  }

  private static List<String> names(MailSink there) {
    return there.taken().stream()
        .map(each -> each.text().lines().filter(line -> line.startsWith("Subject: ")).toList())
        .map(lines -> lines.getFirst().substring("Subject: ".length()))
        .toList();
  }

  private List<String> inbox() throws Exception {
    Mailbox inbox = mail.account(HomeDirectory.ME.id()).inbox();
    List<String> messages = new ArrayList<>();
    MailboxState state = inbox.refresh();
    for (int i = 0; i < state.size(); i++) {
      ByteArrayOutputStream octets = new ByteArrayOutputStream();
      try (MessageContent content =
          inbox.messages().open(inbox.messages().read(state, i).orElseThrow().message())) {
        content.copy(0, content.size(), octets::write);
      }
      messages.add(octets.toString(ISO_8859_1));
    }
    return messages;
  }

  private static QueueView.Filter named(String id) {
    return new QueueView.Filter(id, null, null, null, null, false, null);
  }

  private void awaitEmpty() throws Exception {
    MailSink.until("an empty queue", () -> view.find(ALL, 1).all() == 0);
  }

  @Test
  void nobodyHasItBeforeItsTime() throws Exception {
    MailSink there = sink((_, _) -> null);
    start("a", there);
    String held = hold(there("x"), me(Set.of(RcptParameters.Notify.SUCCESS)));
    marker(there);
    assertThat(names(there)).doesNotContain(held);
    assertThat(inbox()).isEmpty();
    QueueView.Waiting waiting = view.find(named(held), 1).messages().getFirst();
    assertThat(waiting.release()).contains(START.plus(HOUR));
    assertThat(waiting.due()).contains(START.plus(HOUR));

    clock.now = START.plus(HOUR).minusMillis(1);
    marker(there);
    assertThat(names(there)).doesNotContain(held);
    clock.now = START.plus(HOUR);
    marker(there);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(held);
    assertThat(inbox()).hasSize(2);
    assertThat(inbox())
        .anyMatch(text ->
            text.startsWith(
                "Return-Path: <me@home.test>\r\nDelivered-To: me@home.test\r\n"
                    + "Received: from test\r\nSubject: "
                    + held))
        .anyMatch(text ->
            text.contains("Subject: Your message was delivered\r\n")
                && text.contains("Action: delivered\r\nStatus: 2.0.0\r\n")
                && text.contains("Future-Release-Request: for;3600\r\n"));
  }

  /** RFC 4865 §4: how long it was held is neither a delay nor a reason to give up. */
  @Test
  void whatIsHeldIsNotLate() throws Exception {
    MailSink there =
        sink((line, _) -> line.startsWith("RCPT TO:<slow@") ? "450 4.2.0 later" : null);
    start("a", there);
    String held = hold(there("slow"));
    clock.now = START.plus(HOUR);
    marker(there);
    MailSink.until(
        "an attempt",
        () -> view.find(named(held), 1).messages().stream().anyMatch(each -> each.attempts() == 1));
    assertThat(inbox()).isEmpty();

    clock.now = START.plus(HOUR).plus(Duration.ofMinutes(5));
    marker(there);
    MailSink.until(
        "a second attempt",
        () -> view.find(named(held), 1).messages().stream().anyMatch(each -> each.attempts() == 2));
    assertThat(inbox())
        .singleElement()
        .asString()
        .contains("Action: delayed", "Will-Retry-Until: Sun, 22 Nov 2026 11:10:00 +0000");
    clock.now = START.plus(HOUR).plus(Duration.ofMinutes(10));
    marker(there);
    awaitEmpty();
    assertThat(inbox()).hasSize(2);
    assertThat(inbox().getLast()).contains("Action: failed", "Future-Release-Request: for;3600");
  }

  @Test
  void whatIsPutOffWaitsTwiceAsLongEachTime() throws Exception {
    MailSink busy = sink((line, _) -> line.startsWith("RCPT") ? "450 4.2.0 later" : null);
    start(
        "a",
        settings(
            Map.of("there.test", relay(busy)),
            Map.of(),
            Duration.ofMinutes(4),
            Duration.ofDays(1)));
    String id = put(Outgoing.Terms.NONE, there("x"));
    int attempts = 0;
    for (int minutes : new int[] {1, 2, 4, 4}) {
      int expected = ++attempts;
      MailSink.until(
          "attempt " + expected,
          () ->
              view.find(named(id), 1).messages().stream()
                  .anyMatch(each -> each.attempts() == expected));
      Instant due = view.find(named(id), 1).messages().getFirst().due().orElseThrow();
      assertThat(Duration.between(clock.now, due).toSeconds())
          .as("after attempt " + attempts)
          .isBetween(minutes * 60L * 9 / 10 - 1, minutes * 60L * 11 / 10 + 1);
      clock.now = due;
      // The schedule looks at the clock when something comes.
      assertThat(
              put(
                  Outgoing.Terms.NONE,
                  new Outgoing.To(address("me@home.test"), RcptParameters.NONE, true)))
          .isNotEqualTo(id);
    }
  }

  @Test
  void whoTakesThePartOverSendsItAtItsTime() throws Exception {
    MailSink there = sink((_, _) -> null);
    start("a", there);
    String held = hold(there("x"), me(Set.of()));
    marker(there);
    dead.add("a");
    start("b", there);
    marker(there);
    assertThat(names(there)).doesNotContain(held);
    assertThat(inbox()).isEmpty();
    clock.now = START.plus(HOUR);
    marker(there);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(held);
    assertThat(inbox()).hasSize(1);
  }

  /** The copy was delivered, and the node died before it wrote so down. */
  @Test
  void aDeliveryThatIsRepeatedGivesOneCopy() throws Exception {
    outbox.open();
    hold(me(Set.of()));
    Outgoing message = view.find(ALL, 1).messages().getFirst().message();
    LateDelivery home = new LateDelivery(filter, ListDoor.NONE, "home.test", false);
    for (int i = 0; i < 2; i++) {
      assertThat(home.deliver(message, me(Set.of()), START.plus(HOUR), "t1.local"))
          .isEqualTo(
              new HomeDelivery.Outcome.Done(List.of("me@home.test INBOX 1"), List.of(), false));
    }
    assertThat(inbox()).hasSize(1);
  }

  /** It is looked at what there is room for at that moment, and not for what is there already. */
  @Test
  void whatIsFullTakesNoMore() throws Exception {
    outbox.open();
    hold(me(Set.of()));
    Outgoing message = view.find(ALL, 1).messages().getFirst().message();
    directory.quota(new Quota(Quota.UNLIMITED, 1));
    LateDelivery patient = new LateDelivery(filter, ListDoor.NONE, "home.test", false);
    LateDelivery strict = new LateDelivery(filter, ListDoor.NONE, "home.test", true);
    Instant time = START.plus(HOUR);
    for (LateDelivery home : List.of(patient, strict)) {
      assertThat(home.deliver(message, me(Set.of()), time, "t1.local"))
          .isEqualTo(
              new HomeDelivery.Outcome.Done(List.of("me@home.test INBOX 1"), List.of(), false));
    }
    assertThat(patient.deliver(message, me(Set.of()), time, "t2.local"))
        .isEqualTo(new HomeDelivery.Outcome.Later("4.2.2", "the mailbox is full"));
    assertThat(strict.deliver(message, me(Set.of()), time, "t2.local"))
        .isEqualTo(new HomeDelivery.Outcome.Never("5.2.2", "the mailbox is full"));
    assertThat(inbox()).hasSize(1);
  }

  /** A post of a list, say: it waits for room as for a server elsewhere that says so. */
  @Test
  void mailForAFullMailboxWaits() throws Exception {
    directory.quota(new Quota(10, Quota.UNLIMITED));
    MailSink there = sink((_, _) -> null);
    start("a", there);
    String id = put(Outgoing.Terms.NONE, me(Set.of()));
    MailSink.until("an attempt", () -> view.find(ALL, 1).messages().getFirst().attempts() > 0);
    assertThat(view.find(ALL, 1).messages().getFirst().reason()).contains("the mailbox is full");
    assertThat(inbox()).isEmpty();
    directory.quota(Quota.NONE);
    assertThat(view.order(Order.RETRY, named(id)).messages()).isEqualTo(1);
    awaitEmpty();
    assertThat(inbox()).hasSize(1);
  }

  @Test
  void theLogSaysWhereItIs() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(AttemptStory.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.list = new CopyOnWriteArrayList<>();
    lines.start();
    Level before = logger.getLevel();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    try {
      MailSink there = sink((_, _) -> null);
      start("a", there);
      put(Outgoing.Terms.NONE, me(Set.of()), there("x"));
      awaitEmpty();
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(before);
    }
    assertThat(lines.list)
        .filteredOn(line -> line.getMessage().equals("message delivered"))
        .singleElement()
        .extracting(ILoggingEvent::getKeyValuePairs, InstanceOfAssertFactories.LIST)
        .contains(new KeyValuePair("into", List.of("me@home.test INBOX 1")));
    assertThat(lines.list)
        .filteredOn(line -> line.getMessage().equals("message sent"))
        .singleElement()
        .satisfies(
            line -> assertThat(line.getKeyValuePairs()).noneMatch(each -> each.key.equals("into")));
  }

  /** Not only what has to be brought to another destination. */
  @Test
  void whatIsSentAnotherWayIsTriedAtOnceIfThatIsItsWay() throws Exception {
    AtomicBoolean busy = new AtomicBoolean(true);
    MailSink there =
        sink((line, _) -> busy.get() && line.startsWith("RCPT") ? "450 4.2.0 later" : null);
    start("a", there);
    String id = put(Outgoing.Terms.NONE, there("x"));
    String later = hold(there("y"));
    MailSink.until(
        "an attempt", () -> view.find(named(id), 1).messages().getFirst().attempts() > 0);
    busy.set(false);
    assertThat(view.reroute("smtp+plain://127.0.0.1:" + there.port(), ALL).messages()).isEqualTo(2);
    MailSink.until("that it is gone", () -> view.find(named(id), 1).all() == 0);
    assertThat(names(there)).containsExactly(id);
    // And not before its sender wants it.
    marker(there);
    assertThat(names(there)).doesNotContain(later);
    clock.now = START.plus(HOUR);
    marker(there);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(later);
  }

  @Test
  void whatWaitsForItsRateIsNotTriedAndDelaysNobodyElse() throws Exception {
    MailSink slow = sink((_, _) -> null);
    MailSink other = sink((_, _) -> null);
    QueueSettings settings =
        settings(
            Map.of("slow.test", relay(slow), "there.test", relay(other)),
            Map.of(relay(slow).toString(), Rate.parse("1/4m")));
    start("a", settings);
    // Once each part has sent something this node knows that all of the rate is its own.
    while (parts.size() < Part.COUNT) {
      put(Outgoing.Terms.NONE, there("x"));
    }
    other.await(transactions);
    Outgoing.To to = new Outgoing.To(address("a@slow.test"), RcptParameters.NONE);
    for (int i = 0; i < 3; i++) {
      put(Outgoing.Terms.NONE, to);
    }
    slow.await(1);
    QueueView seen = new QueueView(store.logs(), clock, settings, new WorkedParts());
    MailSink.until("two that wait", () -> seen.find(ALL, 9).all() == 2);
    QueueView.Filter paced =
        new QueueView.Filter(null, null, null, null, null, false, null, "rate, 1/4m");
    assertThat(seen.find(paced, 9).messages())
        .hasSize(2)
        .allSatisfy(each -> {
          assertThat(each.attempts()).isZero();
          assertThat(each.reason()).isEqualTo("waits for its rate, 1/4m");
        });
    clock.now = START.plus(Duration.ofMinutes(4)).minusMillis(1);
    marker(other);
    assertThat(slow.taken()).hasSize(1);
    clock.now = START.plus(Duration.ofMinutes(4));
    marker(other);
    slow.await(2);
    MailSink.until("one that waits", () -> seen.find(ALL, 9).all() == 1);
    assertThat(slow.taken()).hasSize(2);
  }

  @Test
  void theScriptOfThatTimeDecides() throws Exception {
    MailSink there = sink((_, _) -> null);
    start("a", there);
    // That it was delivered would not be true.
    hold(me(Set.of(RcptParameters.Notify.SUCCESS)));
    marker(there);
    filter.put(
        HomeDirectory.ME.id(),
        "main",
        ByteString.copyFromUtf8(
            """
            require ["reject", "envelope"];
            if not envelope "from" "" { reject "not in the night"; }
            """));
    filter.scripts().activate(HomeDirectory.ME.id(), "main");
    clock.now = START.plus(HOUR);
    marker(there);
    awaitEmpty();
    // Its sender, who is the same here, hears of it.
    assertThat(inbox()).singleElement().asString().contains("not in the night");
  }

  /** Whoever it is for hears of a script that fails then. */
  @Test
  void aScriptThatFailsThenIsToldOf() throws Exception {
    MailSink there = sink((_, _) -> null);
    start("a", there);
    hold(me(Set.of()));
    ByteString script = ByteString.copyFromUtf8("require \"ihave\"; error \"no\";");
    filter.put(HomeDirectory.ME.id(), "main", script);
    filter.scripts().activate(HomeDirectory.ME.id(), "main");
    clock.now = START.plus(HOUR);
    // The schedule looks at the clock when something comes.
    marker(there);
    awaitEmpty();
    assertThat(inbox()).hasSize(2);
    assertThat(inbox().getFirst()).contains("\r\nReceived: from test\r\n");
    assertThat(inbox().getLast())
        .contains("Subject: Your filter script \"main\" could not be carried out\r\n")
        .contains("\r\n  line 1: no\r\n");
  }

  @Test
  void onlyWhatIsNamedGoesBeforeItsTime() throws Exception {
    MailSink there = sink((_, _) -> null);
    start("a", there);
    String first = hold(there("x"));
    String second = hold(there("y"));
    String third = hold(there("z"), me(Set.of()));
    assertThat(view.order(Order.RETRY, ALL).messages()).isZero();
    assertThat(view.order(Order.RELEASE, ALL).messages()).isZero();
    marker(there);
    assertThat(names(there)).doesNotContain(first, second, third);
    assertThat(view.order(Order.RELEASE, named(first)).messages()).isEqualTo(1);
    assertThat(view.order(Order.RETRY, named(second)).messages()).isEqualTo(1);
    assertThat(view.order(Order.DELETE, named(third)).messages()).isEqualTo(1);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(first, second).doesNotContain(third);
    clock.now = START.plus(HOUR);
    marker(there);
    assertThat(names(there)).doesNotContain(third);
    assertThat(inbox()).isEmpty();
  }

  /** Whoever folds the log anew knows of it. */
  @Test
  void anOrderToSendItNowOutlivesTheNode() throws Exception {
    MailSink there = sink((_, _) -> null);
    outbox.open();
    String first = hold(there("x"));
    String second = hold(there("y"));
    assertThat(view.order(Order.RELEASE, named(first)).messages()).isEqualTo(1);
    assertThat(view.order(Order.RETRY, named(second)).messages()).isEqualTo(1);
    assertThat(view.find(ALL, 5).messages()).allMatch(each -> each.release().isEmpty());
    start("a", there);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(first, second);
  }

  @Test
  void whatAnOperatorHeldWaitsForItsTimeStill() throws Exception {
    MailSink there = sink((_, _) -> null);
    start("a", there);
    String held = hold(there("x"));
    assertThat(view.order(Order.HOLD, ALL).messages()).isEqualTo(1);
    marker(there);
    assertThat(view.order(Order.RELEASE, ALL).messages()).isPositive();
    String relay = "smtp+plain://127.0.0.1:" + there.port();
    assertThat(view.reroute(relay, named(held)).messages()).isEqualTo(1);
    marker(there);
    assertThat(names(there)).doesNotContain(held);
    assertThat(view.find(named(held), 1).messages().getFirst())
        .matches(each -> !each.held() && each.due().equals(Optional.of(START.plus(HOUR))));
    clock.now = START.plus(HOUR);
    marker(there);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(held);
  }

  // ---- by when

  private String deliverBy(Duration within, boolean returned, boolean trace, Outgoing.To... to)
      throws Exception {
    Instant time = START.plus(within);
    return put(
        new Outgoing.Terms(0, "", new Outgoing.Deadline(time.toEpochMilli(), returned, trace), 0),
        to);
  }

  private static Outgoing.To there(String name, Set<RcptParameters.Notify> notifyOn)
      throws Exception {
    return new Outgoing.To(there(name).address(), new RcptParameters(notifyOn, null));
  }

  /** A server that heeds when mail is late, and puts off what is for {@code slow}. */
  private MailSink slow(AtomicInteger attempts) throws Exception {
    return sink((line, _) -> {
      if (line.startsWith("RCPT TO:<slow@")) {
        attempts.incrementAndGet();
        return "450 4.2.0 later";
      }
      return line.startsWith("EHLO") ? "250-sink\r\n250 DELIVERBY" : null;
    });
  }

  @Test
  void whatIsOfNoUseLaterComesBackInTime() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    MailSink there = slow(attempts);
    start("a", there);
    String late = deliverBy(Duration.ofMinutes(2), true, false, there("slow"));
    MailSink.until("the log's word", () -> tried(late) == 1);
    clock.now = START.plus(Duration.ofMinutes(2));
    marker(there);
    awaitEmpty();
    assertThat(inbox())
        .singleElement()
        .asString()
        .contains(
            "Action: failed\r\nStatus: 5.4.7\r\n",
            "Deliver-By-Date: Sun, 22 Nov 2026 10:02:00 +0000\r\n");
    assertThat(attempts).hasValue(1);
  }

  @Test
  void whenItIsGivenUpIsKnown() throws Exception {
    outbox.open();
    Duration lifetime = QueueSettings.DEFAULTS.lifetime();
    String held = hold(there("x"));
    String returned = deliverBy(HOUR, true, false, there("x"));
    String told = deliverBy(HOUR, false, false, there("x"));
    assertThat(givenUp(held)).isEqualTo(START.plus(HOUR).plus(lifetime));
    assertThat(givenUp(returned)).isEqualTo(START.plus(HOUR));
    assertThat(givenUp(told)).isEqualTo(START.plus(lifetime));
    clock.now = START.plusSeconds(5);
    assertThat(view.order(Order.RELEASE, named(held)).messages()).isEqualTo(1);
    assertThat(givenUp(held)).isEqualTo(START.plusSeconds(5).plus(lifetime));
  }

  private Instant givenUp(String id) {
    return view.find(named(id), 1).messages().getFirst().givenUp();
  }

  private int tried(String id) {
    return view.find(named(id), 1).messages().stream()
        .mapToInt(QueueView.Waiting::attempts)
        .findFirst()
        .orElse(0);
  }

  @Test
  void ofWhatIsLateTheSenderIsToldOnceAndItIsTriedOn() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    MailSink there = slow(attempts);
    start("a", there);
    String late = deliverBy(Duration.ofMinutes(2), false, false, there("slow"));
    MailSink.until("the log's word", () -> tried(late) == 1);
    assertThat(inbox()).isEmpty();
    clock.now = START.plus(Duration.ofMinutes(2));
    marker(there);
    MailSink.until("a second attempt", () -> tried(late) == 2);
    assertThat(inbox())
        .singleElement()
        .asString()
        .contains("Action: delayed\r\nStatus: 4.4.7\r\n", "450 4.2.0 later");

    // Another node knows that it was told.
    dead.add("a");
    clock.now = START.plus(Duration.ofMinutes(4));
    start("b", there);
    marker(there);
    MailSink.until("a third attempt", () -> tried(late) == 3);
    assertThat(inbox()).hasSize(1);
  }

  /** That it takes long was told of before, which is another thing. */
  @Test
  void whatIsLateIsToldOfThoughADelayWas() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    MailSink there = slow(attempts);
    start("a", there);
    String late = deliverBy(Duration.ofMinutes(6), false, false, there("slow"));
    MailSink.until("the log's word", () -> tried(late) == 1);
    clock.now = START.plus(Duration.ofMinutes(5));
    marker(there);
    MailSink.until("a second attempt", () -> tried(late) == 2);
    assertThat(inbox())
        .singleElement()
        .asString()
        .contains("Action: delayed\r\n")
        .doesNotContain("Status: 4.4.7");
    clock.now = START.plus(Duration.ofMinutes(6));
    marker(there);
    MailSink.until("a third attempt", () -> tried(late) == 3);
    assertThat(inbox()).hasSize(2);
    assertThat(inbox().getLast()).contains("Action: delayed\r\nStatus: 4.4.7\r\n");
  }

  @Test
  void whatWasLateWhenItCameIsNotToldOf() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    MailSink there = slow(attempts);
    start("a", there);
    String late = deliverBy(Duration.ofMinutes(-2), false, false, there("slow"));
    MailSink.until("an attempt", () -> tried(late) == 1);
    assertThat(inbox()).isEmpty();
  }

  /** RFC 2852 §4: R goes only to who heeds it, N to anybody, and then its sender hears so. */
  @Test
  void whereNobodyHeedsTheTimeItComesBackOrItsSenderIsTold() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    MailSink there =
        sink((line, _) -> {
          said.add(line);
          return null;
        });
    start("a", there);
    deliverBy(HOUR, true, false, there("r"));
    String told = deliverBy(HOUR, false, false, there("n"));
    String never = deliverBy(HOUR, false, true, there("m", Set.of()));
    marker(there);
    awaitEmpty();
    assertThat(names(there)).containsOnlyOnce(told, never);
    assertThat(said).noneMatch(line -> line.contains(" BY=") || line.startsWith("RCPT TO:<r@"));
    assertThat(inbox())
        .hasSize(2)
        .anyMatch(text -> text.contains("Action: failed\r\nStatus: 5.3.3\r\n"))
        .anyMatch(
            text -> text.contains("Final-Recipient: rfc822; n@there.test\r\nAction: relayed\r\n"));
  }

  @Test
  void whatIsLeftOfTheTimeIsPassedOn() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    MailSink there =
        sink((line, _) -> {
          said.add(line);
          return line.startsWith("EHLO") ? "250-sink\r\n250 DELIVERBY 30,x" : null;
        });
    clock.now = START.plus(Duration.ofSeconds(40));
    start("a", there);
    deliverBy(Duration.ofSeconds(70), true, false, there("a"));
    deliverBy(Duration.ofSeconds(69), true, false, there("b"));
    deliverBy(Duration.ofSeconds(30), false, true, there("c"));
    awaitEmpty();
    assertThat(said.stream().filter(line -> line.startsWith("MAIL")))
        .containsExactlyInAnyOrder(
            "MAIL FROM:<me@home.test> BY=30;R", "MAIL FROM:<me@home.test> BY=-10;NT");
    assertThat(inbox())
        .hasSize(2)
        .anyMatch(text -> text.contains("b@there.test\r\nAction: failed\r\nStatus: 5.4.7\r\n"))
        .anyMatch(text -> text.contains("c@there.test\r\nAction: relayed\r\n"));
  }

  // ---- in which order

  /** RFC 6710 §4.1: whoever knows priorities is told of it. */
  @Test
  void thePriorityIsPassedOn() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    MailSink there =
        sink((line, _) -> {
          said.add(line);
          return line.startsWith("EHLO") ? "250-sink\r\n250 MT-PRIORITY" : null;
        });
    start("a", there);
    put(Outgoing.Terms.ofPriority(-4), there("a"));
    put(Outgoing.Terms.NONE, there("b"));
    awaitEmpty();
    assertThat(said.stream().filter(line -> line.startsWith("MAIL")))
        .containsExactlyInAnyOrder(
            "MAIL FROM:<me@home.test> MT-PRIORITY=-4", "MAIL FROM:<me@home.test>");
  }
}
