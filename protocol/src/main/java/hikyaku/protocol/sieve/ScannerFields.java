package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.HeaderField;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where scanners before this server write down what they think of a message, for the tests of RFC
 * 5235. A sender can write such a field as well: who names one here has seen to it that none comes
 * in from outside.
 *
 * @param spam the field with the score of spam; empty if there is none
 * @param surely the score from which on a message is spam beyond doubt; 0 and less is none
 * @param virus the field with what was found; empty if there is none
 */
public record ScannerFields(String spam, int surely, String virus) {
  public static final ScannerFields NONE = new ScannerFields("", 10, "");

  /** A number of at most nine digits on either side, so that all of them can be read. */
  private static final Pattern NUMBER = Pattern.compile("[-+]?[0-9]{1,9}(?:\\.[0-9]{1,9})?");

  private static final Pattern SCORE = Pattern.compile("(?i)score[ \t]*[=:]");
  private static final Pattern WORD = Pattern.compile("[A-Za-z]+");
  private static final Set<String> CLEAN = Set.of("clean", "no", "none", "ok", "pass", "passed");
  private static final Set<String> REPLACED = Set.of("removed", "replaced");
  private static final Set<String> CURED = Set.of("cleaned", "cured", "disinfected", "repaired");
  private static final Set<String> SUSPECTED = Set.of("suspected", "suspicious");
  private static final Set<String> INFECTED = Set.of("found", "infected", "virus", "yes");

  public ScannerFields {
    if (surely < 1) {
      throw new IllegalArgumentException("a score that is spam beyond doubt is 1 at least");
    }
    for (String field : List.of(spam, virus)) {
      if (!field.isEmpty() && !SieveMessage.isFieldName(field)) {
        throw new IllegalArgumentException("not the name of a header field: " + field);
      }
    }
  }

  /**
   * The score of the topmost of some fields: the number behind {@code score=}, or else the first,
   * or else the number of stars.
   */
  Optional<Double> score(List<HeaderField> fields) {
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    String value = fields.getFirst().decoded().strip();
    Matcher named = SCORE.matcher(value);
    Matcher number = NUMBER.matcher(value);
    if (number.find(named.find() ? named.end() : 0)) {
      return Optional.of(Double.valueOf(number.group()));
    }
    return !value.isEmpty() && value.chars().allMatch(c -> c == '*')
        ? Optional.of((double) value.length())
        : Optional.empty();
  }

  /** From 0 to 100 (RFC 5235 §3.2.2). */
  int percent(double score) {
    return (int) Math.floor(100 * Math.clamp(score / surely, 0, 1));
  }

  /** From 1 to 10 (RFC 5235 §3.2.1). */
  int level(double score) {
    return 1 + (int) Math.floor(9 * Math.clamp(score / surely, 0, 1));
  }

  /**
   * From 1 to 5 by the first word of the topmost of some fields (RFC 5235 §3.3); nothing if it is
   * none of those that say something.
   */
  static Optional<Integer> virusLevel(List<HeaderField> fields) {
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    Matcher word = WORD.matcher(fields.getFirst().decoded());
    if (!word.find()) {
      return Optional.empty();
    }
    String said = Collation.asciiLower(word.group());
    if (CLEAN.contains(said)) {
      return Optional.of(1);
    }
    if (REPLACED.contains(said)) {
      return Optional.of(2);
    }
    if (CURED.contains(said)) {
      return Optional.of(3);
    }
    if (SUSPECTED.contains(said)) {
      return Optional.of(4);
    }
    return INFECTED.contains(said) ? Optional.of(5) : Optional.empty();
  }
}
