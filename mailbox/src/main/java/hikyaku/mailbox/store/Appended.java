package hikyaku.mailbox.store;

/**
 * The append is durable.
 *
 * @param firstSeq sequence of its first event; the others follow without a gap
 * @param lastSeq sequence of its last event
 * @param firstId the first id that its events took; the others follow without a gap, event by
 *     event. If they took none, the id that the next one would get
 * @param repeated whether this is the answer to an earlier append under the same key
 */
public record Appended(LogName log, long firstSeq, long lastSeq, long firstId, boolean repeated)
    implements Outcome {}
