package hikyaku.mailbox.store;

/**
 * Where a log stands.
 *
 * @param seq sequence of its last entry; 0 if the log does not exist
 * @param nextId the id that the next event asking for one will get; 1 in a new log
 * @param tally the sum over all its events
 */
public record Head(long seq, long nextId, Tally tally) {
  public static final Head NONE = new Head(0, 1, Tally.ZERO);

  public boolean exists() {
    return seq > 0;
  }
}
