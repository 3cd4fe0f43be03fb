package hikyaku.server.queue;

import hikyaku.server.smtpclient.Verdict;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.function.Supplier;

/** Figures of the queue on this node. */
final class QueueMetrics {
  private final MeterRegistry meters;

  QueueMetrics(MeterRegistry meters, Supplier<Number> messages, Supplier<Number> deliveries) {
    this.meters = meters;
    Gauge.builder("hikyaku.queue.messages", messages)
        .description("Messages that wait in the parts of the queue that this node works")
        .register(meters);
    Gauge.builder("hikyaku.queue.deliveries", deliveries)
        .description("Deliveries to other servers under way")
        .register(meters);
  }

  /** What an attempt came to for one recipient. */
  void attempted(Verdict.Kind kind) {
    meters
        .counter("hikyaku.queue.attempts", "outcome", kind.name().toLowerCase(Locale.ROOT))
        .increment();
  }

  /** Something that a message needs was found damaged in the store, once more. */
  void damaged() {
    meters.counter("hikyaku.queue.damaged").increment();
  }

  void reported(ReportKind kind) {
    meters
        .counter("hikyaku.queue.reports", "kind", kind.name().toLowerCase(Locale.ROOT))
        .increment();
  }
}
