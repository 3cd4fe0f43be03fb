package hikyaku.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import hikyaku.server.link.Probes;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Journal;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * Writes events to a journal: what this program says of a session or of a message, at whichever
 * level, and what else it says from INFO up. What is said in a session, which an operator may have
 * written to the log, is left out, and so are sessions by which fronts look after their nodes.
 *
 * <p>A line is an object: {@code t} is the time in microseconds since 1970, {@code l} the level,
 * {@code m} the message, {@code k} the keys and values, {@code e} what was thrown.
 */
final class JournalAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private static final String DIALOGUES = "hikyaku.trace";

  private final Journal journal;

  JournalAppender(Journal journal) {
    this.journal = journal;
  }

  @Override
  protected void append(ILoggingEvent event) {
    String logger = event.getLoggerName();
    boolean ours = logger.startsWith(Logging.OURS + ".") && !logger.equals(DIALOGUES);
    if (ours
        && !isProbe(event)
        && (event.getLevel().isGreaterOrEqual(Level.INFO)
            || isOfSession(event)
            || value(event, "mail") != null)) {
      journal.append(line(event).getBytes(StandardCharsets.UTF_8));
    }
  }

  private static boolean isOfSession(ILoggingEvent event) {
    return !session(event).isEmpty();
  }

  /** Fronts look at nodes every few seconds: as long as it goes well there is nothing to tell. */
  private static boolean isProbe(ILoggingEvent event) {
    return !event.getLevel().isGreaterOrEqual(Level.WARN) && isOfProbe(event);
  }

  static boolean isOfProbe(ILoggingEvent event) {
    return session(event).startsWith(Probes.SESSION);
  }

  private static String session(ILoggingEvent event) {
    Object session = value(event, "session");
    return session == null ? "" : session.toString();
  }

  private static @Nullable Object value(ILoggingEvent event, String key) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        if (pair.key.equals(key)) {
          return pair.value;
        }
      }
    }
    return null;
  }

  /** One line: JSON has line feeds as escapes only. */
  static String line(ILoggingEvent event) {
    JsonText line = new JsonText();
    Instant at = event.getInstant();
    line.begin('{').key("t").value(at.getEpochSecond() * 1_000_000 + at.getNano() / 1000);
    line.key("l").value(event.getLevel().toString().toLowerCase(Locale.ROOT));
    line.key("m").value(event.getFormattedMessage());
    line.key("k").begin('{');
    for (KeyValuePair pair : LogLayout.pairs(event)) {
      if (pair.value != null) {
        put(line.key(pair.key), pair.value);
      }
    }
    line.end('}');
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      line.key("e").value(thrown.getClassName() + ": " + thrown.getMessage());
    }
    return line.end('}').toString() + '\n';
  }

  private static void put(JsonText line, Object value) {
    switch (value) {
      case Long number -> line.value(number);
      case Integer number -> line.value(number);
      case Double number -> line.value(number);
      case Boolean bool -> line.value(bool);
      case InetSocketAddress address -> line.value(Figures.address(address));
      case List<?> list -> {
        line.begin('[');
        list.forEach(each -> line.value(String.valueOf(each)));
        line.end(']');
      }
      default -> line.value(value.toString());
    }
  }
}
