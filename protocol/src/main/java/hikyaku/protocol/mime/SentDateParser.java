package hikyaku.protocol.mime;

import java.time.LocalDate;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the Date field as it is written: RFC 5322 §3.3 and §4.3, asctime, ISO 8601, a missing or
 * wrong weekday, no seconds, years of two digits, names of months in full, zones by name.
 */
final class SentDateParser {
  private static final int LONGEST = 256;
  private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";
  private static final int HOUR = 3600;

  /** RFC 5322 §4.3. Every other name means "unknown" and counts as UTC, military letters too. */
  private static final Map<String, Integer> ZONES =
      Map.ofEntries(
          Map.entry("edt", -4 * HOUR),
          Map.entry("est", -5 * HOUR),
          Map.entry("cdt", -5 * HOUR),
          Map.entry("cst", -6 * HOUR),
          Map.entry("mdt", -6 * HOUR),
          Map.entry("mst", -7 * HOUR),
          Map.entry("pdt", -7 * HOUR),
          Map.entry("pst", -8 * HOUR),
          Map.entry("bst", HOUR),
          Map.entry("cet", HOUR),
          Map.entry("met", HOUR),
          Map.entry("cest", 2 * HOUR),
          Map.entry("mest", 2 * HOUR),
          Map.entry("eet", 2 * HOUR),
          Map.entry("msk", 3 * HOUR),
          Map.entry("jst", 9 * HOUR));

  private final String text;
  private int at;
  private int day = -1;
  private int month = -1;
  private int year = -1;
  private int secondOfDay = -1;
  private boolean zoned;
  private int offset;

  private SentDateParser(String text) {
    this.text = text;
  }

  /** Returns null if no calendar day can be made out. */
  static @Nullable SentDate parse(@Nullable String field) {
    if (field == null) {
      return null;
    }
    String text = field.length() > LONGEST ? field.substring(0, LONGEST) : field;
    return new SentDateParser(condense(text.toLowerCase(Locale.ROOT))).parse();
  }

