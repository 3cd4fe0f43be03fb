package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Instant;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

final class LogLayoutTest {
  private static LoggingEvent event(Throwable thrown) {
    var logger = new LoggerContext().getLogger("hikyaku.server.Some");
    LoggingEvent event =
        new LoggingEvent("fqcn", logger, Level.WARN, "What\nhappened", thrown, null);
    event.setInstant(Instant.parse("2026-01-02T03:04:05.006Z"));
    event.addKeyValuePair(new KeyValuePair("count", 3));
    event.addKeyValuePair(new KeyValuePair("folder", "a \"b\"\r\nforged"));
    event.addKeyValuePair(new KeyValuePair("session", "1m81"));
    return event;
  }

  /** What a client named cannot begin a line of its own, nor end a value. */
  @Test
  void textIsOneLineWithTheSessionFirst() {
    assertThat(new LogLayout.Text().doLayout(event(null)))
        .isEqualTo(
            "2026-01-02T03:04:05.006Z WARN  What\\u000ahappened session=1m81 count=3"
                + " folder=\"a \\\"b\\\"\\u000d\\u000aforged\" logger=Some\n");
  }

  @Test
  void traceOfAFailureIsSetIn() {
    String lines = new LogLayout.Text().doLayout(event(new IllegalStateException("a\nb")));
    assertThat(lines.lines().skip(1)).isNotEmpty().allMatch(line -> line.startsWith("    "));
  }

  @Test
  void jsonIsAnObjectALine() {
    assertThat(new LogLayout.Json().doLayout(event(null)))
        .isEqualTo(
            "{\"time\":\"2026-01-02T03:04:05.006Z\",\"level\":\"warn\",\"message\":\"What\\nhappened\","
                + "\"session\":\"1m81\",\"count\":3,\"folder\":\"a \\\"b\\\"\\r\\nforged\","
                + "\"logger\":\"hikyaku.server.Some\"}\n");
  }

  /** An address under SMTPUTF8 may hold what turns the rest of a line around. */
  @Test
  void whatCannotBeSeenIsEscaped() {
    LoggingEvent event = event(null);
    event.addKeyValuePair(new KeyValuePair("sender", "a\u202eb\u009b31m\u001b\u2028\u00e9@x"));
    String expected = "a\\u202eb\\u009b31m\\u001b\\u2028\u00e9@x";
    assertThat(new LogLayout.Text().doLayout(event)).contains(" sender=\"" + expected + "\" ");
    String json = new LogLayout.Json().doLayout(event);
    assertThat(json.toLowerCase(Locale.ROOT)).contains("\"sender\":\"" + expected + "\"");
  }
}
