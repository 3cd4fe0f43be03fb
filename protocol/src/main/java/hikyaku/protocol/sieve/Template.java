package hikyaku.protocol.sieve;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A string of a script, with variables in it (RFC 5229 §3) if the script has them. */
record Template(List<Part> parts) {
  /** A piece of it. */
  sealed interface Part {
    record Literal(String text) implements Part {}

    /**
     * @param name in lower case
     */
    record Variable(String name) implements Part {}

    /** What a wildcard of the last match stands for; 0 is the whole value. */
    record Capture(int number) implements Part {}
  }

  /** The last match variable that there is (RFC 5229 §6: 9 at least). */
  static final int LAST_CAPTURE = 99;

  private static final Pattern REFERENCE =
      Pattern.compile("\\$\\{(?:([0-9]+)|([A-Za-z_][A-Za-z0-9_]*+)(\\.[A-Za-z0-9_.]++)?)\\}");

  /** The name of a variable that is no match variable (RFC 5229 §3). */
  static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private static final Pattern ENCODED =
      Pattern.compile(
          "\\$\\{(hex|unicode):[ \\t\\r\\n]*+([0-9a-f]++(?:[ \\t\\r\\n]++[0-9a-f]++)*+)[ \\t\\r\\n]*+\\}",
          Pattern.CASE_INSENSITIVE);

  Template {
    parts = List.copyOf(parts);
  }

  static Template literal(String text) {
    return new Template(List.of(new Part.Literal(text)));
  }

  /** The string, if it is the same in every run. */
  Optional<String> constant() {
    return switch (parts.size()) {
      case 0 -> Optional.of("");
      case 1 ->
          parts.getFirst() instanceof Part.Literal(String text)
              ? Optional.of(text)
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  /**
   * A string whose variables are to be replaced.
   *
   * @param global whether there are global ones (RFC 6609 §3.4.2)
   */
  static Template withVariables(Position at, String text, boolean global) throws SieveException {
    List<Part> parts = new ArrayList<>();
    Matcher reference = REFERENCE.matcher(text);
    int plain = 0;
    while (reference.find()) {
      if (reference.start() > plain) {
        parts.add(new Part.Literal(text.substring(plain, reference.start())));
      }
      parts.add(part(at, reference, global));
      plain = reference.end();
    }
    if (plain < text.length()) {
      parts.add(new Part.Literal(text.substring(plain)));
    }
    return new Template(parts);
  }

  private static Part part(Position at, Matcher reference, boolean global) throws SieveException {
    String number = reference.group(1);
    if (number != null) {
      // RFC 5229 §3.2: it is the decimal value that counts.
      String significant = number.replaceFirst("^0+(?=.)", "");
      if (significant.length() > 2) {
        // RFC 5229 §6: an error in the script, and not the empty string.
        throw new SieveException(
            at,
            "there are match variables up to ${" + LAST_CAPTURE + "}, and no " + reference.group());
      }
      return new Part.Capture(Integer.parseInt(significant));
    }
    if (global && reference.group(2).equalsIgnoreCase("global") && reference.group(3) != null) {
      String name = reference.group(3).substring(1);
      if (IDENTIFIER.matcher(name).matches()) {
        return new Part.Variable(Run.GLOBAL + name.toLowerCase(Locale.ROOT));
      }
    }
    if (reference.group(3) != null) {
      throw new SieveException(at, "there are no variables of the kind " + reference.group());
    }
    return new Part.Variable(reference.group(2).toLowerCase(Locale.ROOT));
  }

  /** Undoes ${hex:} and ${unicode:} (RFC 5228 §2.4.2.4); what has not that form stays. */
  static String decode(Position at, String text) throws SieveException {
    StringBuilder decoded = new StringBuilder();
    Matcher encoded = ENCODED.matcher(text);
    int plain = 0;
    while (encoded.find()) {
      boolean hex = encoded.group(1).equalsIgnoreCase("hex");
      List<String> numbers = List.of(encoded.group(2).split("[ \\t\\r\\n]+"));
      if (hex && numbers.stream().anyMatch(number -> number.length() > 2)) {
        continue;
      }
      decoded.append(text, plain, encoded.start());
      decoded.append(hex ? octets(at, numbers, encoded) : characters(at, numbers, encoded));
      plain = encoded.end();
    }
    return decoded.append(text.substring(plain)).toString();
  }

  private static String octets(Position at, List<String> numbers, MatchResult encoded)
      throws SieveException {
    ByteBuffer octets = ByteBuffer.allocate(numbers.size());
    numbers.forEach(number -> octets.put((byte) Integer.parseInt(number, 16)));
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(octets.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new SieveException(at, "this is not UTF-8: " + encoded.group());
    }
  }

  private static String characters(Position at, List<String> numbers, MatchResult encoded)
      throws SieveException {
    StringBuilder characters = new StringBuilder();
    for (String number : numbers) {
      String significant = number.replaceFirst("^0+", "");
      int codePoint = significant.length() > 6 ? -1 : Integer.parseInt("0" + significant, 16);
      boolean surrogate =
          codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
      if (!Character.isValidCodePoint(codePoint) || surrogate) {
        throw new SieveException(at, "this is no character: " + encoded.group());
      }
      characters.appendCodePoint(codePoint);
    }
    return characters.toString();
  }
}
