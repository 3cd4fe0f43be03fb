package hikyaku.protocol.sieve;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** What changes while a script runs: variables, flags, and what is left of its means. */
final class Run {
  private final boolean hasVariables;
  private final SieveLimits limits;
  private final Map<String, String> variables = new HashMap<>();
  private List<String> captures = List.of();
  private List<String> flags = List.of();
  private long steps;
  private int line;

  Run(boolean hasVariables, SieveLimits limits) {
    this.hasVariables = hasVariables;
    this.limits = limits;
    this.steps = limits.steps();
  }

  /** From here on, what fails fails in this line. */
  void at(int newLine) {
    line = newLine;
  }

  RunException problem(String sentence) {
    return new RunException(line, sentence);
  }

  /** Pays for comparisons. */
  void pay(long count) throws RunException {
    steps -= count;
    if (steps < 0) {
      throw problem("the script compares more than it may");
    }
  }

  String expand(Template template) throws RunException {
    List<Template.Part> parts = template.parts();
    if (parts.size() == 1 && parts.getFirst() instanceof Template.Part.Literal(String text)) {
      return text;
    }
    StringBuilder expanded = new StringBuilder();
    for (Template.Part part : parts) {
      switch (part) {
        case Template.Part.Literal(String text) -> expanded.append(text);
        case Template.Part.Variable(String name) -> expanded.append(variable(name));
        case Template.Part.Capture(int number) -> {
          if (number < captures.size()) {
            expanded.append(captures.get(number));
          }
        }
      }
    }
    pay(expanded.length());
    return expanded.toString();
  }

  List<String> expand(List<Template> templates) throws RunException {
    List<String> expanded = new ArrayList<>();
    for (Template template : templates) {
      expanded.add(expand(template));
    }
    return expanded;
  }

  /** One that was never set is empty (RFC 5229 §3). */
  String variable(String name) {
    return variables.getOrDefault(name, "");
  }

  /** Cut to what a variable may hold (RFC 5229 §6). */
  void set(String name, String value) throws RunException {
    if (!variables.containsKey(name) && variables.size() >= limits.variables()) {
      throw problem("a script has at most " + limits.variables() + " variables");
    }
    variables.put(name, cut(value));
  }

  String cut(String value) {
    int most = limits.variableCharacters();
    if (value.length() <= most) {
      return value;
    }
    return value.substring(0, Character.isHighSurrogate(value.charAt(most - 1)) ? most - 1 : most);
  }

  /** RFC 5229 §3.2: a match that succeeds replaces what the last one left. */
  void captured(List<String> groups) {
    if (hasVariables) {
      captures = groups.stream().limit(10).map(this::cut).toList();
    }
  }

  List<String> flags() {
    return flags;
  }

  void setFlags(List<String> newFlags) {
    flags = newFlags;
  }

  /**
   * Divides lists of flags at their spaces, each flag once; case does not count (RFC 5232 §2). What
   * can be no flag is passed over.
   */
  List<String> flags(List<String> lists) {
    SequencedMap<String, String> found = new LinkedHashMap<>();
    for (String list : lists) {
      for (String flag : list.split(" +")) {
        if (isFlag(flag) && found.size() < limits.flags()) {
          found.putIfAbsent(Collation.asciiLower(flag), flag);
        }
      }
    }
    return List.copyOf(found.values());
  }

  /** A system flag that clients may set, or an atom (RFC 3501 §9). */
  private static boolean isFlag(String flag) {
    if (flag.startsWith("\\")) {
      return switch (Collation.asciiLower(flag)) {
        case "\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft" -> true;
        default -> false;
      };
    }
    return !flag.isEmpty()
        && flag.length() <= 100
        && flag.chars().allMatch(c -> c > ' ' && c < 127 && "(){%*\"\\]".indexOf(c) < 0);
  }
}
