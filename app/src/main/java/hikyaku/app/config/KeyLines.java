package hikyaku.app.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * On which line of a TOML text a key is set; the TOML reader keeps tables, not places. Finds keys
 * in their usual forms: {@code [table.name]}, {@code key = …}, {@code dotted.key = …}; a key inside
 * an inline table is found at the line of that table.
 */
final class KeyLines {
  private static final Pattern TABLE = Pattern.compile("\\s*\\[\\[?([^\\[\\]#]+)]]?\\s*(#.*)?");
  private static final Pattern ASSIGNMENT = Pattern.compile("\\s*([A-Za-z0-9_.\"' -]+?)\\s*=.*");

  private final Map<String, Integer> lines = new HashMap<>();

  KeyLines(String toml) {
    List<String> table = List.of();
    int number = 0;
    for (String line : toml.split("\n", -1)) {
      number++;
      Matcher header = TABLE.matcher(line);
      Matcher assignment = ASSIGNMENT.matcher(line);
      if (header.matches()) {
        table = parts(header.group(1));
        note(table, number);
      } else if (assignment.matches()) {
        List<String> path = new ArrayList<>(table);
        path.addAll(parts(assignment.group(1)));
        note(path, number);
      }
    }
  }

  /** The line, counted from 1; the nearest one that encloses it if the key itself is not found. */
  int line(List<String> path) {
    for (int length = path.size(); length > 0; length--) {
      Integer line = lines.get(String.join(".", path.subList(0, length)));
      if (line != null) {
        return line;
      }
    }
    return 1;
  }

  private void note(List<String> path, int line) {
    for (int length = 1; length <= path.size(); length++) {
      lines.putIfAbsent(String.join(".", path.subList(0, length)), line);
    }
  }

  private static List<String> parts(String dotted) {
    List<String> parts = new ArrayList<>();
    for (String part : dotted.split("\\.", -1)) {
      parts.add(part.strip().replaceAll("^[\"']|[\"']$", ""));
    }
    return parts;
  }
}
