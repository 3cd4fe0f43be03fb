package hikyaku.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.front.FrontSettings;
import hikyaku.server.front.Health;
import hikyaku.server.front.Health.Standing;
import hikyaku.server.front.HealthSettings;
import hikyaku.server.front.Nodes;
import hikyaku.server.imap.ImapProtocol;
import hikyaku.server.imap.ImapSettings;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.link.Probes;
import hikyaku.server.link.proto.Report;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.Traces;
import hikyaku.server.pop3.LiveNodes;
import hikyaku.server.pop3.Pop3Protocol;
import hikyaku.server.pop3.Pop3Settings;
import hikyaku.server.smtp.SmtpFace;
import hikyaku.server.smtp.SmtpServer;
import hikyaku.server.smtp.SmtpServices;
import hikyaku.server.smtp.SmtpSettings;
import hikyaku.server.synthetic.SyntheticAccounts;
import hikyaku.server.synthetic.SyntheticAuthenticator;
import hikyaku.server.synthetic.SyntheticDirectory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Probes of nodes with real servers over one store that may answer late. */
final class ProberTest {
  private static final Set<String> ALL = Set.of("smtp", "submission", "pop3", "imap");

  /** Far beyond what any step takes on a machine that is busy with other tests. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  private final Clock clock = Clock.systemUTC();
  private final MemoryStore store = new MemoryStore(clock);
  private final List<AutoCloseable> open = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Health health;
  private Nodes nodes;

  private static byte[] key(String purpose) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(purpose.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A node in this process. */
  private final class Node {
    final SyntheticAccounts accounts;
    final NetServer probes;
    final LinkServer links;

    /** Each write to the store takes so long for this node. */
    volatile Duration late = Duration.ZERO;

    /** Whether writes of this node do not come back until this changes. */
    volatile boolean hangs;

    Node(String name, Set<String> services) throws IOException {
      accounts = new SyntheticAccounts(Probes.DOMAIN, lateStore(), MailboxLimits.DEFAULT, clock);
      SyntheticAuthenticator authenticator = new SyntheticAuthenticator(accounts);
      SmtpServices mailIn =
          SmtpServices.of(new SyntheticDirectory(accounts), authenticator, accounts.mail(), meters);
      SmtpSettings smtp = SmtpSettings.of(name);
      List<Protocol> protocols =
          List.of(
              new SmtpServer(SmtpFace.MX, smtp, mailIn),
              new SmtpServer(SmtpFace.SUBMISSION, smtp, mailIn),
              new Pop3Protocol(
                  name,
                  Pop3Settings.DEFAULTS,
                  authenticator,
                  accounts.mail(),
                  LiveNodes.alone(),
                  meters),
              new ImapProtocol(ImapSettings.DEFAULTS, authenticator, accounts.mail(), meters));
      Map<String, Protocol> offered =
          protocols.stream()
              .filter(protocol -> services.contains(protocol.name()))
              .collect(Collectors.toMap(Protocol::name, Function.identity()));
      NetServer clients = server();
      probes = server();
      links =
          new LinkServer(
              name,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              LinkKeys.ofNode(ProberTest::key),
              LinkSettings.DEFAULT,
              clients,
              offered,
              () ->
                  Report.newBuilder().setNode(name).addAllServices(services).setWeight(100).build(),
              InstantSource.system(),
              new SecureRandom());
      links.offerProbes(probes, offered);
      links.start();
      open.add(accounts);
      open.add(probes);
      open.add(clients);
      open.add(links);
      nodes.add("127.0.0.1:" + links.address().getPort());
    }

    private NetServer server() throws IOException {
      NetServer server =
          new NetServer(
              List.of(),
              NetLimits.DEFAULT,
              new Traces(),
              new SessionIds(clock),
              new SimpleMeterRegistry(),
              clock);
      server.start();
      return server;
    }

    private Store lateStore() {
      LogStore logs =
          proxy(
              LogStore.class,
              (method, arguments) -> {
                if (method.getName().equals("append")) {
                  pause();
                }
                return call(method, store.logs(), arguments);
              });
      return proxy(
          Store.class,
          (method, arguments) ->
              method.getName().equals("logs") ? logs : call(method, store, arguments));
    }

