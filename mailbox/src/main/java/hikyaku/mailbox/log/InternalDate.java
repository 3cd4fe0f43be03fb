package hikyaku.mailbox.log;

import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * When a message arrived, with the offset in which it was told, since SEARCH compares the day as
 * told (RFC 9051 §2.3.3, §6.4.4).
 *
 * @param seconds since 1970-01-01T00:00Z
 * @param offsetMinutes from UTC, between -18 and +18 hours
 */
public record InternalDate(long seconds, int offsetMinutes) {
  private static final int MAX_OFFSET = 18 * 60;

  public InternalDate {
    if (Math.abs(offsetMinutes) > MAX_OFFSET) {
      throw new IllegalArgumentException("offset of " + offsetMinutes + " minutes");
    }
  }

  public static InternalDate of(Instant instant, ZoneOffset offset) {
    return new InternalDate(instant.getEpochSecond(), offset.getTotalSeconds() / 60);
  }

  public static InternalDate of(OffsetDateTime time) {
    return of(time.toInstant(), time.getOffset());
  }

  public OffsetDateTime toOffsetDateTime() {
    return Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.ofTotalSeconds(offsetMinutes * 60));
  }

  /** The day, disregarding time and zone. */
  public LocalDate day() {
    return toOffsetDateTime().toLocalDate();
  }
}
