package hikyaku.protocol.sieve;

import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.JulianFields;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What a date has (RFC 5260 §4.2). */
final class DatePart {
  private static final DateTimeFormatter STD11 = format("EEE, dd MMM yyyy HH:mm:ss Z");

  /** UTC must be Z there. */
  private static final DateTimeFormatter ISO8601 = format("yyyy-MM-dd'T'HH:mm:ssXXX");

  private static final Map<String, Function<OffsetDateTime, String>> PARTS =
      Map.ofEntries(
          Map.entry("year", format("yyyy")::format),
          Map.entry("month", format("MM")::format),
          Map.entry("day", format("dd")::format),
          Map.entry("date", format("yyyy-MM-dd")::format),
          Map.entry(
              "julian", date -> Long.toString(date.getLong(JulianFields.MODIFIED_JULIAN_DAY))),
          Map.entry("hour", format("HH")::format),
          Map.entry("minute", format("mm")::format),
          Map.entry("second", format("ss")::format),
          Map.entry("time", format("HH:mm:ss")::format),
          Map.entry("iso8601", ISO8601::format),
          Map.entry("std11", STD11::format),
          Map.entry("zone", format("xx")::format),
          Map.entry("weekday", date -> Integer.toString(date.getDayOfWeek().getValue() % 7)));

  private DatePart() {}

  private static DateTimeFormatter format(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.US);
  }

  static boolean isKnown(String name) {
    return PARTS.containsKey(name);
  }

  /** A part of a date, its name in lower case. */
  static Optional<String> of(OffsetDateTime date, String name) {
    return Optional.ofNullable(PARTS.get(name)).map(part -> part.apply(date));
  }

  /**
   * A date in the zone in which it is to be told.
   *
   * @param server the zone of this server
   */
  static OffsetDateTime in(Test.Zone zone, OffsetDateTime date, ZoneId server) {
    return switch (zone) {
      case Test.Zone.Local _ -> local(date, server);
      case Test.Zone.Original _ -> date;
      case Test.Zone.Offset(int seconds) ->
          date.withOffsetSameInstant(ZoneOffset.ofTotalSeconds(seconds));
    };
  }

  /** A date in the zone of this server at that time. */
  private static OffsetDateTime local(OffsetDateTime date, ZoneId zone) {
    return ZonedDateTime.ofInstant(date.toInstant(), zone).toOffsetDateTime();
  }
}
