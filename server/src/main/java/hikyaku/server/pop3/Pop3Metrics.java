package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Keyword;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What is counted. Every meter is made at once, so that a rate starts from a zero that was seen.
 */
final class Pop3Metrics {
  private final Map<Keyword, Timer> accepted = new EnumMap<>(Keyword.class);
  private final Map<Keyword, Timer> refused = new EnumMap<>(Keyword.class);

  /** Lines that were no command. */
  final Counter malformed;

  final Counter loginsAccepted;
  final Counter loginsRefused;

  /** Messages sent whole by RETR, and their octets. */
  final Counter retrieved;

  final Counter retrievedOctets;

  /** Messages removed at QUIT. */
  final Counter deleted;

  /** Commands that failed for a reason of ours. */
  final Counter failures;

  Pop3Metrics(MeterRegistry registry) {
    for (Keyword keyword : Keyword.values()) {
      accepted.put(keyword, timer(registry, keyword, "ok"));
      refused.put(keyword, timer(registry, keyword, "err"));
    }
    malformed = counter(registry, "hikyaku.pop3.malformed", "Lines that were no command");
    loginsAccepted = logins(registry, "ok");
    loginsRefused = logins(registry, "err");
    retrieved = counter(registry, "hikyaku.pop3.retrieved", "Messages sent by RETR");
    retrievedOctets =
        counter(registry, "hikyaku.pop3.retrieved.octets", "Octets of messages sent by RETR");
    deleted = counter(registry, "hikyaku.pop3.deleted", "Messages removed at QUIT");
    failures =
        counter(registry, "hikyaku.pop3.failures", "Commands that failed for a reason of ours");
  }

  /** When a command was answered, and whether by +OK. */
  Timer command(Keyword keyword, boolean ok) {
    Timer timer = (ok ? accepted : refused).get(keyword);
    if (timer == null) {
      throw new IllegalStateException("no timer for " + keyword);
    }
    return timer;
  }

  private static Timer timer(MeterRegistry registry, Keyword keyword, String result) {
    return Timer.builder("hikyaku.pop3.commands")
        .description("Commands, from the line read to the reply written")
        .tag("command", keyword.name().toLowerCase(Locale.ROOT))
        .tag("result", result)
        .register(registry);
  }

  private static Counter logins(MeterRegistry registry, String result) {
    return Counter.builder("hikyaku.pop3.logins")
        .description("Logins, by any command")
        .tag("result", result)
        .register(registry);
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
