package hikyaku.server.queue;

/**
 * Keeps one destination to its {@link Rate}, as far as this node is concerned: a rate is shared by
 * the nodes that work the queue, each with as much of it as it has of the queue's parts. Guarded by
 * its {@link Schedule}'s lock.
 *
 * <p>A rate is spread evenly over its time, in steps of a second or of one message, whichever is
 * longer. What has gone is not known after a restart: a new pace has room for one message, not for
 * a step's worth.
 */
final class Pace {
  /** Sums of parts that should make a whole message fall short of it by less. */
  private static final double ROUNDING = 1e-6;

  private final Rate rate;
  private double share;

  /** How many messages may go, as of the last look; below 0 if more have gone than might. */
  private double room = 1;

  /** When that look was, in milliseconds since 1970. */
  private long lookedAt;

  /** Whether a step's worth has gathered that is not used up. */
  private boolean open = true;

  /**
   * @param now in milliseconds since 1970
   * @param share how much of the rate is this node's: more than 0, 1 for all of it
   */
  Pace(Rate rate, long now, double share) {
    this.rate = rate;
    this.lookedAt = now;
    this.share = share;
  }

  /** From now on so much of the rate is this node's. */
  void share(double part, long now) {
    look(now);
    share = part;
  }

  private double eachMilli() {
    return rate.count() * share / rate.time().toMillis();
  }

  /** Messages of a step. */
  private double step() {
    return Math.max(1, Math.floor(eachMilli() * 1000));
  }

  private void look(long now) {
    room = Math.min(step(), room + Math.max(0, now - lookedAt) * eachMilli());
    lookedAt = now;
    open = room > step() - ROUNDING || (open && room > 1 - ROUNDING);
  }

  /** Whether a message may go now. */
  boolean isOpen(long now) {
    look(now);
    return open;
  }

  /** When a message may go, unless more go before, in milliseconds since 1970. */
  long opensAt(long now) {
    look(now);
    return open ? now : now + Math.max(1, (long) Math.ceil((step() - room) / eachMilli()));
  }

  /**
   * Some go at once. They may be more than there is room for; then the next wait for as long.
   *
   * @param messages how many
   */
  void take(int messages, long now) {
    look(now);
    room -= messages;
    look(now);
  }

  /** Whether a new one would let no more go. */
  boolean isRested(long now) {
    look(now);
    return room > step() - ROUNDING;
  }
}
