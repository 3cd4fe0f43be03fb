package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import hikyaku.server.ops.Journal;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

final class JournalAppenderTest {
  @TempDir Path directory;

  private static LoggingEvent event(String message, KeyValuePair... pairs) {
    LoggingEvent event =
        new LoggingEvent(
            "fqcn",
            new LoggerContext().getLogger("hikyaku.server.Some"),
            Level.INFO,
            message,
            null,
            null);
    event.setInstant(Instant.parse("2026-01-02T03:04:05.006007Z"));
    for (KeyValuePair pair : pairs) {
      event.addKeyValuePair(pair);
    }
    return event;
  }

  /** What a client named cannot begin a line of its own, nor another key. */
  @Test
  void anEventIsOneLineOfJson() {
    assertThat(
            JournalAppender.line(
                event(
                    "What\nhappened",
                    new KeyValuePair("user", "a\",\"session\":\"x\r\n{}"),
                    new KeyValuePair("to", List.of("a@b", "c\n@d")),
                    new KeyValuePair("remote", new InetSocketAddress("192.0.2.7", 25)),
                    new KeyValuePair("nothing", null),
                    new KeyValuePair("session", "1m8"))))
        .isEqualTo(
            "{\"t\":1767323045006007,\"l\":\"info\",\"m\":\"What\\nhappened\",\"k\":{"
                + "\"session\":\"1m8\",\"user\":\"a\\\",\\\"session\\\":\\\"x\\r\\n{}\","
                + "\"to\":[\"a@b\",\"c\\n@d\"],\"remote\":\"192.0.2.7:25\"}}\n");
  }

  private List<String> journal() throws Exception {
    List<String> lines = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        lines.addAll(Files.readAllLines(file));
      }
    }
    return lines;
  }

  @Test
  void whatIsSaidOfSessionsIsKeptWhateverTheLevel() throws Exception {
    Logger ours = LoggerFactory.getLogger("hikyaku.server.Some");
    try (Journal journal = Journal.open(directory, 1 << 20, Duration.ofDays(1));
        AutoCloseable kept = Logging.keep(journal)) {
      assertThat(kept).isNotNull();
      assertThat(ours.isDebugEnabled()).isTrue();
      ours.atDebug().addKeyValue("session", "1m8").log("of a session");
      ours.atDebug().log("of no session 1m8");
      ours.atDebug().addKeyValue("mail", true).addKeyValue("id", "1m8").log("of a message");
      ours.atInfo().addKeyValue("session", "probe-1m8").log("a probe that went well");
      ours.atWarn().addKeyValue("session", "probe-1m8").log("a probe that did not");
      LoggerFactory.getLogger("hikyaku.trace")
          .atInfo()
          .addKeyValue("session", "1m8")
          .log("S: * 1 FETCH (ENVELOPE …)");
      LoggerFactory.getLogger("org.other").atWarn().addKeyValue("session", "1m8").log("other");
    }
    assertThat(ours.isDebugEnabled()).isFalse();
    // What other tests have left running in this process may be told of as well.
    assertThat(journal().stream().filter(line -> line.contains("1m8\"")).toList())
        .hasSize(3)
        .satisfiesExactly(
            line -> assertThat(line).contains("of a session"),
            line -> assertThat(line).contains("of a message"),
            line -> assertThat(line).contains("a probe that did not"));
  }
}
