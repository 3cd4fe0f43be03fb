package hikyaku.protocol.imap;

/**
 * Which of the results are wanted (RFC 9394), counted from 1 at the first result, or from -1 at the
 * last. Both ends have the same sign, and may stand in either order.
 */
public record PartialRange(long one, long other) {
  public PartialRange {
    if (one == 0 || other == 0 || one < 0 != other < 0) {
      throw new IllegalArgumentException("no range: " + one + ":" + other);
    }
  }

  /** The index of the first one wanted of so many, from 0; may lie at or behind the end. */
  public int from(int count) {
    long from = one > 0 ? Math.min(one, other) - 1 : count + Math.min(one, other);
    return (int) Math.clamp(from, 0, count);
  }

  /** The index behind the last one wanted. */
  public int to(int count) {
    long to = one > 0 ? Math.max(one, other) : count + Math.max(one, other) + 1;
    return (int) Math.clamp(to, 0, count);
  }

  @Override
  public String toString() {
    return one + ":" + other;
  }
}
