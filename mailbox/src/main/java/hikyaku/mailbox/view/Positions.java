package hikyaku.mailbox.view;

/**
 * A session's place in a mailbox log. With the log it says everything about the session's view:
 * which messages it has, under which numbers, and what is still to be told.
 *
 * @param appends messages with a UID below this were told (the place in the log's ids, which rise
 *     with its sequence)
 * @param expunges expunges up to this sequence were told
 * @param flags flag changes up to this sequence were told
 */
public record Positions(long appends, long expunges, long flags) {}
