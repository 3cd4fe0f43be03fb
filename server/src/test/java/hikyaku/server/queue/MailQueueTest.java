package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Language;
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
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The whole queue, on one node and on two, against servers of all manners. */
class MailQueueTest {
  /** Every route is named, so that nobody asks a DNS. */
  private static final ClientSettings CLIENT =
      new ClientSettings(
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          List.of(),
          true);

  private static final Duration DAY = Duration.ofDays(1);

  private final MemoryStore store = new MemoryStore(Clock.systemUTC());

  /** Whose octets cannot be read. */
  private final Set<BlobId> damaged = ConcurrentHashMap.newKeySet();

  /** Which can neither be read nor written. */
  private volatile @Nullable LogName damagedLog;

  /** Whether the next octets that are wanted are out of reach. */
  private final AtomicBoolean unavailable = new AtomicBoolean();

  private final MailStore mail =
      new MailStore(damaging(), Clock.systemUTC(), MailboxLimits.DEFAULT);
  private final HomeDirectory directory = new HomeDirectory();
  private final Outbox outbox = new Outbox(store.logs());
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final SendingBook sending = new SendingBook(store.logs());
  private final Senders senders =
      new Senders(
          "home.test",
          new SendingSettings(true, 300, 5, 20, 3, 50),
          sending,
          Allowance.UNLIMITED,
          new QueueView(store.logs(), Clock.systemUTC()),
          mail,
          directory,
          Signer.NONE,
          new SimpleMeterRegistry(),
          Clock.systemUTC());
  private Signer signer = Signer.NONE;
  private int transactions;

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

  // ---- means

  private Store damaging() {
    BlobStore blobs =
        around(
            BlobStore.class,
            store.blobs(),
            (method, arguments) -> {
              if (method.getName().equals("open") && damaged.contains(arguments[0])) {
                throw new StoreException.Corrupt("blob " + arguments[0] + " is damaged", null);
              }
              if (method.getName().equals("open") && unavailable.getAndSet(false)) {
                throw new StoreException.Unavailable("out of reach", null);
              }
            },
            Map.of());
    LogStore logs =
        around(
            LogStore.class,
            store.logs(),
            (_, arguments) -> {
              if (arguments != null && isDamaged(arguments[0])) {
                throw new StoreException.Corrupt("log " + damagedLog + " is damaged", null);
              }
            },
            Map.of());
    return around(Store.class, store, (_, _) -> {}, Map.of("blobs", blobs, "logs", logs));
  }

  private boolean isDamaged(Object argument) {
    return switch (argument) {
      case LogName log -> log.equals(damagedLog);
      case Append append -> append.log().equals(damagedLog);
      case List<?> some -> some.stream().anyMatch(this::isDamaged);
      default -> false;
    };
  }

