package hikyaku.server.queue;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many messages may go to a destination in a time.
 *
 * @param count how many; {@link Integer#MAX_VALUE} for as many as there are
 * @param time one second at least
 */
public record Rate(int count, Duration time) {
  /** As fast as the other side takes them. */
  public static final Rate UNLIMITED = new Rate(Integer.MAX_VALUE, Duration.ofSeconds(1));

  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,7}) ?/ ?([0-9]{1,5})? ?([smhd])", Pattern.CASE_INSENSITIVE);
  private static final Map<String, Duration> UNITS =
      Map.of(
          "s", Duration.ofSeconds(1),
          "m", Duration.ofMinutes(1),
          "h", Duration.ofHours(1),
          "d", Duration.ofDays(1));

  /**
   * Reads such as {@code 100/h}, {@code 5/10s} or {@code unlimited}.
   *
   * @throws IllegalArgumentException with a sentence for the operator
   */
  public static Rate parse(String text) {
    String stripped = text.strip();
    if (stripped.equals("unlimited")) {
      return UNLIMITED;
    }
    Matcher parts = FORM.matcher(stripped);
    if (parts.matches()) {
      int count = Integer.parseInt(parts.group(1));
      int units = parts.group(2) == null ? 1 : Integer.parseInt(parts.group(2));
      Duration unit =
          Optional.ofNullable(UNITS.get(parts.group(3).toLowerCase(Locale.ROOT))).orElseThrow();
      if (count > 0 && units > 0) {
        return new Rate(count, unit.multipliedBy(units));
      }
    }
    throw new IllegalArgumentException(
        "\""
            + text
            + "\" is not a rate; write how many messages in what time, such as \"100/1h\" or"
            + " \"5/10s\", or \"unlimited\"");
  }

  boolean isUnlimited() {
    return count == UNLIMITED.count;
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    if (isUnlimited()) {
      return "unlimited";
    }
    long seconds = time.toSeconds();
    String unit =
        seconds % 86_400 == 0 ? "d" : seconds % 3600 == 0 ? "h" : seconds % 60 == 0 ? "m" : "s";
    Duration one = Optional.ofNullable(UNITS.get(unit)).orElseThrow();
    return count + "/" + seconds / one.toSeconds() + unit;
  }
}
