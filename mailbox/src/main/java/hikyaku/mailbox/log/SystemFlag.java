package hikyaku.mailbox.log;

/** The system flags that a client may set (RFC 9051 §2.3.2). \Recent is none of them. */
public enum SystemFlag {
  SEEN("\\Seen"),
  ANSWERED("\\Answered"),
  FLAGGED("\\Flagged"),
  DELETED("\\Deleted"),
  DRAFT("\\Draft");

  private final String wire;

  SystemFlag(String wire) {
    this.wire = wire;
  }

  /** The flag as clients spell it, backslash included. */
  public String wire() {
    return wire;
  }

  /** Its bit in {@link Flags#system}. */
  public int bit() {
    return 1 << ordinal();
  }
}
