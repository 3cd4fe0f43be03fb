package hikyaku.mailbox.store;

/** What became of one append. */
public sealed interface Outcome permits Appended, Conflict {
  LogName log();

  /**
   * The answer if it was applied.
   *
   * @throws IllegalStateException on a {@link Conflict}, for callers who cannot meet one
   */
  default Appended orThrow() {
    return switch (this) {
      case Appended appended -> appended;
      case Conflict conflict -> throw new IllegalStateException("unexpected " + conflict);
    };
  }
}
