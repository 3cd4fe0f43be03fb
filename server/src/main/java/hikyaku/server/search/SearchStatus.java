package hikyaku.server.search;

/**
 * How an index fares.
 *
 * @param state what it is doing
 * @param folder where it is
 * @param messages messages that it has
 * @param octets octets of its files
 * @param walked the mailbox that its first walk over all mail has come to; empty before, and when
 *     that is done
 * @param problem why it has failed, or cannot grow; else empty
 */
public record SearchStatus(
    State state, String folder, long messages, long octets, String walked, String problem) {
  /** What an index can be doing. */
  public enum State {
    /** There is none: the configuration says so. */
    OFF,
    /** It is checked, octet for octet. Searches read all messages. */
    OPENING,
    /** It is made anew from the store. */
    BUILDING,
    /** It has all mail, and enters what comes. */
    FOLLOWING,
    /** It has as much as it may have: what comes is not entered. */
    FULL,
    /** It cannot be used, which is tried again. */
    FAILED
  }
}
