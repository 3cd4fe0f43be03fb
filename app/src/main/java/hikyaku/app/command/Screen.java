package hikyaku.app.command;

import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Prints answers for people: tables whose columns line up, and lists of named values. */
final class Screen {
  private final PrintWriter out;

  Screen(PrintWriter out) {
    this.out = out;
  }

  void line(String text) {
    out.println(text);
  }

  void flush() {
    out.flush();
  }

  /** Begins anew: at the top of a terminal, else after an empty line. */
  void clear() {
    Console console = System.console();
    if (console != null && console.isTerminal()) {
      out.print("\033[H\033[2J");
    } else {
      out.println();
    }
  }

  /** What is printed when there is nothing to list. */
  void table(List<String> header, List<List<String>> rows, String none) {
    if (rows.isEmpty()) {
      out.println(none);
      return;
    }
    List<List<String>> lines = new ArrayList<>();
    lines.add(header);
    lines.addAll(rows);
    int[] widths = new int[header.size()];
    boolean[] numeric = new boolean[header.size()];
    for (int column = 0; column < widths.length; column++) {
      int at = column;
      widths[column] = lines.stream().mapToInt(line -> width(line.get(at))).max().orElse(0);
      numeric[column] =
          rows.stream()
              .allMatch(row -> row.get(at).matches("[0-9 .,]+|–|unlimited|[0-9.]+ [KMGTP]?i?B"));
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        String cell = printable(line.get(column));
        String padding = " ".repeat(widths[column] - width(cell));
        text.append(column == 0 ? "" : "  ");
        text.append(numeric[column] ? padding + cell : cell + padding);
      }
      out.println(text.toString().stripTrailing());
    }
  }

  /** Names and values below each other. */
  void values(List<String> names, List<String> values) {
    int width = names.stream().mapToInt(Screen::width).max().orElse(0);
    for (int i = 0; i < names.size(); i++) {
      out.println(
          names.get(i) + " ".repeat(width - width(names.get(i)) + 2) + printable(values.get(i)));
    }
  }

  void json(JsonNode node) {
    out.println(node.toPrettyString());
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.FORMAT ->
          true;
      default -> false;
    };
  }

  /** What comes from outside must not command the terminal, nor turn its lines around. */
  static String printable(String text) {
    return text.codePoints()
        .map(c -> isInvisible(c) ? '\ufffd' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
