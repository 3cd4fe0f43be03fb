package hikyaku.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.front.FrontSettings;
import hikyaku.server.front.Health;
import hikyaku.server.front.HealthSettings;
import hikyaku.server.front.Nodes;
import hikyaku.server.imap.ImapProtocol;
import hikyaku.server.imap.ImapSettings;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.link.NodeLink;
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
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Nodes with real servers over one store, which each of them may reach late or not at all, and a
 * front that probes them.
 */
final class ProbedNodes implements AutoCloseable {
  static final Set<String> ALL = Set.of("smtp", "submission", "pop3", "imap");

  /** Far beyond what any step takes on a machine that is busy with other tests. */
  static final Duration PATIENCE = Duration.ofSeconds(120);

  /** How long nodes wait for a store that they do not reach. */
  private static final Duration STORE_PATIENCE = PATIENCE;

  /** What is found wrong here is found by probes, and not by a machine that stands still. */
  private static final LinkSettings LINKS =
      new LinkSettings(
          LinkSettings.DEFAULT.heartbeat(),
          PATIENCE,
          PATIENCE,
          PATIENCE,
          LinkSettings.DEFAULT.strangers(),
          LinkSettings.DEFAULT.tls(),
          LinkSettings.DEFAULT.drain(),
          LinkSettings.DEFAULT.ticket());

  final Clock clock = Clock.systemUTC();
  final MemoryStore store = new MemoryStore(clock);
  final Nodes nodes;
  final Health health;
  final FrontSettings settings;
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Node> all = new ArrayList<>();

  /**
   * Starts a front without nodes.
   *
   * @param timeout of its probes
   * @param directory for input that is too long for memory
   */
  ProbedNodes(Duration timeout, Path directory) {
    HealthSettings probes =
        new HealthSettings(
            true,
            Duration.ofMillis(50),
            Duration.ofMillis(50),
            timeout,
            Duration.ofMillis(100),
            2,
            3);
    settings =
        new FrontSettings(
            FrontSettings.Balance.ROUND_ROBIN,
            Duration.ZERO,
            PATIENCE,
            Duration.ofMillis(200),
            1024 * 1024,
            Map.of(),
            directory);
    health = new Health(probes, meters, clock);
    nodes =
        new Nodes(
            "front",
            LinkKeys.ofFront(ProbedNodes::key),
            LINKS,
            settings,
            clock,
            new SecureRandom());
    nodes.weighBy(health::factor);
    Prober prober =
        new Prober(
            "front", nodes, health, probes, new SessionIds(clock), clock, new SecureRandom());
    open.add(nodes);
    open.add(prober);
    prober.start();
  }

  private static byte[] key(String purpose) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(purpose.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A node in this process. */
  final class Node {
    final String name;
    final SyntheticAccounts accounts;
    final NetServer probes;
    final LinkServer links;

    /** Each write to the store takes so long for this node. */
    volatile Duration late = Duration.ZERO;

    /** Whether writes of this node do not come back until this changes. */
    private boolean hangs;

    /** Whether this node does not reach the store. */
    private boolean cutOff;

    Node(String name, Set<String> services) throws IOException {
      this.name = name;
      accounts = new SyntheticAccounts(Probes.DOMAIN, lateStore(), MailboxLimits.DEFAULT, clock);
      SyntheticAuthenticator authenticator = new SyntheticAuthenticator(accounts);
      SmtpServices mailIn =
          SmtpServices.of(
              new SyntheticDirectory(accounts),
              authenticator,
              accounts.mail(),
              Optional.empty(),
              meters);
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
              new ImapProtocol(
                  ImapSettings.DEFAULTS,
                  authenticator,
                  new SyntheticDirectory(accounts),
                  accounts.mail(),
                  meters));
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
              LinkKeys.ofNode(ProbedNodes::key),
              LINKS,
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
      all.add(this);
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
                reach();
                if (method.getName().equals("append")) {
                  pause();
                }
                return call(method, store.logs(), arguments);
              });
      BlobStore blobs =
          proxy(
              BlobStore.class,
              (method, arguments) -> {
                reach();
                return call(method, store.blobs(), arguments);
              });
      return proxy(
          Store.class,
          (method, arguments) ->
              switch (method.getName()) {
                case "logs" -> logs;
                case "blobs" -> blobs;
                default -> call(method, store, arguments);
              });
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

    /** As an engine does that is out of reach: it waits, and says so when patience ends. */
    private synchronized void reach() {
      long ends = System.nanoTime() + STORE_PATIENCE.toNanos();
      try {
        while (cutOff) {
          long left = TimeUnit.NANOSECONDS.toMillis(ends - System.nanoTime());
          if (left <= 0) {
            throw new StoreException.Unavailable("cut off", null);
          }
          wait(left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StoreException.Unavailable("interrupted", e);
      }
    }

    synchronized void hang(boolean now) {
      hangs = now;
      notifyAll();
    }

    synchronized void cutOff(boolean now) {
      cutOff = now;
      notifyAll();
    }

    /** Clients' sessions that the front has here. */
    int sessions() {
      return nodes.links().stream()
          .filter(link -> link.node().equals(name))
          .mapToInt(NodeLink::sessions)
          .sum();
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

  /** Has something closed with all of this, before it. */
  <T extends AutoCloseable> T with(T other) {
    open.add(other);
    return other;
  }

  @Override
  public void close() throws Exception {
    for (Node node : all) {
      node.hang(false);
      node.cutOff(false);
    }
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    store.close();
  }

  /** Waits until a node is judged so. */
  Health.Verdict await(String node, Predicate<Health.Verdict> which) throws Exception {
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
}
