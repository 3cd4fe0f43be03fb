package hikyaku.protocol.imap;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;

/** {@code date} and {@code date-time} (RFC 9051 §9). */
final class Dates {
  private static final int LEAP_SECOND = 60;
  private static final List<String> MONTHS =
      List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

  private Dates() {}

  /** {@code date-text}. */
  static LocalDate expectDate(Cursor in) throws SyntaxException {
    int day = in.expectDigits(1);
    if (in.atDigit()) {
      day = 10 * day + in.expectDigits(1);
    }
    return monthAndYear(in, day);
  }

  private static LocalDate monthAndYear(Cursor in, int day) throws SyntaxException {
    in.expect('-');
    int month = month(in);
    in.expect('-');
    int year = in.expectDigits(4);
    try {
      return LocalDate.of(year, month, day);
    } catch (DateTimeException e) {
      throw SyntaxException.bad("No such day" + in.here());
    }
  }

  private static int month(Cursor in) throws SyntaxException {
    for (int month = 0; month < MONTHS.size(); month++) {
      if (in.prefix(MONTHS.get(month))) {
        return month + 1;
      }
    }
    throw SyntaxException.bad("Expected a month" + in.here());
  }

  /**
   * {@code date-time}; a day of one digit may stand without its space. A leap second is the one
   * before it, since nothing that keeps time here knows any.
   */
  static OffsetDateTime expectDateTime(Cursor in) throws SyntaxException {
    in.expect('"');
    in.take(' ');
    LocalDate date = expectDate(in);
    in.expectSp();
    int hour = in.expectDigits(2);
    in.expect(':');
    int minute = in.expectDigits(2);
    in.expect(':');
    int second = in.expectDigits(2);
    in.expectSp();
    boolean west = in.take('-');
    if (!west) {
      in.expect('+');
    }
    int zoneHours = in.expectDigits(2);
    int zoneMinutes = in.expectDigits(2);
    in.expect('"');
    int sign = west ? -1 : 1;
    try {
      return OffsetDateTime.of(
          date,
          LocalTime.of(hour, minute, second == LEAP_SECOND ? LEAP_SECOND - 1 : second),
          ZoneOffset.ofHoursMinutes(sign * zoneHours, sign * zoneMinutes));
    } catch (DateTimeException e) {
      throw SyntaxException.bad("No such time" + in.here());
    }
  }

  /** {@code date-time} with its quotes. */
  static String format(OffsetDateTime time) {
    String month = MONTHS.get(time.getMonthValue() - 1);
    int zone = time.getOffset().getTotalSeconds() / 60;
    return String.format(
        Locale.ROOT,
        "\"%2d-%c%s-%04d %02d:%02d:%02d %c%02d%02d\"",
        time.getDayOfMonth(),
        month.charAt(0),
        month.substring(1).toLowerCase(Locale.ROOT),
        time.getYear(),
        time.getHour(),
        time.getMinute(),
        time.getSecond(),
        zone < 0 ? '-' : '+',
        Math.abs(zone) / 60,
        Math.abs(zone) % 60);
  }
}