    private void pause() {
      try {
        TimeUnit.NANOSECONDS.sleep(late.toNanos());
        synchronized (this) {
          while (hangs) {
            wait();
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    synchronized void hang(boolean now) {
      hangs = now;
      notifyAll();
    }
  }

  private interface Answer {
    Object to(Method method, Object[] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> answer.to(method, arguments)));
  }

  private static Object call(Method method, Object on, Object[] arguments) throws Throwable {
    try {
      return method.invoke(on, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private void front(Duration timeout) {
    HealthSettings settings =
        new HealthSettings(
            true,
            Duration.ofMillis(50),
            Duration.ofMillis(50),
            timeout,
            Duration.ofMillis(100),
            2,
            3);
    FrontSettings front =
        new FrontSettings(
            FrontSettings.Balance.ROUND_ROBIN,
            Duration.ZERO,
            Duration.ofSeconds(3),
            Duration.ofMillis(200),
            1024 * 1024,
            Map.of(),
            directory);
    health = new Health(settings, meters, clock);
    nodes =
        new Nodes(
            "front",
            LinkKeys.ofFront(ProberTest::key),
            LinkSettings.DEFAULT,
            front,
            clock,
            new SecureRandom());
    nodes.weighBy(health::factor);
    Prober prober =
        new Prober(
            "front", nodes, health, settings, new SessionIds(clock), clock, new SecureRandom());
    open.add(nodes);
    open.add(prober);
    prober.start();
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    store.close();
  }

  private Health.Verdict await(String node, Predicate<Health.Verdict> which) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      for (Health.Verdict verdict : health.verdicts()) {
        if (verdict.node().equals(node) && which.test(verdict)) {
          return verdict;
        }
      }
      assertThat(System.nanoTime()).as(health.verdicts().toString()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  @Test
  void aNodeIsTriedInAllThatItOffers() throws Exception {
    front(Duration.ofSeconds(10));
    Node one = new Node("one", ALL);
    Set<String> steps =
        Set.of(
            "link",
            "smtp",
            "submission",
            "pop3",
            "imap",
            "login",
            "delivery",
            "idle",
            "fetch",
            "retrieval",
            "removal");
    Health.Verdict verdict = await("one", seen -> seen.latency().keySet().containsAll(steps));
    assertThat(verdict.latency().keySet()).isEqualTo(steps);
    assertThat(verdict.untried()).isEmpty();
    assertThat(verdict.standing()).isNotEqualTo(Standing.FAILING);
    assertThat(one.links.sessions()).as("they are no clients").isZero();
    assertThat(nodes.links().getFirst().sessions()).isZero();
    assertThat(one.probes.bugs()).isZero();
    assertThat(store.logs().list("folders/", null, 1)).isEmpty();
    assertThat(store.logs().list("mailbox/", null, 1)).isEmpty();
    assertThat(store.logs().list("probe/folders/", null, 10)).isNotEmpty();
  }

  @Test
  void anotherNodeDoesWhatANodeHasNoRoleFor() throws Exception {
    front(Duration.ofSeconds(10));
    var unused = new Node("in", Set.of("smtp"));
    var unused2 = new Node("out", Set.of("imap"));
    var unused3 = new Node("old", Set.of("pop3"));
    Health.Verdict in = await("in", seen -> seen.latency().containsKey("delivery"));
    assertThat(in.untried())
        .contains("login (by out)", "idle (by out)", "fetch (by out)", "removal (by out)");
    assertThat(in.latency().keySet()).doesNotContain("login", "fetch", "retrieval");
    Health.Verdict out = await("out", seen -> seen.latency().containsKey("removal"));
    assertThat(out.untried()).contains("delivery (by in)");
    assertThat(out.latency().keySet())
        .contains("login", "idle", "fetch")
        .doesNotContain("delivery");
    Health.Verdict old = await("old", seen -> seen.latency().containsKey("retrieval"));
    assertThat(old.untried()).contains("delivery (by in)", "login (by out)");
  }

  @Test
  void aNodeWhoseStoreIsSlowLosesWeightAndGetsItBack() throws Exception {
    front(Duration.ofSeconds(30));
    Node one = new Node("one", ALL);
    var unused = new Node("two", ALL);
    Health.Verdict before = await("one", seen -> seen.latency().containsKey("removal"));
    assertThat(before.standing()).isNotEqualTo(Standing.FAILING);
    await("two", seen -> seen.latency().containsKey("removal"));
    one.late = Duration.ofSeconds(2);
    Health.Verdict slow = await("one", seen -> seen.factor() < 0.5);
    assertThat(slow.standing()).isEqualTo(Standing.SLOW);
    assertThat(slow.factor()).isPositive();
    assertThat(slow.trouble()).isPresent();
    one.late = Duration.ZERO;
    await("one", seen -> seen.standing() == Standing.GOOD);
  }

  @Test
  void aNodeThatAcceptsAndDoesNotAnswerGetsNoSessionsUntilItDoes() throws Exception {
    front(Duration.ofSeconds(3));
    Node one = new Node("one", ALL);
    var unused = new Node("two", ALL);
    await("one", seen -> seen.latency().containsKey("removal"));
    await("two", seen -> seen.latency().containsKey("removal"));
    one.hang(true);
    Health.Verdict failing = await("one", seen -> seen.standing() == Standing.FAILING);
    assertThat(failing.factor()).isZero();
    // At whatever step that writes the run was, or its second attempt.
    assertThat(failing.trouble()).get().asString().endsWith(": no answer in time");
    assertThat(health.problems()).isEmpty();
    one.hang(false);
    Health.Verdict back = await("one", seen -> seen.standing() != Standing.FAILING);
    assertThat(back.factor()).isPositive();
    await("one", seen -> seen.factor() == 1);
  }
}