  /** Takes away comments, and white space about the colons of a time (RFC 5322 §4.3). */
  private static String condense(String text) {
    StringBuilder condensed = new StringBuilder(text.length());
    int depth = 0;
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next == '(') {
        depth++;
      } else if (next == ')' && depth > 0) {
        depth--;
      } else if (depth == 0) {
        int last = condensed.length() - 1;
        boolean space = next == ' ' || next == '\t';
        if (next == ':' && last >= 0 && condensed.charAt(last) == ' ') {
          condensed.setLength(last);
        }
        if (!space || (last >= 0 && " :".indexOf(condensed.charAt(last)) < 0)) {
          condensed.append(space ? ' ' : next);
        }
      }
    }
    return condensed.toString();
  }

  private @Nullable SentDate parse() {
    while (at < text.length()) {
      char next = text.charAt(at);
      if (isDigit(next)) {
        number();
      } else if (next >= 'a' && next <= 'z') {
        word();
      } else if ((next == '+' || next == '-') && secondOfDay >= 0 && !zoned && digitAt(at + 1)) {
        zone(next);
      } else {
        at++;
      }
    }
    if (day < 1 || month < 1 || year < 0) {
      return null;
    }
    if (day > LocalDate.of(year, month, 1).lengthOfMonth()) {
      return null;
    }
    long epochDay = LocalDate.of(year, month, day).toEpochDay();
    return new SentDate(epochDay * 86_400L + Math.max(secondOfDay, 0) - offset, offset);
  }

  private void number() {
    int start = at;
    int value = digits();
    int length = at - start;
    if (at < text.length() && (text.charAt(at) == ':' || isDottedTime(start)) && length <= 2) {
      time(value, text.charAt(at));
    } else if (length == 4 && at < text.length() && text.charAt(at) == '-' && isoDate(value)) {
      return;
    } else if (length <= 2 && day < 0) {
      day = value;
    } else if (length <= 4 && year < 0 && (month > 0 || length == 4)) {
      year = fullYear(value, length);
    } else if (length == 4 && secondOfDay >= 0 && !zoned) {
      at = start;
      zone('+');
    }
  }

  /** Hours, minutes and seconds with dots, once the day is known. */
  private boolean isDottedTime(int start) {
    return day > 0
        && secondOfDay < 0
        && text.charAt(at) == '.'
        && digitAt(at + 1)
        && at - start <= 2;
  }

  private boolean isoDate(int isoYear) {
    if (!digitAt(at + 1) || year >= 0) {
      return false;
    }
    at++;
    int isoMonth = digits();
    if (at >= text.length() || text.charAt(at) != '-' || !digitAt(at + 1)) {
      return false;
    }
    at++;
    int isoDay = digits();
    year = isoYear;
    month = isoMonth >= 1 && isoMonth <= 12 ? isoMonth : -1;
    day = isoDay;
    if (at < text.length() && text.charAt(at) == 't') {
      at++;
    }
    return true;
  }

  private void time(int hour, char separator) {
    int[] fields = {hour, 0, 0};
    for (int index = 1;
        index < 3 && at < text.length() && text.charAt(at) == separator && digitAt(at + 1);
        index++) {
      at++;
      fields[index] = digits();
    }
    if (at < text.length() && text.charAt(at) == '.' && digitAt(at + 1)) {
      at++;
      digits(); // fractions of a second
    }
    if (secondOfDay < 0 && fields[0] < 24 && fields[1] < 60 && fields[2] <= 60) {
      // A leap second counts as the one before.
      secondOfDay = fields[0] * HOUR + fields[1] * 60 + Math.min(fields[2], 59);
    }
  }

  private void word() {
    int start = at;
    while (at < text.length() && text.charAt(at) >= 'a' && text.charAt(at) <= 'z') {
      at++;
    }
    String word = text.substring(start, at);
    int index = word.length() >= 3 ? MONTHS.indexOf(word.substring(0, 3)) : -1;
    if (month < 0 && index >= 0 && index % 3 == 0) {
      month = index / 3 + 1;
    } else if (secondOfDay >= 0 && word.equals("pm") && secondOfDay < 12 * HOUR) {
      secondOfDay += 12 * HOUR;
    } else if (secondOfDay >= 12 * HOUR && word.equals("am")) {
      secondOfDay -= 12 * HOUR;
    } else if (secondOfDay >= 0 && !zoned && ZONES.containsKey(word)) {
      offset = ZONES.get(word);
      zoned = true;
    }
  }

  private void zone(char sign) {
    if (!isDigit(text.charAt(at))) {
      at++;
    }
    int start = at;
    int value = digits();
    int length = at - start;
    if (length <= 2 && at < text.length() && text.charAt(at) == ':' && digitAt(at + 1)) {
      at++;
      value = value * 100 + digits();
    } else if (length <= 2) {
      value *= 100;
    }
    int seconds = value / 100 * HOUR + value % 100 * 60;
    zoned = true;
    // Beyond a day there is no such zone, and the time counts as UTC.
    offset = seconds < 24 * HOUR && value % 100 < 60 ? (sign == '-' ? -seconds : seconds) : 0;
  }

  /** Reads digits; of many, the value is that of the first ones, which no field accepts. */
  private int digits() {
    int value = 0;
    while (at < text.length() && isDigit(text.charAt(at))) {
      if (value < 100_000) {
        value = value * 10 + text.charAt(at) - '0';
      }
      at++;
    }
    return value;
  }

  private static int fullYear(int value, int length) {
    if (length == 4) {
      return value;
    }
    if (length == 2 && value < 50) {
      return 2000 + value;
    }
    return 1900 + value;
  }

  private boolean digitAt(int index) {
    return index < text.length() && isDigit(text.charAt(index));
  }

  private static boolean isDigit(char next) {
    return next >= '0' && next <= '9';
  }
}
