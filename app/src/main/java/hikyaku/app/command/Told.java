package hikyaku.app.command;

import hikyaku.server.ops.Json;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lines of the journals of several processes, put in order: by their times, as far as the clocks of
 * the machines are known to agree, and never against the order in which one process wrote them.
 */
record Told(List<Line> lines, Everyone everyone) {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** A difference of clocks below this, in microseconds, is of no interest. */
  private static final long NO_DIFFERENCE = 2000;

  /** Columns of a line that is not to be broken by the terminal. */
  private static final int WIDTH = 80;

  private static final int LONGEST_NAME = 12;

  /** Keys that are of use to the search alone. */
  private static final Set<String> HIDDEN = Set.of("mail");

  /**
   * One event.
   *
   * @param at corrected, microseconds since 1970
   */
  record Line(long at, String who, JsonNode event) {
    JsonNode keys() {
      return event.get("k");
    }

    String key(String name) {
      return Asking.text(keys(), name);
    }
  }

  static Told of(Everyone everyone) {
    List<Line> all = new ArrayList<>();
    for (Everyone.Said said : everyone.said()) {
      long last = Long.MIN_VALUE;
      for (JsonNode event : said.value().get("lines")) {
        long at = Math.max(last, Asking.number(event, "t") - ahead(said));
        all.add(new Line(at, said.name(), event));
        last = at;
      }
    }
    // Stable, so what one process said at one time stays in order; fronts come before nodes.
    all.sort(Comparator.comparingLong(Line::at));
    return new Told(all, everyone);
  }

  /** How far a clock is surely ahead. */
  private static long ahead(Everyone.Said said) {
    return Math.abs(said.clock()) > said.within() + NO_DIFFERENCE ? said.clock() : 0;
  }

  /**
   * What to know of the lines: clocks that differ, searches that were cut short, who is missing.
   */
  void tellLimits(Screen notes) {
    for (Everyone.Said said : everyone.said()) {
      long ahead = ahead(said);
      if (ahead != 0) {
        notes.line(
            "hikyaku: the clock of %s is %.3f s %s; its times are corrected"
                .formatted(said.name(), Math.abs(ahead) / 1e6, ahead > 0 ? "ahead" : "behind"));
      }
      if (!Asking.flag(said.value(), "all")) {
        notes.line("hikyaku: not all of the journal of " + said.name() + " was searched or shown");
      }
    }
    everyone.tellMissing(notes);
  }

  /** Since when there is something in any journal; the present if there is nothing. */
  Instant since() {
    return everyone.said().stream()
        .map(said -> Asking.number(said.value(), "since"))
        .filter(since -> since > 0)
        .min(Comparator.naturalOrder())
        .map(Told::instant)
        .orElseGet(Instant::now);
  }

  void print(Screen screen, Set<String> known) {
    int name =
        Math.min(
            LONGEST_NAME,
            lines.stream().mapToInt(line -> line.who.length()).max().orElse(LONGEST_NAME));
    String day = "";
    for (Line line : lines) {
      String its = DAY.format(instant(line.at));
      if (!its.equals(day)) {
        screen.line((day.isEmpty() ? "" : "\n") + its + ", UTC");
        day = its;
      }
      print(screen, line, name, known);
    }
  }

  /** Time, name and message; what does not fit into a line goes on below the message. */
  private static void print(Screen screen, Line line, int nameWidth, Set<String> known) {
    String head = TIME.format(instant(line.at)) + "  " + padded(line.who, nameWidth) + "  ";
    StringBuilder text = new StringBuilder(head);
    List<String> words = new ArrayList<>();
    String level = Asking.text(line.event, "l");
    if (level.equals("warn") || level.equals("error")) {
      words.add(level + ":");
    }
    words.add(Asking.text(line.event, "m"));
    line.keys()
        .properties()
        .forEach(pair -> {
          String value = value(pair.getValue());
          if (!HIDDEN.contains(pair.getKey())
              && !value.isEmpty()
              && !known.contains(pair.getKey() + "=" + value)) {
            words.add(pair.getKey() + "=" + value);
          }
        });
    if (line.event.has("e")) {
      words.add("(" + Asking.text(line.event, "e") + ")");
    }
    int column = head.length();
    boolean first = true;
    for (String word : words) {
      String printable = Screen.printable(word);
      if (!first && column + 1 + printable.length() > WIDTH) {
        screen.line(text.toString());
        text = new StringBuilder(" ".repeat(head.length() + 2));
        column = head.length() + 2;
      } else if (!first) {
        text.append(' ');
        column++;
      }
      text.append(printable);
      column += printable.length();
      first = false;
    }
    screen.line(text.toString());
  }

  private static String padded(String name, int width) {
    String shown = Screen.printable(name);
    return shown.length() > width
        ? shown.substring(0, width - 1) + "…"
        : shown + " ".repeat(width - shown.length());
  }

  private static String value(JsonNode value) {
    if (value.isArray()) {
      List<String> each = new ArrayList<>();
      value.forEach(one -> each.add(one.asString()));
      return String.join(", ", each);
    }
    return value.isNull() ? "" : value.asString();
  }

  ArrayNode json() {
    ArrayNode all = Json.MAPPER.createArrayNode();
    for (Line line : lines) {
      ObjectNode one = all.addObject();
      one.put("time", instant(line.at).toString());
      one.put("process", line.who);
      one.put("level", Asking.text(line.event, "l"));
      one.put("message", Asking.text(line.event, "m"));
      one.set("keys", line.keys());
      if (line.event.has("e")) {
        one.put("error", Asking.text(line.event, "e"));
      }
    }
    return all;
  }

  static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
