package hikyaku.app.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How values are written in a configuration file. */
public final class Values {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9}) ?(ms|s|m|h|d)");
  private static final Pattern AMOUNT = Pattern.compile("([0-9]{1,18}) ?([KMGT])?");
  private static final String UNITS = "KMGT";

  private Values() {}

  /**
   * A time such as {@code 250ms}, {@code 30s}, {@code 10m}, {@code 2h} or {@code 7d}.
   *
   * @throws IllegalArgumentException with a sentence for the writer of the file
   */
  public static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not a time; write a number and a unit, such as \"30s\", \"10m\", \"2h\" or \"7d\"");
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      default -> Duration.ofDays(number);
    };
  }

  /**
   * A number such as {@code 500}, or with a unit of octets {@code 64K}, {@code 50M}, {@code 2G},
   * {@code 1T} (powers of 1024); {@code unlimited} is {@link Long#MAX_VALUE}.
   *
   * @throws IllegalArgumentException with a sentence for who wrote it
   */
  public static long amount(String text) {
    if (text.strip().equals("unlimited")) {
      return Long.MAX_VALUE;
    }
    Matcher matcher = AMOUNT.matcher(text.strip());
    if (matcher.matches()) {
      int power = matcher.group(2) == null ? 0 : 1 + UNITS.indexOf(matcher.group(2));
      try {
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power));
      } catch (ArithmeticException tooLarge) {
        throw new IllegalArgumentException("\"" + text + "\" is too large", tooLarge);
      }
    }
    throw new IllegalArgumentException(
        "\""
            + text
            + "\" is not an amount; write a number, or one with K, M, G or T behind it, such as \"50M\"");
  }

  /** A value as it is written in the file. */
  public static String toToml(Object value) {
    return switch (value) {
      case Boolean b -> b.toString();
      case Integer i -> i == Integer.MAX_VALUE ? "\"unlimited\"" : number(i);
      case Long l -> l == Long.MAX_VALUE ? "\"unlimited\"" : number(l);
      case Double d -> d.toString();
      case Duration d -> quoted(duration(d));
      case Optional<?> o -> o.map(Values::toToml).orElse("\"\"");
      case Enum<?> e -> quoted(name(e));
      case Path p -> quoted(p.toString());
      case Map<?, ?> m ->
          m.entrySet().stream()
              .map(e -> quoted(String.valueOf(e.getKey())) + " = " + toToml(e.getValue()))
              .collect(java.util.stream.Collectors.joining(", ", "{", "}"));
      case Collection<?> c ->
          c.stream()
              .map(Values::toToml)
              .collect(java.util.stream.Collectors.joining(", ", "[", "]"));
      default -> quoted(value.toString());
    };
  }

  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String number(long value) {
    for (int power = UNITS.length(); power > 0; power--) {
      if (value != 0 && value % (1L << (10 * power)) == 0) {
        return quoted((value >> (10 * power)) + UNITS.substring(power - 1, power));
      }
    }
    return Long.toString(value);
  }

  /** A time in the largest unit that says it exactly. */
  public static String duration(Duration duration) {
    long millis = duration.toMillis();
    for (var unit :
        List.of(
            Map.entry("d", 86_400_000L),
            Map.entry("h", 3_600_000L),
            Map.entry("m", 60_000L),
            Map.entry("s", 1000L))) {
      if (millis != 0 && millis % unit.getValue() == 0) {
        return millis / unit.getValue() + unit.getKey();
      }
    }
    return millis == 0 ? "0s" : millis + "ms";
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f) {
        quoted.append(String.format("\\u%04X", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
