package hikyaku.mailbox.store;

/**
 * Two sums that a log keeps over its events: how many things it holds and how many octets. A
 * mailbox counts messages, so quotas and sizes need no fold.
 *
 * @param count things; may be negative in an event that takes things away
 * @param octets their octets; likewise
 */
public record Tally(long count, long octets) {
  public static final Tally ZERO = new Tally(0, 0);

  public Tally plus(Tally other) {
    return new Tally(count + other.count, octets + other.octets);
  }
}
