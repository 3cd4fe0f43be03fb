package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Figures of one face. */
final class SmtpMetrics {
  private final MeterRegistry meters;
  private final String protocol;
  private final Counter accepted;
  private final Counter copies;
  private final DistributionSummary sizes;
  private final Timer delivery;

  SmtpMetrics(MeterRegistry meters, SmtpFace face) {
    this.meters = meters;
    this.protocol = face.protocolName();
    this.accepted =
        Counter.builder("hikyaku.smtp.messages")
            .description("Messages accepted")
            .tag("protocol", protocol)
            .register(meters);
    this.copies =
        Counter.builder("hikyaku.smtp.copies")
            .description("Copies of accepted messages put into mailboxes")
            .tag("protocol", protocol)
            .register(meters);
    this.sizes =
        DistributionSummary.builder("hikyaku.smtp.message.size")
            .description("Octets of accepted messages")
            .baseUnit("bytes")
            .tag("protocol", protocol)
            .register(meters);
    this.delivery =
        Timer.builder("hikyaku.smtp.delivery")
            .description("From the end of a message to its being durable in all mailboxes")
            .tag("protocol", protocol)
            .register(meters);
  }

  void accepted(long octets, int copyCount, Duration took) {
    accepted.increment();
    copies.increment(copyCount);
    sizes.record(octets);
    delivery.record(took);
  }

  /**
   * A negative reply.
   *
   * @param command the command's word, from the closed set of them
   */
  void refused(String command, Reply reply) {
    String enhanced = reply.enhanced() == null ? "" : " " + reply.enhanced();
    meters
        .counter(
            "hikyaku.smtp.refusals",
            "protocol",
            protocol,
            "command",
            command,
            "reply",
            reply.code() + enhanced)
        .increment();
  }

  /** A success report that was promised and could not be delivered. */
  void reportLost() {
    meters.counter("hikyaku.smtp.reports.lost", "protocol", protocol).increment();
  }
}
