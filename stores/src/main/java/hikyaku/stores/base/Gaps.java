package hikyaku.stores.base;

import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import java.util.List;

/** Entries that lack. */
public final class Gaps {
  private Gaps() {}

  /**
   * Above the snapshot nothing may be missing; better no answer than one with a hole.
   *
   * @param entries that were read, in order
   * @param after the sequence behind which they were asked for
   * @param end the sequence through which they must be there
   * @throws StoreException.Corrupt naming the first that lacks
   */
  public static void refuse(
      LogName log, List<Entry> entries, long after, long end, long snapshotSeq) {
    long expected = Math.max(after, snapshotSeq) + 1;
    for (Entry entry : entries) {
      if (entry.seq() > expected) {
        break;
      }
      expected = Math.max(expected, entry.seq() + 1);
    }
    if (expected <= end) {
      throw new StoreException.Corrupt("entry " + expected + " of " + log + " is missing", null);
    }
  }
}
