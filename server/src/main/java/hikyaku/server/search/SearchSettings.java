package hikyaku.server.search;

import java.nio.file.Path;

/**
 * The index of messages' texts, by which searches are fast. Searches find the same without it.
 *
 * @param enabled whether this node keeps one
 * @param folder the directory of it, for this node alone. Empty for {@code search} in the data
 *     directory. It may be deleted while the node does not run, and need not be backed up
 * @param memory octets of memory for what is not written yet
 * @param disk octets that the index may have on the disk. Beyond, new messages are not entered, and
 *     searches read them
 * @param spare octets of its disk that must be free if the index is to grow, for mail goes before
 * @param share how much of one processor indexing may take, above 0 and at most 1. What comes
 *     faster is indexed later, and read by searches until then
 * @param message grams, which are three characters in a row, that one message may have. One of more
 *     is not entered, and searches read it; a text of 10 KB has about 2,000
 */
public record SearchSettings(
    boolean enabled, Path folder, long memory, long disk, long spare, double share, int message) {
  public static final SearchSettings DEFAULTS =
      new SearchSettings(true, Path.of(""), 32L << 20, 100L << 30, 2L << 30, 0.5, 500_000);

  public SearchSettings {
    if (memory < 1L << 20 || memory > 1L << 30) {
      throw new IllegalArgumentException("search.memory is from 1M to 1G");
    }
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("search.share is above 0, and at most 1");
    }
    if (message < 1_000 || message > 10_000_000) {
      throw new IllegalArgumentException("search.message is from 1000 to 10000000");
    }
  }

  /** The same with the index in another directory. */
  public SearchSettings in(Path other) {
    return new SearchSettings(enabled, other, memory, disk, spare, share, message);
  }
}
