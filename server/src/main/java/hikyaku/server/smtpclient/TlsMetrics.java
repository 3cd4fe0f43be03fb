package hikyaku.server.smtpclient;

import io.micrometer.core.instrument.MeterRegistry;

/** Counts how TLS with other servers goes. */
public final class TlsMetrics implements TlsObserver {
  private final MeterRegistry meters;

  public TlsMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  @Override
  public void told(Outcome outcome) {
    meters
        .counter(
            "hikyaku.queue.tls",
            "policy",
            outcome.policy().kind().word(),
            "result",
            outcome.fault() == null ? "success" : outcome.fault().word())
        .increment();
  }
}
