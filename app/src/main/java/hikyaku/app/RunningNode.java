package hikyaku.app;

import com.sun.management.OperatingSystemMXBean;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.cluster.Vitals;
import hikyaku.server.directory.Address;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Connection;
import hikyaku.server.net.ConnectionInfo;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TraceSink;
import hikyaku.server.net.Traces;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.NodeStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node as its operator sees it. */
final class RunningNode implements NodeStatus {
  private static final Logger TRACE = LoggerFactory.getLogger("hikyaku.trace");
  private static final long LOAD_EVERY = TimeUnit.SECONDS.toNanos(1);

  /** One for all that is followed, so that no line is logged twice. */
  private static final TraceSink TRACED = RunningNode::traceLine;

  private final List<Consumer<TlsContext>> tlsListeners = new CopyOnWriteArrayList<>();
  private final String name;
  private final Configuration configuration;
  private final NetServer net;
  private final IntSupplier attached;
  private final Supplier<Map<String, Integer>> usage;
  private final Traces traces;
  private final Certificates certificates;
  private final List<ListenerSpec> specs;
  private final PrometheusMeterRegistry meters;
  private final Instant started;
  private final Map<String, Traces.Following> followed = new ConcurrentHashMap<>();
  private long loadAsked = System.nanoTime() - LOAD_EVERY;
  private double load;

  /**
   * @param name of the node, or of the front
   * @param attached how many of its sessions came by fronts
   * @param usage what other nodes need to know of those who may be near a limit
   */
  RunningNode(
      String name,
      Configuration configuration,
      NetServer net,
      IntSupplier attached,
      Supplier<Map<String, Integer>> usage,
      Traces traces,
      Certificates certificates,
      List<ListenerSpec> specs,
      PrometheusMeterRegistry meters,
      Clock clock) {
    this.name = name;
    this.configuration = configuration;
    this.net = net;
    this.attached = attached;
    this.usage = usage;
    this.traces = traces;
    this.certificates = certificates;
    this.specs = List.copyOf(specs);
    this.meters = meters;
    this.started = clock.instant();
  }

  @Override
  public Instant started() {
    return started;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String hostname() {
    return configuration.hostname();
  }

  @Override
  public List<Versioned> versions() {
    return List.of(
        new Versioned("Hikyaku", Version.PROGRAM),
        new Versioned("Java", Runtime.version().toString()));
  }

  @Override
  public List<ListenerView> listeners() {
    Map<String, InetSocketAddress> bound = net.addresses();
    List<ListenerView> views = new ArrayList<>();
    for (ListenerSpec spec : specs) {
      InetSocketAddress address = bound.get(spec.name());
      if (address != null) {
        views.add(
            new ListenerView(
                spec.name(),
                spec.protocol().name(),
                Figures.address(address),
                spec.tls().name().toLowerCase(Locale.ROOT)));
      }
    }
    return views;
  }

  /** A sentence for each listener that is not open. */
  List<String> listenerProblems() {
    Map<String, InetSocketAddress> bound = net.addresses();
    return specs.stream()
        .filter(spec -> !bound.containsKey(spec.name()))
        .map(spec -> "the listener " + spec.name() + " is not open")
        .toList();
  }

  /** How the node fares, for the others of its cluster. */
  Vitals vitals() {
    return new Vitals(
        load(), net.connectionsByProtocol(), attached.getAsInt(), listenerProblems(), usage.get());
  }

  /** The system counts from one question to the next, so it is not asked too often. */
  @Override
  public synchronized double load() {
    long now = System.nanoTime();
    if (now - loadAsked >= LOAD_EVERY) {
      loadAsked = now;
      var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      load = Math.max(0, system.getCpuLoad());
    }
    return load;
  }

  @Override
  public List<ConnectionInfo> sessions() {
    return net.connections();
  }

  @Override
  public Work work() {
    return new Work(
        sum("hikyaku.smtp.messages"),
        sum("hikyaku.smtp.copies"),
        sum("hikyaku.smtp.refusals"),
        net.bugs());
  }

  private long sum(String counter) {
    return (long) meters.find(counter).counters().stream().mapToDouble(Counter::count).sum();
  }

  @Override
  public boolean endSession(String id) {
    Optional<Connection> connection = net.connection(id);
    connection.ifPresent(found -> found.close(CloseReason.OPERATOR));
    return connection.isPresent();
  }

  @Override
  public int moveSessions(Predicate<ConnectionInfo> which) {
    return net.move(which);
  }

  @Override
  public void endSessionsOf(String account) {
    int unused =
        net.end(
            session -> session.account().filter(account::equals).isPresent(), CloseReason.ACCOUNT);
  }

  @Override
  public boolean trace(String whom, boolean on) {
    if (!on) {
      Traces.Following following = followed.remove(whom);
      if (following != null) {
        following.close();
      }
      return following != null;
    }
    Optional<Traces.Subject> subject = subject(whom);
    subject.ifPresent(found -> followed.computeIfAbsent(whom, _ -> traces.follow(found, TRACED)));
    return subject.isPresent();
  }

  private Optional<Traces.Subject> subject(String whom) {
    if (net.connection(whom).isPresent()) {
      return Optional.of(new Traces.Subject.OfSession(whom));
    }
    Optional<Address> account = Address.parse(whom);
    if (account.isPresent()) {
      return Optional.of(new Traces.Subject.OfAccount(account.get().toString()));
    }
    try {
      return Optional.of(new Traces.Subject.OfAddress(InetAddress.ofLiteral(whom)));
    } catch (IllegalArgumentException noAddress) {
      return Optional.empty();
    }
  }

  private static void traceLine(String session, TraceSink.Direction direction, String text) {
    String mark =
        switch (direction) {
          case CLIENT -> "C: ";
          case SERVER -> "S: ";
          case EVENT -> "-- ";
        };
    TRACE.atInfo().addKeyValue("session", session).log(mark + text);
  }

  /** Tells of certificates that are read again. */
  void onTls(Consumer<TlsContext> listener) {
    tlsListeners.add(listener);
  }

  @Override
  public Optional<String> reloadTls() {
    try {
      Certificates.Reading reading = certificates.readAndWarn();
      net.useTls(reading.context());
      tlsListeners.forEach(listener -> listener.accept(reading.context()));
      return reading.problems().isEmpty()
          ? Optional.empty()
          : Optional.of(
              "the certificates were read again, but for what cannot be used and stays as it was: "
                  + String.join("; ", reading.problems()));
    } catch (IOException e) {
      return Optional.of(
          "the certificates stay as they are, for they cannot be used: " + Reason.of(e));
    }
  }

  @Override
  public Optional<String> logLevel(String level) {
    return Logging.level(level);
  }

  @Override
  public String configuration() {
    return ConfigurationFile.write(configuration);
  }

  @Override
  public String metrics() {
    return meters.scrape();
  }
}
