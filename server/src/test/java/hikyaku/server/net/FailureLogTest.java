package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class FailureLogTest {
  private final AtomicLong now = new AtomicLong();
  private final FailureLog failures = new FailureLog(now::get);

  @Test
  void aCauseGetsOneLineInAWhile() {
    Logger logger = (Logger) LoggerFactory.getLogger(FailureLogTest.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.WARN);
    logger.addAppender(lines);
    try {
      for (int i = 0; i < 100; i++) {
        failures.write(logger.atWarn(), "refused", new IllegalStateException("the disk is full"));
      }
      failures.write(logger.atWarn(), "refused", new IllegalStateException("a record is broken"));
      now.addAndGet(FailureLog.EVERY.toNanos());
      failures.write(logger.atWarn(), "refused", new IllegalStateException("the disk is full"));
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(lines.list)
        .extracting(event -> String.valueOf(event.getKeyValuePairs()))
        .containsExactly(
            "[cause=\"the disk is full\"]",
            "[cause=\"a record is broken\"]",
            "[cause=\"the disk is full\", heldBack=\"99\"]");
  }
}
