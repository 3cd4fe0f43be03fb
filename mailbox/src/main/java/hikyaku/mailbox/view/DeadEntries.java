package hikyaku.mailbox.view;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Entries whose effect is wholly in the fold and whose content no message needs: flag changes,
 * expunges, and the appends of messages that are gone. Compaction takes them when they are old
 * enough. Newest first, shared between versions.
 */
record DeadEntries(@Nullable Dead newest, int count) {
  static final DeadEntries NONE = new DeadEntries(null, 0);

  /**
   * @param seq the entry
   * @param time when it died, in milliseconds since 1970
   */
  record Dead(long seq, long time, @Nullable Dead older) {}

  DeadEntries plus(long seq, long time) {
    return new DeadEntries(new Dead(seq, time, newest), count + 1);
  }

  List<Dead> oldestFirst() {
    List<Dead> all = new ArrayList<>(count);
    for (Dead d = newest; d != null; d = d.older) {
      all.add(d);
    }
    return all.reversed();
  }
}
