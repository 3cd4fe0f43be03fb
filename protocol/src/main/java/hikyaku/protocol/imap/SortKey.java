package hikyaku.protocol.imap;

/**
 * What messages are put in order by (RFC 5256 §3, RFC 5957).
 *
 * @param reverse whether the greatest comes first
 */
public record SortKey(Criterion criterion, boolean reverse) {
  public enum Criterion {
    /** The internal date and time. */
    ARRIVAL,
    /** The local part of the first Cc address. */
    CC,
    /** The Date field in UTC, or the internal date where there is none. */
    DATE,
    /** The name, or else the address, of the first From address. */
    DISPLAYFROM,
    /** The same of the first To address. */
    DISPLAYTO,
    /** The local part of the first From address. */
    FROM,
    /** How well FUZZY keys fit, the best first (RFC 6203 §6). */
    RELEVANCY,
    /** RFC822.SIZE. */
    SIZE,
    /** The base subject. */
    SUBJECT,
    /** The local part of the first To address. */
    TO
  }
}
