package hikyaku.server.net;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the network layer counts, by protocol. */
final class NetMetrics {
  private final MeterRegistry registry;
  private final Map<String, OfProtocol> protocols = new ConcurrentHashMap<>();

  NetMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  OfProtocol of(Protocol protocol) {
    return named(protocol.name());
  }

  OfProtocol named(String protocol) {
    return protocols.computeIfAbsent(protocol, name -> new OfProtocol(registry, name));
  }

  /** The counters of one protocol. */
  static final class OfProtocol implements SocketLayer.Traffic {
    private final AtomicInteger open;
    private final Counter accepted;
    private final Counter octetsIn;
    private final Counter octetsOut;
    private final Counter bugs;
    private final Counter handshakesDone;
    private final Counter handshakesFailed;
    private final Map<Refusal, Counter> refused = new EnumMap<>(Refusal.class);
    private final Map<CloseReason, Timer> ended = new EnumMap<>(CloseReason.class);
    private final Map<ProxyGate.Outcome, Counter> proxied = new EnumMap<>(ProxyGate.Outcome.class);

    OfProtocol(MeterRegistry registry, String protocol) {
      this.open = new AtomicInteger();
      registry.gauge("hikyaku.connections.open", Tags.of("protocol", protocol), open);
      accepted = registry.counter("hikyaku.connections.accepted", "protocol", protocol);
      octetsIn = registry.counter("hikyaku.octets", "protocol", protocol, "direction", "in");
      octetsOut = registry.counter("hikyaku.octets", "protocol", protocol, "direction", "out");
      bugs = registry.counter("hikyaku.bugs", "protocol", protocol);
      handshakesDone =
          registry.counter("hikyaku.tls.handshakes", "protocol", protocol, "result", "done");
      handshakesFailed =
          registry.counter("hikyaku.tls.handshakes", "protocol", protocol, "result", "failed");
      for (Refusal reason : Refusal.values()) {
        refused.put(
            reason,
            registry.counter(
                "hikyaku.connections.refused", "protocol", protocol, "reason", label(reason)));
      }
      for (CloseReason reason : CloseReason.values()) {
        ended.put(
            reason,
            registry.timer("hikyaku.sessions", "protocol", protocol, "reason", label(reason)));
      }
      for (ProxyGate.Outcome outcome : ProxyGate.Outcome.values()) {
        proxied.put(
            outcome,
            registry.counter(
                "hikyaku.proxy.headers", "protocol", protocol, "result", label(outcome)));
      }
    }

    private static String label(Enum<?> reason) {
      return reason.name().toLowerCase(Locale.ROOT);
    }

    void opened() {
      accepted.increment();
      open.incrementAndGet();
    }

    void closed(CloseReason reason, Duration duration) {
      open.decrementAndGet();
      Timer timer = ended.get(reason);
      if (timer != null) {
        timer.record(duration);
      }
    }

    void refused(Refusal reason) {
      Counter counter = refused.get(reason);
      if (counter != null) {
        counter.increment();
      }
    }

    void proxied(ProxyGate.Outcome outcome) {
      Counter counter = proxied.get(outcome);
      if (counter != null) {
        counter.increment();
      }
    }

    void bug() {
      bugs.increment();
    }

    double bugs() {
      return bugs.count();
    }

    void handshake(boolean done) {
      (done ? handshakesDone : handshakesFailed).increment();
    }

    @Override
    public void in(int octets) {
      octetsIn.increment(octets);
    }

    @Override
    public void out(int octets) {
      octetsOut.increment(octets);
    }
  }
}
