package hikyaku.mailbox.store;

/**
 * The log was not as expected, and nothing was applied.
 *
 * @param head what the log was instead
 */
public record Conflict(LogName log, Head head) implements Outcome {}
