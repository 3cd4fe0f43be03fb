package hikyaku.server.probe;

import hikyaku.server.front.Findings;
import hikyaku.server.front.Health;
import hikyaku.server.front.HealthSettings;
import hikyaku.server.front.Nodes;
import hikyaku.server.link.NodeLink;
import hikyaku.server.link.Probes;
import hikyaku.server.link.proto.Report;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Probes every node that a front is linked to, and tells the judge what it finds. */
public final class Prober implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Prober.class);

  /** How often new links are looked for. */
  private static final Duration LOOK = Duration.ofMillis(250);

  /** A probe that failed for the first time is soon repeated: it may have been a moment's. */
  private static final Duration AGAIN = Duration.ofMillis(500);

  private static final long HOUR = TimeUnit.HOURS.toMillis(1);

  private final String front;
  private final Nodes nodes;
  private final Health health;
  private final HealthSettings settings;
  private final Supplier<String> ids;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final SyntheticUser.Peers peers = new Linked();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition closing = lock.newCondition();
  private boolean closed;

  /** Links that have their probes. The looking thread's own. */
  private final Set<NodeLink> watched = new HashSet<>();

  /**
   * @param front this front's name
   * @param ids gives sessions their ids
   * @param clock the synthetic user has an account for each hour
   */
  public Prober(
      String front,
      Nodes nodes,
      Health health,
      HealthSettings settings,
      Supplier<String> ids,
      InstantSource clock,
      RandomGenerator random) {
    this.front = front;
    this.nodes = nodes;
    this.health = health;
    this.settings = settings;
    this.ids = () -> Probes.SESSION + ids.get();
    this.clock = clock;
    this.random = random;
  }

  public void start() {
    Thread.ofVirtual().name("probes").start(this::look);
  }

  private void look() {
    try {
      do {
        List<NodeLink> linked = nodes.links();
        watched.retainAll(linked);
        for (NodeLink link : linked) {
          if (watched.add(link)) {
            health.forget(link.node());
            watch(link);
          }
        }
        for (Health.Verdict verdict : health.verdicts()) {
          if (linked.stream().noneMatch(link -> link.node().equals(verdict.node()))) {
            health.forget(verdict.node());
          }
        }
      } while (rest(LOOK));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One run of a probe. */
  @FunctionalInterface
  private interface Run {
    void of(NodeLink link, Steps steps) throws ProbeException, InterruptedException;
  }

  private void watch(NodeLink link) {
    begin(link, Health.Probe.LINK, settings.interval(), this::link);
    begin(link, Health.Probe.DIALOGUE, settings.interval(), this::dialogues);
    if (settings.userInterval().isPositive()) {
      begin(link, Health.Probe.USER, settings.userInterval(), this::user);
    }
  }

  private void begin(NodeLink link, Health.Probe probe, Duration every, Run run) {
    Thread.ofVirtual()
        .name("probe-" + link.node() + "-" + probe)
        .start(() -> keep(link, probe, every, run));
  }

  private void keep(NodeLink link, Health.Probe probe, Duration every, Run run) {
    try {
      // Not all nodes and fronts at one moment.
      boolean goesOn = rest(every.multipliedBy(random.nextInt(100)).dividedBy(100));
      boolean failedBefore = false;
      boolean cold = true;
      while (goesOn && link.isOpen()) {
        Optional<Findings> findings = run(link, run);
        if (cold && findings.isPresent()) {
          // What is slow in a program that has just begun says nothing about the next minute.
          cold = false;
          goesOn = rest(AGAIN);
          continue;
        }
        if (link.isOpen() && findings.isPresent()) {
          health.found(link.node(), probe, findings.get());
          if (health.factor(link.node()) == 0) {
            nodes.relieve(link);
          }
        }
        boolean failed = findings.flatMap(Findings::failure).isPresent();
        goesOn = rest(failed && !failedBefore ? AGAIN : every);
        failedBefore = failed;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.atError()
          .addKeyValue("node", link.node())
          .addKeyValue("probe", probe)
          .setCause(e)
          .log("bug in a probe");
    }
  }

  /** Nothing is found if the node is on its way out, or another one stood in the way. */
  private static Optional<Findings> run(NodeLink link, Run run) throws InterruptedException {
    if (services(link).isEmpty()) {
      return Optional.empty();
    }
    Steps steps = new Steps();
    try {
      run.of(link, steps);
    } catch (ProbeException e) {
      if (e instanceof ProbeException.Inconclusive) {
        LOG.atDebug()
            .addKeyValue("node", link.node())
            .addKeyValue("cause", e.getMessage())
            .log("a probe came to nothing");
        return Optional.empty();
      }
    }
    return Optional.of(steps.findings());
  }

  private static List<String> services(NodeLink link) {
    return link.report().map(Report::getServicesList).map(List::copyOf).orElse(List.of());
  }

  private void link(NodeLink link, Steps steps) throws ProbeException, InterruptedException {
    steps.own(
        "link",
        () -> {
          if (link.echo(settings.timeout()).isEmpty()) {
            throw new ProbeException.Failed("no answer in time");
          }
        });
  }

  private void dialogues(NodeLink link, Steps steps) throws ProbeException, InterruptedException {
    for (String service : services(link)) {
      Dialogues.Dialogue dialogue = Dialogues.BY_SERVICE.get(service);
      if (dialogue == null) {
        continue;
      }
      if (!peers.offers(link, service)) {
        steps.leftOut(service, "the node takes no probes of it");
        continue;
      }
      steps.own(
          service,
          () -> {
            try (Conversation with =
                new Conversation(link, ids.get(), service, settings.timeout())) {
              dialogue.hold(with);
            }
          });
    }
  }

  private void user(NodeLink link, Steps steps) throws ProbeException, InterruptedException {
    try (SyntheticUser user =
        new SyntheticUser(
            link, peers, account(link.node()), settings.timeout(), ids, random, steps)) {
      user.run();
    }
  }

  /**
   * One for each front, node and hour: runs never meet, and nodes can tell by the name which
   * accounts are no longer used.
   */
  private String account(String node) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest((front + "\n" + node).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8) + "-" + clock.millis() / HOUR;
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** The nodes that are linked now, the well ones first. */
  private final class Linked implements SyntheticUser.Peers {
    @Override
    public boolean offers(NodeLink node, String service) {
      return services(node).contains(Probes.SERVICE + service);
    }

    @Override
    public Optional<NodeLink> forService(NodeLink node, String service) {
      return offers(node, service)
          ? Optional.of(node)
          : nodes.links().stream()
              .filter(other -> offers(other, service))
              .max(Comparator.comparingDouble(other -> health.factor(other.node())));
    }
  }

  /** False when it is time to end. */
  private boolean rest(Duration time) throws InterruptedException {
    lock.lock();
    try {
      long left = time.toNanos();
      while (!closed && left > 0) {
        left = closing.awaitNanos(left);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      closing.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
