package hikyaku.protocol.sieve;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What changes while a script runs: variables, flags, and what is left of its means. */
final class Run {
  /** What names of variables begin with that all scripts of a run share (RFC 6609 §3.4.2). */
  static final String GLOBAL = "global.";

  /** Octets that are read, and decoded, in the time of a comparison. */
  static final int OCTETS_OF_A_STEP = 8;

  /** A character that is filled in takes memory too, until the run is over. */
  private static final int STEPS_OF_A_CHARACTER = 4;

  private final SieveLimits limits;
  private final Map<String, String> globals = new HashMap<>();
  private Frame frame;
  private List<String> flags = List.of();
  private @Nullable Part part;
  private long steps;
  private int questions;
  private int line;

  /** What a script has of its own (RFC 6609 §3.4). */
  static final class Frame {
    private final boolean hasVariables;
    private final Map<String, String> variables = new HashMap<>();
    private final Set<String> shared = new HashSet<>();
    private List<String> captures = List.of();

    Frame(boolean hasVariables) {
      this.hasVariables = hasVariables;
    }
  }

  Run(SieveLimits limits) {
    this.limits = limits;
    this.frame = new Frame(false);
    this.steps = limits.steps();
  }

  /**
   * Goes on with what another script has.
   *
   * @return what there was before
   */
  Frame enter(Frame other) {
    Frame before = frame;
    frame = other;
    return before;
  }

  /** What scripts share is shared by those that include one another, and by no others. */
  void forgetShared() {
    globals.clear();
  }

  /** From here on the names mean variables that all scripts share (RFC 6609 §3.4.1). */
  void share(List<String> names) {
    frame.shared.addAll(names);
  }

  SieveLimits limits() {
    return limits;
  }

  int line() {
    return line;
  }

  /** From here on, what fails fails in this line. */
  void at(int newLine) {
    line = newLine;
  }

  RunException problem(String sentence) {
    return new RunException(line, sentence);
  }

  /** Counts a question about what is around the message. */
  void ask() throws RunException {
    if (++questions > limits.questions()) {
      throw problem(
          "a run asks at most "
              + limits.questions()
              + " times about mailboxes, lists and what came before");
    }
  }

  /** A list that the user must have, by the name that a script gives it. */
  ExternalList list(Surroundings surroundings, String name) throws RunException {
    ask();
    return surroundings
        .list(ExternalList.named(name))
        .orElseThrow(() -> problem("there is no list " + name));
  }

  /** Pays for comparisons. */
  void pay(long count) throws RunException {
    steps -= count;
    if (steps < 0) {
      throw problem("the script compares more than it may");
    }
  }

  /** Pays for what was read of the message, and for the fields that were looked through. */
  void payForRead(SieveMessage message) throws RunException {
    pay(message.parts().takeRead() / OCTETS_OF_A_STEP + message.takeLooked());
  }

  /** The part that the inner loop has come to (RFC 5703 §3); nothing outside of loops. */
  Optional<Part> part() {
    return Optional.ofNullable(part);
  }

  void setPart(Optional<Part> newPart) {
    part = newPart.orElse(null);
  }

  String expand(Template template) throws RunException {
    List<Template.Part> parts = template.parts();
    if (parts.size() == 1 && parts.getFirst() instanceof Template.Part.Literal(String text)) {
      return text;
    }
    StringBuilder expanded = new StringBuilder();
    for (Template.Part each : parts) {
      int before = expanded.length();
      switch (each) {
        case Template.Part.Literal(String text) -> expanded.append(text);
        case Template.Part.Variable(String name) -> expanded.append(variable(name));
        case Template.Part.Capture(int number) -> {
          if (number < frame.captures.size()) {
            expanded.append(frame.captures.get(number));
          }
        }
      }
      int more = expanded.length() - before;
      pay((long) STEPS_OF_A_CHARACTER * more);
      if (expanded.length() > limits.textCharacters()) {
        throw problem("a text has at most " + limits.textCharacters() + " characters");
      }
    }
    return LoneOctets.joined(expanded.toString());
  }

  Optional<String> expandIfAny(@Nullable Template template) throws RunException {
    return template == null ? Optional.empty() : Optional.of(expand(template));
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
    return variablesOf(name).getOrDefault(own(name), "");
  }

  private Map<String, String> variablesOf(String name) {
    return name.startsWith(GLOBAL) || frame.shared.contains(name) ? globals : frame.variables;
  }

  private static String own(String name) {
    return name.startsWith(GLOBAL) ? name.substring(GLOBAL.length()) : name;
  }

  /** Cut to what a variable may hold (RFC 5229 §6). */
  void set(String name, String value) throws RunException {
    Map<String, String> variables = variablesOf(name);
    if (!variables.containsKey(own(name)) && variables.size() >= limits.variables()) {
      throw problem("a script has at most " + limits.variables() + " variables");
    }
    variables.put(own(name), cut(value));
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
    if (frame.hasVariables) {
      frame.captures = groups.stream().limit(1 + Template.LAST_CAPTURE).map(this::cut).toList();
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
