package hikyaku.app;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/**
 * How an event becomes a line. The session's id comes first among the keys. Nothing that is logged
 * can begin a line of its own, speak to a terminal, or be shown in another order than it is
 * written: characters that control or format are escaped.
 */
abstract sealed class LogLayout extends LayoutBase<ILoggingEvent> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  static String time(ILoggingEvent event) {
    return TIME.format(event.getInstant());
  }

  static List<KeyValuePair> pairs(ILoggingEvent event) {
    List<KeyValuePair> given = event.getKeyValuePairs();
    if (given == null || given.isEmpty()) {
      return List.of();
    }
    if (given.getFirst().key.equals("session")) {
      return given;
    }
    List<KeyValuePair> pairs = new ArrayList<>(given);
    pairs.sort(Comparator.comparing(pair -> !pair.key.equals("session")));
    return pairs;
  }

  static String loggerName(ILoggingEvent event) {
    String name = event.getLoggerName();
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** Controls, line separators, and what changes direction (Unicode Cc, Zl, Zp, Cf). */
  static boolean isInvisible(int c) {
    if (c >= ' ' && c < 0x7f) {
      return false;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.FORMAT ->
          true;
      default -> false;
    };
  }

  /** {@code TIME LEVEL message key=value …}. */
  static final class Text extends LogLayout {
    /** How wide a level is at least. */
    private static final int LEVEL = 5;

    @Override
    public String doLayout(ILoggingEvent event) {
      StringBuilder line = new StringBuilder(320);
      String level = event.getLevel().toString();
      line.append(time(event)).append(' ').append(level);
      line.repeat(' ', Math.max(0, LEVEL - level.length()) + 1);
      escape(line, event.getFormattedMessage(), false);
      for (KeyValuePair pair : pairs(event)) {
        line.append(' ').append(pair.key).append('=');
        value(line, String.valueOf(pair.value));
      }
      line.append(" logger=").append(loggerName(event)).append('\n');
      if (event.getThrowableProxy() != null) {
        ThrowableProxyUtil.asString(event.getThrowableProxy())
            .lines()
            .forEach(trace -> {
              line.append("    ");
              escape(line, trace.replace('\t', ' '), false);
              line.append('\n');
            });
      }
      return line.toString();
    }

    private static void value(StringBuilder line, String value) {
      if (isPlain(value)) {
        escape(line, value, false);
      } else {
        line.append('"');
        escape(line, value, true);
        line.append('"');
      }
    }

    private static boolean isPlain(String value) {
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        if (c <= ' ' || c == '"' || c == '=') {
          return false;
        }
      }
      return !value.isEmpty();
    }

    private static void escape(StringBuilder line, String text, boolean quoted) {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (isInvisible(c)) {
          line.append(String.format("\\u%04x", (int) c));
        } else if (quoted && (c == '"' || c == '\\')) {
          line.append('\\').append(c);
        } else {
          line.append(c);
        }
      }
    }
  }

  /** An object a line. */
  static final class Json extends LogLayout {
    /** JSON has such characters inside strings only, and asks for escapes of few of them. */
    private static String escaped(String json) {
      StringBuilder line = new StringBuilder(json.length());
      for (int i = 0; i < json.length(); i++) {
        char c = json.charAt(i);
        if (isInvisible(c)) {
          line.append(String.format("\\u%04x", (int) c));
        } else {
          line.append(c);
        }
      }
      return line.toString();
    }

    @Override
    public String doLayout(ILoggingEvent event) {
      var object = hikyaku.server.ops.Json.MAPPER.createObjectNode();
      object.put("time", time(event));
      object.put("level", event.getLevel().toString().toLowerCase(Locale.ROOT));
      object.put("message", event.getFormattedMessage());
      for (KeyValuePair pair : pairs(event)) {
        switch (pair.value) {
          case Long number -> object.put(pair.key, number);
          case Integer number -> object.put(pair.key, number);
          case Boolean bool -> object.put(pair.key, bool);
          case null -> object.putNull(pair.key);
          default -> object.put(pair.key, pair.value.toString());
        }
      }
      object.put("logger", event.getLoggerName());
      if (event.getThrowableProxy() != null) {
        object.put("error", ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
      return escaped(object.toString()) + "\n";
    }
  }
}
