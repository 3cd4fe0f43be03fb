package hikyaku.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import hikyaku.server.link.Probes;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Journal;
import hikyaku.server.ops.Json;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes events to a journal: what this program says of a session, at whichever level, and what
 * else it says from INFO up. What is said in a session, which an operator may have written to the
 * log, is left out, and so are sessions by which fronts look after their nodes.
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
        && (event.getLevel().isGreaterOrEqual(Level.INFO) || isOfSession(event))) {
      journal.append(line(event).getBytes(StandardCharsets.UTF_8));
    }
  }

  private static boolean isOfSession(ILoggingEvent event) {
    return !session(event).isEmpty();
  }

  /** Fronts look at nodes every few seconds: as long as it goes well there is nothing to tell. */
  private static boolean isProbe(ILoggingEvent event) {
    return !event.getLevel().isGreaterOrEqual(Level.WARN)
        && session(event).startsWith(Probes.SESSION);
  }

  private static String session(ILoggingEvent event) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        if (pair.key.equals("session")) {
          return String.valueOf(pair.value);
        }
      }
    }
    return "";
  }

  /** One line: JSON has line feeds as escapes only. */
  static String line(ILoggingEvent event) {
    ObjectNode line = Json.MAPPER.createObjectNode();
    Instant at = event.getInstant();
    line.put("t", at.getEpochSecond() * 1_000_000 + at.getNano() / 1000);
    line.put("l", event.getLevel().toString().toLowerCase(Locale.ROOT));
    line.put("m", event.getFormattedMessage());
    ObjectNode keys = line.putObject("k");
    for (KeyValuePair pair : LogLayout.pairs(event)) {
      put(keys, pair.key, pair.value);
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      line.put("e", thrown.getClassName() + ": " + thrown.getMessage());
    }
    return line + "\n";
  }

  private static void put(ObjectNode keys, String key, Object value) {
    switch (value) {
      case Long number -> keys.put(key, number);
      case Integer number -> keys.put(key, number);
      case Double number -> keys.put(key, number);
      case Boolean bool -> keys.put(key, bool);
      case null -> {}
      case InetSocketAddress address -> keys.put(key, Figures.address(address));
      case List<?> list -> {
        ArrayNode array = keys.putArray(key);
        list.forEach(each -> array.add(String.valueOf(each)));
      }
      default -> keys.put(key, value.toString());
    }
  }
}
