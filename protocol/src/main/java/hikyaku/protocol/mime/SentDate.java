package hikyaku.protocol.mime;

import org.jspecify.annotations.Nullable;

/**
 * When a message says it was sent.
 *
 * @param epochSecond seconds since 1970-01-01T00:00Z
 * @param offsetSeconds the sender's zone east of UTC, in seconds; zero where the field told none.
 *     The sender's calendar day, which SENTSINCE and its kin compare, is that of {@code epochSecond
 *     + offsetSeconds}.
 */
public record SentDate(long epochSecond, int offsetSeconds) {

  /**
   * Reads the value of a date field, in whatever state it is.
   *
   * @return null if it is not to be understood
   */
  public static @Nullable SentDate parse(String field) {
    return SentDateParser.parse(field);
  }

  /** The sender's calendar day, as days since 1970-01-01. */
  public long epochDay() {
    return Math.floorDiv(epochSecond + offsetSeconds, 86_400L);
  }
}
