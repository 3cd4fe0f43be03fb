package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Keyword;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What is counted. Every meter is made at once, so that a rate starts from a zero that was seen.
 */
final class ManageSieveMetrics {
  private final Map<Keyword, Timer> accepted = new EnumMap<>(Keyword.class);
  private final Map<Keyword, Timer> refused = new EnumMap<>(Keyword.class);

  /** Input that was no command. */
  final Counter malformed;

  final Counter loginsAccepted;
  final Counter loginsRefused;

  /** Commands that failed for a reason of ours. */
  final Counter failures;

  ManageSieveMetrics(MeterRegistry registry) {
    for (Keyword keyword : Keyword.values()) {
      accepted.put(keyword, timer(registry, keyword, "ok"));
      refused.put(keyword, timer(registry, keyword, "no"));
    }
    malformed =
        Counter.builder("hikyaku.managesieve.malformed")
            .description("Input that was no command")
            .register(registry);
    loginsAccepted = logins(registry, "ok");
    loginsRefused = logins(registry, "no");
    failures =
        Counter.builder("hikyaku.managesieve.failures")
            .description("Commands that failed for a reason of ours")
            .register(registry);
  }

  /** When a command was answered, and whether by OK. */
  Timer command(Keyword keyword, boolean ok) {
    Timer timer = (ok ? accepted : refused).get(keyword);
    if (timer == null) {
      throw new IllegalStateException("no timer for " + keyword);
    }
    return timer;
  }

  private static Timer timer(MeterRegistry registry, Keyword keyword, String result) {
    return Timer.builder("hikyaku.managesieve.commands")
        .description("Commands, from reading to the reply written")
        .tag("command", keyword.name().toLowerCase(Locale.ROOT))
        .tag("result", result)
        .register(registry);
  }

  private static Counter logins(MeterRegistry registry, String result) {
    return Counter.builder("hikyaku.managesieve.logins")
        .description("Logins")
        .tag("result", result)
        .register(registry);
  }
}
