package hikyaku.mailbox.store;

/** One step of the changes feed. */
public sealed interface Change {
  LogName log();

  /** Entries {@code firstSeq} to {@code lastSeq} were appended. */
  record Appended(LogName log, long firstSeq, long lastSeq) implements Change {}

  /** The log was dropped. */
  record Dropped(LogName log) implements Change {}
}
