package hikyaku.server.search;

import java.util.Map;

/**
 * How far the index is, kept with it.
 *
 * @param cursor of the changes feed: what came before is either entered or will be by the walk
 * @param walked the last mailbox that the first walk over all mailboxes is through with; empty
 *     before the first
 * @param complete whether that walk is done
 */
record Place(String cursor, String walked, boolean complete) {
  /** Raised when an index of older programs can no longer be used: 2 folds by i;unicode-casemap. */
  private static final String FORMAT = "2";

  /**
   * Of the platform that folds characters and knows character sets: another may do it otherwise.
   */
  private static final String JAVA = "" + Runtime.version().feature();

  /** That of indexes which do not say. */
  private static final String FIRST_JAVA = "25";

  Map<String, String> toMap() {
    return Map.of(
        "format",
        FORMAT,
        "java",
        JAVA,
        "cursor",
        cursor,
        "walked",
        walked,
        "complete",
        "" + complete);
  }

  /** Whether an index that says this of itself can be used. */
  static boolean isKnown(Map<String, String> map) {
    return FORMAT.equals(map.get("format"))
        && JAVA.equals(map.getOrDefault("java", FIRST_JAVA))
        && map.containsKey("cursor");
  }

  static Place of(Map<String, String> map) {
    return new Place(
        map.getOrDefault("cursor", ""),
        map.getOrDefault("walked", ""),
        Boolean.parseBoolean(map.get("complete")));
  }

  Place at(String newCursor) {
    return new Place(newCursor, walked, complete);
  }

  Place through(String log) {
    return new Place(cursor, log, complete);
  }

  Place whole() {
    return new Place(cursor, walked, true);
  }
}
