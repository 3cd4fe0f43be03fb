package hikyaku.server.search;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;

/**
 * What is counted. Every meter is made at once, so that a rate starts from a zero that was seen.
 */
final class SearchMetrics {
  /** Messages entered. */
  final Counter entered;

  /** Messages passed over: of too many grams, unreadable, or there was no room. */
  final Counter passedOver;

  /** Lookups of searches that were answered. */
  final Counter answered;

  /** Lookups that were not, so that the search read all messages. */
  final Counter unanswered;

  /** How often it was found damaged or lost its place, and was begun anew. */
  final Counter begun;

  SearchMetrics(MeterRegistry registry, Supplier<SearchStatus> status) {
    entered = counter(registry, "hikyaku.search.entered", "Messages entered into the index");
    passedOver =
        counter(registry, "hikyaku.search.passed.over", "Messages that the index does not take");
    answered = lookups(registry, "ok");
    unanswered = lookups(registry, "none");
    begun = counter(registry, "hikyaku.search.begun", "How often the index was begun anew");
    Gauge.builder("hikyaku.search.messages", () -> status.get().messages())
        .description("Messages in the index")
        .register(registry);
    Gauge.builder("hikyaku.search.octets", () -> status.get().octets())
        .description("Octets of the index's files")
        .baseUnit("bytes")
        .register(registry);
  }

  private static Counter lookups(MeterRegistry registry, String result) {
    return Counter.builder("hikyaku.search.lookups")
        .description("Questions of searches to the index")
        .tag("result", result)
        .register(registry);
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
