package hikyaku.mailbox.store;

import java.util.List;

/**
 * A stretch of the changes feed.
 *
 * @param changes in an order in which every change comes after those it could have seen
 * @param next the cursor after the last of them; opaque, to be kept and handed in again
 * @param more whether there was more at once
 * @param gap whether changes between the cursor given and the first of these have been trimmed, so
 *     that the reader must start anew from {@link LogStore#list}
 */
public record ChangePage(List<Change> changes, String next, boolean more, boolean gap) {
  /** The cursor before the first change. */
  public static final String START = "";
}