  /** Sees the arguments of each call before it is done; of some methods it knows the answer. */
  private static <T> T around(
      Class<T> type, T inner, BiConsumer<Method, Object[]> before, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              before.accept(method, arguments);
              if (answers.containsKey(method.getName())) {
                return answers.get(method.getName());
              }
              if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
              }
              try {
                return method.invoke(inner, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private MailSink sink(MailSink.Manners manners) throws Exception {
    MailSink sink = new MailSink(manners);
    toClose.add(sink);
    return sink;
  }

  private static QueueSettings settings(Map<String, Integer> ports, Duration lifetime) {
    return settings(ports, lifetime, Language.EN);
  }

  private static QueueSettings settings(Map<String, Integer> ports, int perDestination) {
    return settings(ports, DAY, Language.EN, perDestination);
  }

  private static QueueSettings settings(
      Map<String, Integer> ports, Duration lifetime, Language language) {
    return settings(ports, lifetime, language, 5);
  }

  private static QueueSettings settings(
      Map<String, Integer> ports, Duration lifetime, Language language, int perDestination) {
    Map<String, Relay> routes = new HashMap<>();
    ports.forEach(
        (domain, port) -> routes.put(domain, Relay.parse("smtp+plain://127.0.0.1:" + port)));
    return new QueueSettings(
        Optional.empty(),
        routes,
        Map.of(),
        Optional.empty(),
        Duration.ofMillis(50),
        Duration.ofMillis(200),
        lifetime,
        Duration.ZERO,
        language,
        Math.max(20, perDestination),
        perDestination,
        Optional.empty(),
        Map.of(),
        CLIENT);
  }

  private static QueueSettings settings(Map<String, Integer> ports) {
    return settings(ports, DAY);
  }

  private MailQueue start(QueueSettings settings, Workers workers) {
    outbox.open();
    SmtpClient client =
        new SmtpClient(
            "home.test",
            Set.of(),
            25,
            CLIENT,
            new DnsNames(
                new CachingDns(
                    new DnsSettings(
                        List.of("127.0.0.1:9"),
                        Duration.ofMillis(100),
                        DnsSettings.TrustAd.NEVER))),
            _ -> null,
            new TlsMeans(_ -> StsPolicies.Found.NOTHING, TlsMeans.machine(), _ -> {}));
    MailQueue queue =
        new MailQueue(
            "home.test",
            settings,
            mail,
            directory,
            ListDoor.NONE,
            workers,
            client,
            signer,
            senders,
            new LateDelivery(
                Filter.of(mail, directory, SieveSettings.DEFAULTS),
                ListDoor.NONE,
                "home.test",
                false),
            new WorkedParts(),
            new SimpleMeterRegistry(),
            Clock.systemUTC());
    queue.start();
    toClose.add(queue);
    return queue;
  }

  private static hikyaku.protocol.smtp.Mailbox address(String text) throws Exception {
    return new hikyaku.protocol.smtp.Mailbox(MailAddress.parse(text));
  }

  private Outgoing message(ReversePath from, String text, String... to) throws Exception {
    return message(false, from, text, to);
  }

  private Outgoing message(boolean requireTls, ReversePath from, String text, String... to)
      throws Exception {
    List<Outgoing.To> recipients = new ArrayList<>();
    for (String each : to) {
      recipients.add(new Outgoing.To(address(each), RcptParameters.NONE));
    }
    try (Intake intake = mail.intake()) {
      byte[] octets = text.getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Intake.Received received = intake.finish();
      return new Outgoing(
          "t" + ++transactions,
          "s" + transactions,
          from,
          null,
          null,
          false,
          false,
          false,
          TlsWish.of(
              new MailParameters(null, null, false, null, null, null, requireTls),
              store.blobs(),
              received.blob(),
              received.structure().root().bodyStart()),
          ByteString.copyFromUtf8("Received: from test\r\n"),
          received.blob(),
          received.structure().root().bodyStart(),
          "<" + transactions + "@home.test>",
          recipients);
    }
  }

  private void put(ReversePath from, String text, String... to) throws Exception {
    store.logs().append(outbox.append(message(from, text, to))).orThrow();
  }

  private void put(String... to) throws Exception {
    put(address("me@home.test"), "Subject: s\r\n\r\nhello\r\n", to);
  }

  /** The same, but what was put off waits for a day, and so does a destination. */
  private static QueueSettings patient(Map<String, Integer> ports, Duration lifetime) {
    QueueSettings hasty = settings(ports, lifetime);
    return new QueueSettings(
        hasty.relay(),
        hasty.routes(),
        hasty.senders(),
        hasty.passwords(),
        DAY,
        DAY,
        lifetime,
        hasty.delayWarning(),
        hasty.reportLanguage(),
        hasty.deliveries(),
        hasty.perDestination(),
        hasty.rate(),
        hasty.rates(),
        hasty.client());
  }

  /** The messages in the mailbox of the account, once there are so many. */
  private List<String> inbox(int count) throws Exception {
    Mailbox inbox = mail.account(HomeDirectory.ME.id()).inbox();
    MailSink.until("reports " + count, () -> inbox.refresh().size() >= count);
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

  /** Messages that wait, as a fresh fold of the logs has them. */
  private int waiting() {
    Schedule nobody =
        new Schedule(
            settings(Map.of()),
            new Backoff(1, 1, new java.util.Random(1)),
            Clock.systemUTC(),
            () -> false);
    int sum = 0;
    for (int i = 0; i < Part.COUNT; i++) {
      Part part =
          new Part(
              i,
              store.logs(),
              nobody,
              (_, to) -> new Goal(new hikyaku.server.smtpclient.Route.Exchange("x"), false));
      part.refresh(Long.MAX_VALUE);
      sum += part.size();
    }
    return sum;
  }

  private void awaitEmpty() throws InterruptedException {
    MailSink.until("an empty queue", () -> waiting() == 0);
  }

  // ---- one node

  @Test
  void whatIsQueuedArrivesAndIsForgotten() throws Exception {
    MailSink there = sink((_, _) -> null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put("a@there.test", "b@there.test");
    assertThat(there.await(1))
        .containsExactly(
            new MailSink.Taken(
                "me@home.test",
                List.of("a@there.test", "b@there.test"),
                "Received: from test\nSubject: s\n\nhello\n"));
    awaitEmpty();
  }

  /** RFC 8689 §5: it comes back, and so that nobody sees more of it than has to be. */
  @Test
  void whatMustNotGoWithoutTlsComesBack() throws Exception {
    MailSink there = sink((_, _) -> null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    store
        .logs()
        .append(
            outbox.append(
                message(
                    true,
                    address("me@home.test"),
                    "Subject: s\r\nTLS-Required: No\r\n\r\nhello\r\n",
                    "a@there.test")))
        .orThrow();
    assertThat(inbox(1).getFirst())
        .contains("Status: 5.7.30\r\n", "Content-Type: text/rfc822-headers")
        .doesNotContain("hello");
    awaitEmpty();
    assertThat(there.connections()).isZero();
  }

  @Test
  void whatASenderWantsOfTlsIsKept() throws Exception {
    for (String field :
        List.of("TLS-Required: No", "tls-required:no ", "TLS-Required: yes", "X: No")) {
      Outgoing usual =
          message(address("me@home.test"), "S: s\r\n" + field + "\r\n\r\nx", "a@b.test");
      assertThat(usual.tls())
          .as(field)
          .isEqualTo(
              List.of("TLS-Required: No", "tls-required:no ").contains(field)
                  ? Outgoing.Tls.OPTIONAL
                  : Outgoing.Tls.USUAL);
    }
    outbox.open();
    for (boolean required : new boolean[] {true, false}) {
      Outgoing sent =
          message(required, address("me@home.test"), "TLS-Required: No\r\n\r\nx", "a@b.test");
      var append = outbox.append(sent);
      long seq = store.logs().append(append).orThrow().lastSeq();
      assertThat(QueueCodec.read(store.logs().read(append.log(), seq - 1, seq, 1).getFirst()))
          .isEqualTo(new QueueEvent.Queued(sent));
      assertThat(sent.tls()).isEqualTo(required ? Outgoing.Tls.REQUIRED : Outgoing.Tls.OPTIONAL);
    }
  }

  @Test
  void reportsThatGoElsewhereAreSigned() throws Exception {
    MailSink there = sink((line, _) -> line.contains("nobody") ? "550 5.1.1 no" : null);
    List<String> authors = new ArrayList<>();
    signer =
        (of, content) -> {
          ByteArrayOutputStream octets = new ByteArrayOutputStream();
          content.copyTo(octets::write);
          authors.add(of.toString());
          return new Signer.Signatures("X-Signed: " + octets.size() + "\r\n", List.of());
        };
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put(address("sender@there.test"), "Subject: s\r\n\r\nhello\r\n", "nobody@there.test");
    String report = there.await(1).getFirst().text();
    assertThat(report)
        .startsWith("X-Signed: ")
        .contains("\nFrom: Mail Delivery System <postmaster");
    String field = report.substring(0, report.indexOf('\n') + 1);
    int octets = report.replace("\n", "\r\n").length() - field.length() - 1;
    assertThat(field).isEqualTo("X-Signed: " + octets + "\n");
    assertThat(authors).containsExactly("[postmaster@home.test]");
    awaitEmpty();
  }

  @Test
  void aReportToAnAliasReachesAllBehindIt() throws Exception {
    MailSink there = sink((line, _) -> line.contains("nobody") ? "550 5.1.1 no" : null);
    signer = (_, _) -> new Signer.Signatures("X-Signed: yes\r\n", List.of());
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put(address("team@home.test"), "Subject: s\r\n\r\nhello\r\n", "nobody@there.test");
    assertThat(inbox(1).getFirst()).contains("Final-Recipient: rfc822; nobody@there.test");
    MailSink.Taken report = there.await(1).getFirst();
    assertThat(report.from()).isEmpty();
    assertThat(report.to()).containsExactly("friend@there.test");
    assertThat(report.text())
        .startsWith("Delivered-To: team@home.test\nX-Signed: yes\n")
        .contains("Final-Recipient: rfc822; nobody@there.test");
    awaitEmpty();
  }

  /** It was queued while another service had the domain. */
  @Test
  void whatTurnsOutToBeForAnAliasGoesToAllBehindItWhoMayBeWrittenTo() throws Exception {
    MailSink there = sink((_, _) -> null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put("team@home.test", "staff@home.test");
    assertThat(there.await(1).getFirst().text())
        .startsWith("Delivered-To: team@home.test\nReceived: from test\n");
    List<String> inbox = inbox(2);
    assertThat(inbox).anyMatch(each -> each.contains("\r\n\r\nhello\r\n"));
    assertThat(inbox).anyMatch(each -> each.contains("Status: 5.7.2\r\n"));
    awaitEmpty();
    assertThat(inbox(2)).hasSize(2);
  }

  @Test
  void whatWasQueuedBeforeTheStartArrivesToo() throws Exception {
    MailSink there = sink((_, _) -> null);
    outbox.open();
    for (int i = 0; i < 50; i++) {
      put("a" + i + "@there.test");
    }
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    assertThat(there.await(50)).hasSize(50);
    awaitEmpty();
    assertThat(there.connections()).isLessThan(50);
  }

  @Test
  void whatIsPutOffIsTriedAgain() throws Exception {
    Map<String, Integer> seen = new ConcurrentHashMap<>();
    MailSink grey =
        sink((line, _) ->
            line.startsWith("RCPT") && seen.merge(line, 1, Integer::sum) < 3
                ? "450 4.2.0 greylisted"
                : null);
    start(settings(Map.of("grey.test", grey.port())), Workers.alone());
    put("a@grey.test", "b@grey.test");
    put("c@grey.test");
    MailSink.until("three recipients", () -> recipients(grey).size() == 3);
    awaitEmpty();
    assertThat(recipients(grey).values()).containsOnly(1);
  }

  /** How often each recipient has got something. */
  private static Map<String, Integer> recipients(MailSink sink) {
    Map<String, Integer> counts = new TreeMap<>();
    sink.taken().forEach(taken -> taken.to().forEach(to -> counts.merge(to, 1, Integer::sum)));
    return counts;
  }

  @Test
  void aSenderIsToldOfAFailureOnceAndNobodyOfAFailedReport() throws Exception {
    MailSink there =
        sink((line, _) -> line.startsWith("RCPT TO:<no") ? "550 5.1.1 no such user \u00e9" : null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put("no@there.test", "a@there.test", "no2@there.test");
    put(ReversePath.NULL, "Subject: s\r\n\r\nx\r\n", "no@there.test");
    put(address("gone@home.test"), "Subject: s\r\n\r\nx\r\n", "no@there.test");
    awaitEmpty();
    List<String> reports = inbox(1);
    assertThat(reports).hasSize(1);
    assertThat(reports.getFirst())
        .startsWith("Return-Path: <>\r\nDelivered-To: me@home.test\r\nFrom: Mail Delivery System")
        .contains("In-Reply-To: <1@home.test>\r\n")
        .containsPattern("\tboundary=\"[^\"]+\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--")
        .contains("Final-Recipient: rfc822; no@there.test\r\nAction: failed\r\nStatus: 5.1.1\r\n")
        .contains("Remote-MTA: dns; 127.0.0.1\r\n")
        .contains("Final-Recipient: rfc822; no2@there.test\r\n")
        .contains("Content-Type: message/rfc822")
        .contains("\r\n\r\nReceived: from test\r\nSubject: s\r\n\r\nhello\r\n")
        .doesNotContain("rfc822; a@there.test");
    assertThat(recipients(there)).containsExactly(Map.entry("a@there.test", 1));
  }

  /** A node dies between the report and the log's word of it, and then there is more to tell. */
  @Test
  void whatFailsAfterANodeDiedIsToldThoughAnotherFailureWas() throws Exception {
    Set<String> dead = ConcurrentHashMap.newKeySet();
    Hand first = new Hand("a", dead);
    Hand second = new Hand("b", dead);
    second.working = false;
    LogName log = Part.log(Outbox.part("t1"));
    MailSink there =
        sink((line, _) -> {
          if (line.startsWith("RCPT TO:<b") && first.heard) {
            damagedLog = log;
            return "450 4.2.0 later";
          }
          return line.startsWith("RCPT") ? "550 5.1.1 who" : null;
        });
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    outbox.open();
    put("a@there.test", "b@there.test");
    MailQueue dying = start(settings, first);
    start(settings, second);
    assertThat(inbox(1).getFirst()).contains("a@there.test\r\nAction: failed\r\n");
    MailSink.until("its end", () -> dying.standings(1).getFirst().underWay() == 0);
    first.heard = false;
    dead.add("a");
    damagedLog = null;
    second.working = true;
    awaitEmpty();
    assertThat(inbox(2)).anyMatch(report -> report.contains("b@there.test\r\nAction: failed\r\n"));
  }

  @Test
  void aSenderIsToldInTheLanguageOfTheMessage() throws Exception {
    MailSink there = sink((line, _) -> line.startsWith("RCPT") ? "550 5.1.1 no such user" : null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put(address("me@home.test"), "Content-Language: ja\r\n\r\nx\r\n", "no@there.test");
    awaitEmpty();
    String report = new String(inbox(1).getFirst().getBytes(ISO_8859_1), UTF_8);
    assertThat(report)
        .contains("\r\nSubject: " + EncodedWords.encode("メールを配信できませんでした") + "\r\n")
        .contains("\r\nContent-Language: ja\r\n")
        .contains("\r\n\r\nお送りになったメールは、次の宛先にお届けできませんでした。\r\n\r\n  no@there.test\r\n    宛先の")
        .contains(
            "\r\n    相手のサーバー 127.0.0.1 [127.0.0.1] の応答: 550 5.1.1 no such user\r\n\r\n受付サーバー: home.test\r\n")
        .contains("Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n");
  }

  @Test
  void aSenderIsToldInTheLanguageOfTheServerWhereNothingElseTells() throws Exception {
    MailSink there = sink((line, _) -> line.startsWith("RCPT") ? "550 5.1.1 no such user" : null);
    start(settings(Map.of("there.test", there.port()), DAY, Language.JA), Workers.alone());
    put(address("me@home.test"), "Subject: hello\r\n\r\nx\r\n", "no@there.test");
    awaitEmpty();
    assertThat(inbox(1).getFirst()).contains("\r\nContent-Language: ja\r\n");
  }

  @Test
  void aReportToASenderElsewhereGoesOut() throws Exception {
    MailSink there = sink((line, _) -> line.startsWith("RCPT TO:<no") ? "550 no" : null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put(address("x@there.test"), "Subject: s\r\n\r\nx\r\n", "no@there.test");
    MailSink.Taken report = there.await(1).getFirst();
    assertThat(report.from()).isEmpty();
    assertThat(report.to()).containsExactly("x@there.test");
    awaitEmpty();
  }

  // ---- what senders ask to hear of (RFC 3461)

  private static Outgoing.To tracked(String name, RcptParameters.Notify... when) throws Exception {
    return new Outgoing.To(
        address(name + "@there.test"),
        new RcptParameters(
            Set.of(when), new RcptParameters.OriginalRecipient("rfc822", name + "@first.test")));
  }

  private void putTracked(Outgoing.To... to) throws Exception {
    Outgoing plain =
        message(address("me@home.test"), "Subject: s\r\n\r\nhello\r\n", "x@there.test");
    store
        .logs()
        .append(
            outbox.append(
                new Outgoing(
                    plain.transaction(),
                    plain.session(),
                    plain.sender(),
                    "env+1",
                    MailParameters.Ret.HDRS,
                    plain.smtpUtf8(),
                    plain.binary(),
                    plain.eightBit(),
                    plain.tls(),
                    plain.prefix(),
                    plain.blob(),
                    plain.headerOctets(),
                    plain.messageId(),
                    List.of(to))))
        .orThrow();
  }

  private static List<String> envelope(MailSink sink) {
    return sink.goes().stream()
        .flatMap(List::stream)
        .filter(line -> line.startsWith("MAIL") || line.startsWith("RCPT"))
        .toList();
  }

  @Test
  void aServerThatReportsIsToldWhatItsSenderWantsToHearOf() throws Exception {
    MailSink there = sink((line, _) -> line.startsWith("EHLO") ? "250-sink\r\n250 DSN" : null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    putTracked(
        tracked("a", RcptParameters.Notify.SUCCESS, RcptParameters.Notify.DELAY), tracked("b"));
    there.await(1);
    awaitEmpty();
    assertThat(envelope(there))
        .containsExactly(
            "MAIL FROM:<me@home.test> RET=HDRS ENVID=env+2B1",
            "RCPT TO:<a@there.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@first.test",
            "RCPT TO:<b@there.test> NOTIFY=NEVER ORCPT=rfc822;b@first.test");
    // It is that server's to tell of now.
    assertThat(inbox(0)).isEmpty();
  }

  /** RFC 3461 §5.2.2: nobody further on will tell, so that much is told here. */
  @Test
  void whoAsksToHearOfSuccessHearsWhereItWasPassedOnToOneWhoDoesNotReport() throws Exception {
    MailSink there = sink((line, _) -> line.startsWith("EHLO") ? "250 sink" : null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    putTracked(
        tracked("a", RcptParameters.Notify.SUCCESS),
        tracked("b", RcptParameters.Notify.FAILURE),
        tracked("c"));
    there.await(1);
    awaitEmpty();
    assertThat(envelope(there))
        .containsExactly(
            "MAIL FROM:<me@home.test>",
            "RCPT TO:<a@there.test>",
            "RCPT TO:<b@there.test>",
            "RCPT TO:<c@there.test>");
    assertThat(inbox(1))
        .singleElement()
        .asString()
        .contains(
            "Original-Envelope-Id: env+1\r\n",
            "Original-Recipient: rfc822; a@first.test\r\n"
                + "Final-Recipient: rfc822; a@there.test\r\nAction: relayed\r\nStatus: 2.0.0\r\n",
            "Content-Type: text/rfc822-headers")
        .doesNotContain("b@there.test", "c@there.test", "hello");
  }

  @Test
  void whatLivesTooLongIsGivenUp() throws Exception {
    MailSink busy = sink((line, _) -> line.startsWith("MAIL") ? "451 4.3.0 busy" : null);
    start(settings(Map.of("busy.test", busy.port()), Duration.ofMillis(1)), Workers.alone());
    put("a@busy.test");
    awaitEmpty();
    assertThat(inbox(1).getFirst()).contains("Action: failed\r\nStatus: 4.3.0\r\n");
  }

  @Test
  void aDeadDestinationDelaysNoOther() throws Exception {
    MailSink silent = sink((line, _) -> line.isEmpty() ? MailSink.SILENCE : null);
    MailSink there = sink((_, _) -> null);
    int closed;
    try (MailSink gone = MailSink.willing()) {
      closed = gone.port();
    }
    QueueSettings settings =
        settings(
            Map.of("silent.test", silent.port(), "dead.test", closed, "there.test", there.port()));
    outbox.open();
    for (int i = 0; i < 100; i++) {
      put("a" + i + "@dead.test");
      put("a" + i + "@silent.test");
    }
    for (int i = 0; i < 20; i++) {
      put("a" + i + "@there.test");
    }
    start(settings, Workers.alone());
    assertThat(there.await(20)).hasSize(20);
    // The other side has the last one before the log says so.
    MailSink.until("the log's word", () -> waiting() <= 200);
    assertThat(waiting()).isEqualTo(200);
    // Those that wait behind it have cost nothing: what was tried is no more than a few.
    assertThat(silent.connections()).isLessThanOrEqualTo(5);
  }

  private static int closedPort() throws Exception {
    try (MailSink gone = MailSink.willing()) {
      return gone.port();
    }
  }

  private static boolean rests(MailQueue queue) {
    return queue.standings(1).stream()
        .anyMatch(each -> each.rest().isPositive() && each.underWay() == 0);
  }

  /** That the store was away for a moment, or that some of it was deleted, changes nothing. */
  @Test
  void whatWaitsTooLongBehindADeadDestinationIsGivenUpWhateverHappensMeanwhile() throws Exception {
    outbox.open();
    for (int i = 0; i < 20; i++) {
      put("a" + i + "@dead.test");
    }
    MailQueue queue =
        start(patient(Map.of("dead.test", closedPort()), Duration.ofMillis(1)), Workers.alone());
    MailSink.until("a rest", () -> rests(queue));
    assertThat(waiting()).isBetween(1, 19);
    store.faults().failWhile(call -> call == Faults.Call.READ, Faults.When.BEFORE);
    queue.remind();
    store.faults().clear();
    assertThat(waiting()).isPositive();
    queue.remind();
    awaitEmpty();
    assertThat(inbox(20))
        .hasSize(20)
        .allMatch(report -> report.contains("@dead.test\r\nAction: failed\r\n"));
  }

  /** Whoever has it now may get it through. */
  @Test
  void whatAnotherNodeHasByNowIsNotGivenUpHere() throws Exception {
    Hand node = new Hand("a", Set.of());
    outbox.open();
    for (int i = 0; i < 20; i++) {
      put("a" + i + "@dead.test");
    }
    MailQueue queue = start(patient(Map.of("dead.test", closedPort()), Duration.ofMillis(1)), node);
    MailSink.until("a rest", () -> rests(queue));
    int left = waiting();
    node.heard = false;
    queue.remind();
    assertThat(waiting()).isEqualTo(left).isPositive();
    node.heard = true;
    queue.remind();
    awaitEmpty();
  }

  @Test
  void aDestinationGetsMoreConnectionsAsMailGetsThroughAndOneWhenItFails() throws Exception {
    int patience = 100;
    // From four, one more for as many successes as there are: the fifteenth after 105.
    int most = 14;
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    AtomicInteger greeted = new AtomicInteger();
    AtomicInteger atFirstSuccess = new AtomicInteger();
    CountDownLatch enough = new CountDownLatch(1);
    MailSink there =
        sink((line, _) -> {
          boolean over = enough.getCount() == 0;
          if (line.startsWith("MAIL") && begun.incrementAndGet() > patience && !over) {
            awaitQuietly(enough);
            return "421 4.3.2 too many of you";
          }
          // Each of them may come again at once, and then one that is to see how it is.
          if (line.isEmpty() && over && greeted.incrementAndGet() <= most + 3) {
            return "421 4.3.2 not now";
          }
          if (line.equals(".") && over && ended.incrementAndGet() == 1) {
            atFirstSuccess.set(greeted.get() - most - 3);
          }
          return null;
        });
    outbox.open();
    for (int i = 0; i < 300; i++) {
      put("a" + i + "@there.test");
    }
    start(settings(Map.of("there.test", there.port()), 50), Workers.alone());
    MailSink.until("as many as there may be", () -> begun.get() >= patience + most);
    assertThat(there.connections()).isEqualTo(most);
    enough.countDown();
    there.await(300);
    awaitEmpty();
    assertThat(atFirstSuccess).hasValue(1);
    assertThat(recipients(there)).hasSize(300);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void mailForADomainThatHasBecomeOursStaysHere() throws Exception {
    start(settings(Map.of()), Workers.alone());
    put(address("me@home.test"), "Subject: own\r\n\r\nx\r\n", "me@home.test");
    awaitEmpty();
    assertThat(inbox(1).getFirst())
        .contains("Delivered-To: me@home.test\r\nReceived: from test\r\nSubject: own\r\n");
  }

  @Test
  void whatWasSentIsWrittenDownThoughTheStoreFails() throws Exception {
    MailSink there =
        sink((line, _) -> {
          if (line.equals(".")) {
            store.faults().failNext(Faults.Call.APPEND, Faults.When.AFTER);
            store.faults().failNext(Faults.Call.APPEND, Faults.When.BEFORE);
          }
          return null;
        });
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    put("a@there.test");
    there.await(1);
    awaitEmpty();
    assertThat(there.taken()).hasSize(1);
  }

  /** It has as long as other mail; others at the same destination do not notice. */

  /** A message to many goes in pieces. */
  @Test
  void whoHasGotAMessageDoesNotGetItAgainBecauseItCannotBeReadForOthers() throws Exception {
    AtomicBoolean once = new AtomicBoolean();
    MailSink there =
        sink((line, _) -> {
          if (line.equals(".") && once.compareAndSet(false, true)) {
            unavailable.set(true);
          }
          return null;
        });
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    String[] to =
        IntStream.range(0, Courier.RECIPIENTS + 1)
            .mapToObj(i -> "a" + i + "@there.test")
            .toArray(String[]::new);
    put(to);
    awaitEmpty();
    assertThat(unavailable).isFalse();
    assertThat(there.taken().stream().flatMap(taken -> taken.to().stream()))
        .containsExactlyInAnyOrder(to);
  }

  /** It is given up, and its sender told; others at the same destination do not notice. */
  @Test
  void aDamagedMessageIsGivenUpAtItsEndAndItsSenderIsTold() throws Exception {
    MailSink there = sink((_, _) -> null);
    outbox.open();
    put(address("me@home.test"), "Subject: hurt\r\n\r\nhurt\r\n", "a@there.test", "b@home.test");
    store.blobs().list(null, 10).forEach(blob -> damaged.add(blob.id()));
    put("c@there.test");
    start(settings(Map.of("there.test", there.port()), Duration.ofSeconds(2)), Workers.alone());
    there.await(1);
    awaitEmpty();
    assertThat(recipients(there)).containsOnlyKeys("c@there.test");
    assertThat(inbox(2))
        .hasSize(2)
        .anyMatch(report -> report.contains("a@there.test\r\nAction: failed\r\nStatus: 4.3.0\r\n"))
        .noneMatch(report -> report.contains("hurt"));
  }

  @Test
  void aReportWaitsForAMailboxThatIsDamaged() throws Exception {
    outbox.open();
    damagedLog = mail.account(HomeDirectory.ME.id()).inbox().log();
    put(address("me@home.test"), "Subject: s\r\n\r\nx\r\n", "nobody@home.test");
    QueueView view = new QueueView(store.logs(), InstantSource.system());
    QueueView.Filter all = new QueueView.Filter(null, null, null, null, null, false, null);
    start(settings(Map.of()), Workers.alone());
    MailSink.until(
        "a report that waits",
        () ->
            view.find(all, 2).messages().stream()
                .anyMatch(each -> each.reason().contains("cannot be read here")));
    damagedLog = null;
    assertThat(inbox(1).getFirst())
        .contains("Final-Recipient: rfc822; nobody@home.test\r\nAction: failed\r\n");
    awaitEmpty();
    assertThat(inbox(1)).hasSize(1);
  }

  /** Who mends the store in time has lost nothing. */
  @Test
  void aDamagedMessageThatIsMendedGoes() throws Exception {
    MailSink there = sink((_, _) -> null);
    outbox.open();
    put("a@there.test");
    store.blobs().list(null, 10).forEach(blob -> damaged.add(blob.id()));
    QueueView view = new QueueView(store.logs(), InstantSource.system());
    QueueView.Filter all = new QueueView.Filter(null, null, null, null, null, false, null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    MailSink.until(
        "an attempt",
        () ->
            view.find(all, 1).messages().stream()
                .anyMatch(each -> each.reason().contains("cannot be read here")));
    damaged.clear();
    awaitEmpty();
    assertThat(recipients(there)).containsOnlyKeys("a@there.test");
  }

  @Test
  void aLogIsRidOfWhatIsOver() throws Exception {
    MailSink there = sink((_, _) -> null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    int count = Part.COUNT * 110;
    outbox.open();
    for (int i = 0; i < count; i++) {
      put("a@there.test");
    }
    awaitEmpty();
    MailSink.until("short logs", () -> entries() < count);
    assertThat(there.taken()).hasSize(count);
    assertThat(waiting()).isZero();
  }

  @Test
  void aPartThatCannotBeReadKeepsNoOther() throws Exception {
    MailSink there = sink((_, _) -> null);
    outbox.open();
    Append garbage =
        Append.to(Part.log(0), List.of(Event.of(ByteString.copyFromUtf8("no entry of a queue"))));
    store.logs().append(garbage).orThrow();
    int others = 0;
    for (int i = 0; i < 10 * Part.COUNT; i++) {
      put("a@there.test");
      others += Outbox.part("t" + transactions) == 0 ? 0 : 1;
    }
    assertThat(others).isBetween(1, 10 * Part.COUNT - 1);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    assertThat(there.await(others)).hasSize(others);
  }

  @Test
  void whatALogCouldNotBeRidOfGoesLater() throws Exception {
    MailSink there = sink((_, _) -> null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    int count = Part.COUNT * 110;
    outbox.open();
    store.faults().failWhile(call -> call == Faults.Call.COMPACT, Faults.When.BEFORE);
    for (int i = 0; i < count; i++) {
      put("a@there.test");
    }
    awaitEmpty();
    MailSink.until("an attempt", () -> store.faults().thrown() > 0);
    store.faults().clear();
    MailSink.until("short logs", () -> entries() < count);
  }

  private int entries() {
    return IntStream.range(0, Part.COUNT)
        .map(i -> store.logs().read(Part.log(i), 0, Long.MAX_VALUE, 100_000).size())
        .sum();
  }

  // ---- two nodes

  /** A node as a test wants it to be. */
  private static final class Hand implements Workers {
    private final String name;
    private final Set<String> dead;
    volatile boolean heard = true;
    volatile long heardSince = System.nanoTime();
    volatile boolean working = true;

    /** While it is not null, the node's keeper waits for it, and sees nothing. */
    volatile @Nullable CountDownLatch blind;

    final CountDownLatch isBlind = new CountDownLatch(1);

    Hand(String name, Set<String> dead) {
      this.name = name;
      this.dead = dead;
    }

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
      return heard;
    }

    @Override
    public long heardSince() {
      return heardSince;
    }

    @Override
    public boolean isMine(int part) {
      CountDownLatch until = blind;
      if (until != null) {
        isBlind.countDown();
        awaitQuietly(until);
      }
      return working;
    }
  }

  @Test
  void twoNodesThatBothWantAllSendEachMessageOnce() throws Exception {
    MailSink there = sink((_, _) -> null);
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    start(settings, new Hand("a", Set.of()));
    start(settings, new Hand("b", Set.of()));
    for (int i = 0; i < 200; i++) {
      put("a" + i + "@there.test");
    }
    there.await(200);
    awaitEmpty();
    assertThat(recipients(there)).hasSize(200);
    assertThat(there.taken()).hasSize(200);
  }

  @Test
  void aDeadNodesPartsAreTakenOverAndItsLastWordIsNotSpoken() throws Exception {
    Set<String> dead = ConcurrentHashMap.newKeySet();
    Hand first = new Hand("a", dead);
    Hand second = new Hand("b", dead);
    second.working = false;
    // The first node hangs between the text and its end, as a stopped process does.
    MailSink there =
        sink((line, _) -> {
          if (line.equals("DATA") && first.heard) {
            first.heard = false;
            dead.add("a");
            second.working = true;
          }
          return null;
        });
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    start(settings, first);
    start(settings, second);
    for (int i = 0; i < 50; i++) {
      put("a" + i + "@there.test");
    }
    MailSink.until("all of them", () -> recipients(there).size() == 50);
    awaitEmpty();
    assertThat(there.taken()).hasSize(50);
  }

  /** It gives a sign of life before it looks whether others have taken what it had. */
  @Test
  void aNodeThatComesBackDoesNotEndWhatIsAnothersByNow() throws Exception {
    Set<String> dead = ConcurrentHashMap.newKeySet();
    Hand first = new Hand("a", dead);
    Hand second = new Hand("b", dead);
    second.working = false;
    CountDownLatch sees = new CountDownLatch(1);
    CountDownLatch taken = new CountDownLatch(1);
    AtomicInteger texts = new AtomicInteger();
    MailSink there =
        sink((line, _) -> {
          if (line.equals("DATA") && texts.incrementAndGet() == 1) {
            first.blind = sees;
            awaitQuietly(first.isBlind);
            first.heard = false;
            dead.add("a");
            second.working = true;
            awaitQuietly(taken);
            first.heardSince = System.nanoTime();
            first.heard = true;
          } else if (line.equals(".")) {
            taken.countDown();
          }
          return null;
        });
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    MailQueue queue = start(settings, first);
    start(settings, second);
    put("a@there.test");
    awaitEmpty();
    MailSink.until(
        "the end of the first delivery",
        () -> queue.standings(1).stream().allMatch(standing -> standing.underWay() == 0));
    first.blind = null;
    sees.countDown();
    assertThat(there.taken()).hasSize(1);
  }

  /** A message to many goes in pieces, and each is written down before the next begins. */
  @Test
  void whoHasGotAMessageToManyDoesNotGetItAgainFromTheNextNode() throws Exception {
    Set<String> dead = ConcurrentHashMap.newKeySet();
    Hand first = new Hand("a", dead);
    Hand second = new Hand("b", dead);
    second.working = false;
    AtomicInteger texts = new AtomicInteger();
    MailSink there =
        sink((line, _) -> {
          if (line.equals("DATA") && texts.incrementAndGet() == 2) {
            first.heard = false;
            dead.add("a");
            second.working = true;
            return MailSink.SILENCE;
          }
          return null;
        });
    String[] to =
        IntStream.range(0, 2 * Courier.RECIPIENTS + 1)
            .mapToObj(i -> "a" + i + "@there.test")
            .toArray(String[]::new);
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    start(settings, first);
    start(settings, second);
    put(to);
    awaitEmpty();
    assertThat(there.taken().stream().flatMap(taken -> taken.to().stream()))
        .containsExactlyInAnyOrder(to);
    // The first one waits for an answer yet.
    there.close();
  }

  @Test
  void partsMoveToWhoShouldHaveThemWithNothingSentTwice() throws Exception {
    Hand first = new Hand("a", Set.of());
    Hand second = new Hand("b", Set.of());
    second.working = false;
    MailSink there =
        sink((line, sofar) -> {
          if (line.equals(".") && sofar.to().getFirst().startsWith("a20@")) {
            first.working = false;
            second.working = true;
          }
          return null;
        });
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    start(settings, first);
    start(settings, second);
    for (int i = 0; i < 100; i++) {
      put("a" + i + "@there.test");
    }
    MailSink.until("all of them", () -> recipients(there).size() == 100);
    awaitEmpty();
    assertThat(there.taken()).hasSize(100);
  }

  @Test
  void aPartIsGivenToAnotherNodeThoughTheStoreFailsAtThat() throws Exception {
    Hand first = new Hand("a", Set.of());
    Hand second = new Hand("b", Set.of());
    second.working = false;
    MailSink there = sink((_, _) -> null);
    QueueSettings settings = settings(Map.of("there.test", there.port()));
    start(settings, first);
    start(settings, second);
    for (int i = 0; i < 100; i++) {
      put("a" + i + "@there.test");
    }
    awaitEmpty();
    // Nobody writes anything now but who gives a part away.
    long before = store.faults().thrown();
    store.faults().failNext(Faults.Call.APPEND, Faults.When.BEFORE);
    first.working = false;
    second.working = true;
    MailSink.until("the failure", () -> store.faults().thrown() > before);
    for (int i = 0; i < 100; i++) {
      put("b" + i + "@there.test");
    }
    MailSink.until("all of them", () -> recipients(there).size() == 200);
    assertThat(there.taken()).hasSize(200);
  }

  @Test
  void eachWaitsForAReasonOfItsOwn() throws Exception {
    MailSink busy = sink((line, _) -> line.startsWith("RCPT") ? "450 4.2.0 later" : null);
    MailSink full = sink((line, _) -> line.startsWith("RCPT") ? "452 4.2.2 full" : null);
    QueueView view = new QueueView(store.logs(), InstantSource.system());
    start(settings(Map.of("busy.test", busy.port(), "full.test", full.port())), Workers.alone());
    put("a@busy.test", "b@full.test");
    for (String domain : List.of("busy.test", "full.test")) {
      QueueView.Filter filter = new QueueView.Filter(null, null, null, domain, null, false, null);
      MailSink.until(
          "an attempt at " + domain,
          () -> view.find(filter, 1).messages().getFirst().attempts() > 0);
      QueueView.Waiting waiting = view.find(filter, 1).messages().getFirst();
      assertThat(waiting.asked()).isEqualTo(1);
      assertThat(waiting.waiting())
          .extracting(each -> each.to().address().domain())
          .containsExactlyInAnyOrder("busy.test", "full.test")
          .startsWith(domain);
      assertThat(waiting.reason()).contains(domain.equals("busy.test") ? "later" : "full");
      assertThat(waiting.due()).isEqualTo(waiting.waiting().getFirst().due());
    }
    QueueView.Filter all = new QueueView.Filter(null, null, null, null, null, false, null);
    assertThat(view.order(Order.RETRY, all).messages()).isEqualTo(1);
  }

  @Test
  void whatWaitsGoesAnotherWayIfAnOperatorWantsIt() throws Exception {
    MailSink busy = sink((line, _) -> line.startsWith("RCPT") ? "450 4.2.0 later" : null);
    MailSink other = sink((_, _) -> null);
    QueueView view = new QueueView(store.logs(), InstantSource.system());
    QueueView.Filter all = new QueueView.Filter(null, null, null, null, null, false, null);
    MailQueue first =
        start(
            settings(Map.of("busy.test", busy.port(), "also.test", busy.port())), Workers.alone());
    put("a@busy.test", "b@also.test");
    put("c@busy.test");
    MailSink.until(
        "attempts at both",
        () ->
            view.find(all, 5).messages().stream().filter(each -> each.attempts() > 0).count() == 2);
    String relay = "smtp+plain://127.0.0.1:" + other.port();
    String id = view.find(all, 5).messages().getFirst().message().transaction();
    assertThat(
            view.reroute(relay, new QueueView.Filter(id, null, null, null, null, false, null))
                .messages())
        .isEqualTo(1);
    // One of them may be under way the old way just now, and goes later.
    MailSink.until("both", () -> recipients(other).size() >= 2);
    assertThat(recipients(other)).containsOnlyKeys("a@busy.test", "b@also.test");
    MailSink.until("one that waits", () -> waiting() == 1);

    // Whoever folds the log anew knows of it.
    first.close();
    assertThat(view.reroute(relay, all).messages()).isEqualTo(1);
    assertThat(view.find(all, 1).messages().getFirst().way()).isEqualTo(relay);
    start(settings(Map.of("busy.test", busy.port())), Workers.alone());
    awaitEmpty();
    assertThat(recipients(other))
        .isEqualTo(Map.of("a@busy.test", 1, "b@also.test", 1, "c@busy.test", 1));
  }

  private void putAs(Account account, String... to) throws Exception {
    Outgoing plain = message(address("me@home.test"), "Subject: s\r\n\r\nhello\r\n", to);
    Outgoing of =
        new Outgoing(
            plain.transaction(),
            plain.session(),
            plain.sender(),
            plain.envid(),
            plain.ret(),
            plain.smtpUtf8(),
            plain.binary(),
            plain.eightBit(),
            plain.tls(),
            plain.prefix(),
            plain.blob(),
            plain.headerOctets(),
            plain.messageId(),
            plain.recipients(),
            account.id(),
            Outgoing.Terms.NONE);
    store
        .logs()
        .append(
            List.of(
                outbox.append(of), senders.counted(account, to.length, "n" + of.transaction())));
  }

  /** Nobody refuses it. */
  @Test
  void whatIsDamagedHereDoesNotCountAgainstItsSender() throws Exception {
    outbox.open();
    for (int i = 0; i < 4; i++) {
      putAs(HomeDirectory.ME, "a" + i + "@there.test");
    }
    store.blobs().list(null, 10).forEach(blob -> damaged.add(blob.id()));
    MailSink there = sink((_, _) -> null);
    start(settings(Map.of("there.test", there.port()), Duration.ofSeconds(2)), Workers.alone());
    awaitEmpty();
    assertThat(inbox(4)).hasSize(4).allMatch(report -> report.contains("Status: 4.3.0\r\n"));
    assertThat(senders.refusal(HomeDirectory.ME, 1)).isEmpty();
  }

  @Test
  void anAccountWhoseRecipientsAreRefusedIsStoppedAndItsMailHeld() throws Exception {
    MailSink there = sink((line, _) -> line.contains("nobody") ? "550 5.1.1 no" : null);
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    for (int i = 0; i < 4; i++) {
      putAs(HomeDirectory.ME, "nobody" + i + "@there.test");
    }
    awaitEmpty();
    // Four failure reports, and what the postmaster is told, who is the same here.
    assertThat(inbox(5))
        .anyMatch(text ->
            text.contains("Subject: me@home.test was stopped from sending")
                && text.contains(
                    "4 of 4 recipients in an hour were refused by their servers or given up"));
    assertThat(senders.refusal(HomeDirectory.ME, 1)).contains(new Senders.Refusal.Stopped());

    // What is in the queue although the account is stopped does not leave it.
    putAs(HomeDirectory.ME, "a@there.test");
    put("b@there.test");
    MailSink.until("the other's", () -> recipients(there).containsKey("b@there.test"));
    QueueView view = new QueueView(store.logs(), InstantSource.system());
    MailSink.until(
        "held",
        () ->
            view.find(new QueueView.Filter(null, null, null, null, null, true, null), 1).all() == 1
                && view.find(QueueView.Filter.ofAccount(HomeDirectory.ME.id(), true), 1).all()
                    == 1);
    assertThat(recipients(there)).doesNotContainKey("a@there.test");

    assertThat(senders.resume(HomeDirectory.ME)).isEqualTo(1);
    awaitEmpty();
    assertThat(recipients(there)).containsKey("a@there.test");
    assertThat(senders.refusal(HomeDirectory.ME, 1)).isEmpty();
    assertThat(inbox(5)).hasSize(5);
  }

  /** Who makes addresses up makes domains up too, whose servers nobody reaches. */
  @Test
  void whatIsGivenUpCountsAgainstAnAccountAsWhatIsRefused() throws Exception {
    MailSink busy = sink((line, _) -> line.startsWith("RCPT") ? "450 4.2.0 later" : null);
    start(settings(Map.of("there.test", busy.port()), Duration.ofMillis(1)), Workers.alone());
    for (int i = 0; i < 4; i++) {
      putAs(HomeDirectory.ME, "nobody" + i + "@there.test");
    }
    awaitEmpty();
    MailSink.until(
        "its stop",
        () ->
            senders
                .refusal(HomeDirectory.ME, 1)
                .equals(Optional.of(new Senders.Refusal.Stopped())));
  }

  @Test
  void anOrderHoldsAcrossNodes() throws Exception {
    MailSink there = sink((_, _) -> null);
    outbox.open();
    put("a@there.test");
    put("b@there.test");
    int part = partOf("t1");
    Stream.of(Order.HOLD)
        .map(order -> new QueueEvent.Ordered(new long[] {1}, order))
        .forEach(ordered ->
            store
                .logs()
                .append(
                    hikyaku.mailbox.store.Append.to(
                        Part.log(part), List.of(QueueCodec.ordered(ordered)))));
    start(settings(Map.of("there.test", there.port())), Workers.alone());
    there.await(1);
    assertThat(recipients(there)).containsOnlyKeys("b@there.test");
    // The other side has it before the log says so.
    MailSink.until("the log's word", () -> waiting() == 1);
    store
        .logs()
        .append(
            hikyaku.mailbox.store.Append.to(
                Part.log(part),
                List.of(
                    QueueCodec.ordered(new QueueEvent.Ordered(new long[] {1}, Order.RELEASE)))));
    there.await(2);
    awaitEmpty();
  }

  private int partOf(String transaction) throws Exception {
    for (int i = 0; i < Part.COUNT; i++) {
      for (var entry : store.logs().read(Part.log(i), 0, Long.MAX_VALUE, 1000)) {
        if (QueueCodec.read(entry) instanceof QueueEvent.Queued(Outgoing message)
            && message.transaction().equals(transaction)) {
          return i;
        }
      }
    }
    throw new AssertionError("no " + transaction);
  }
}
