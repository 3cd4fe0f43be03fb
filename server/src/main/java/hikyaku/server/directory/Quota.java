package hikyaku.server.directory;

/**
 * How much an account may hold.
 *
 * @param octets octets of messages; {@value #UNLIMITED} for no bound
 * @param messages number of messages; {@value #UNLIMITED} for no bound
 */
public record Quota(long octets, long messages) {
  public static final long UNLIMITED = Long.MAX_VALUE;
  public static final Quota NONE = new Quota(UNLIMITED, UNLIMITED);

  public Quota {
    if (octets < 0 || messages < 0) {
      throw new IllegalArgumentException("a quota is not negative");
    }
  }

  /** Whether an account that holds so much is within its quota. */
  public boolean allows(long heldOctets, long heldMessages) {
    return heldOctets <= octets && heldMessages <= messages;
  }
}
