package hikyaku.server.imap;

import hikyaku.protocol.imap.Condition;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What is counted. Every meter is made at once, so that a rate starts from a zero that was seen.
 */
final class ImapMetrics {
  private final Map<String, Map<Condition, Timer>> commands = new HashMap<>();

  /** Lines that were no command. */
  final Counter malformed;

  final Counter loginsAccepted;
  final Counter loginsRefused;

  /** Messages taken by APPEND. */
  final Counter appended;

  /** Commands that named more messages than one may. */
  final Counter beyondLimit;

  /** Commands that failed for a reason of ours. */
  final Counter failures;

  ImapMetrics(MeterRegistry registry) {
    for (String name : CommandTable.names()) {
      Map<Condition, Timer> timers = new EnumMap<>(Condition.class);
      for (Condition result : new Condition[] {Condition.OK, Condition.NO, Condition.BAD}) {
        timers.put(result, timer(registry, name, result));
      }
      commands.put(name, timers);
    }
    malformed = counter(registry, "hikyaku.imap.malformed", "Lines that were no command");
    loginsAccepted = logins(registry, "ok");
    loginsRefused = logins(registry, "no");
    appended = counter(registry, "hikyaku.imap.appended", "Messages taken by APPEND");
    beyondLimit =
        counter(
            registry,
            "hikyaku.imap.beyond.limit",
            "Commands that named more messages than the limit that is advertised");
    failures =
        counter(registry, "hikyaku.imap.failures", "Commands that failed for a reason of ours");
  }

  /** When a command was answered, and how. */
  Timer command(String name, Condition result) {
    Map<Condition, Timer> timers = commands.get(name);
    Timer timer = timers == null ? null : timers.get(result);
    if (timer == null) {
      throw new IllegalStateException("no timer for " + name + " " + result);
    }
    return timer;
  }

  private static Timer timer(MeterRegistry registry, String name, Condition result) {
    return Timer.builder("hikyaku.imap.commands")
        .description("Commands, from the command read to its completion written")
        .tag("command", name.toLowerCase(Locale.ROOT))
        .tag("result", result.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }

  private static Counter logins(MeterRegistry registry, String result) {
    return Counter.builder("hikyaku.imap.logins")
        .description("Logins, by any command")
        .tag("result", result)
        .register(registry);
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
