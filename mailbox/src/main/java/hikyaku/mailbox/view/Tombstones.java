package hikyaku.mailbox.view;

import hikyaku.mailbox.log.UidSet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What was expunged, newest first: an immutable list that versions of a fold share.
 *
 * @param newest the last expunge; null if none is remembered
 * @param count how many are remembered
 * @param knownSince every expunge above this sequence is remembered
 */
record Tombstones(@Nullable Tombstone newest, int count, long knownSince) {
  static final Tombstones NONE = new Tombstones(null, 0, 0);

  record Tombstone(long seq, UidSet uids, @Nullable Tombstone older) {}

  Tombstones plus(long seq, UidSet uids) {
    return new Tombstones(new Tombstone(seq, uids, newest), count + 1, knownSince);
  }

  /** Expunges above a sequence, newest first. */
  void since(long seq, Consumer<Tombstone> consumer) {
    for (Tombstone t = newest; t != null && t.seq > seq; t = t.older) {
      consumer.accept(t);
    }
  }

  List<Tombstone> oldestFirst() {
    List<Tombstone> all = new ArrayList<>(count);
    since(0, all::add);
    return all.reversed();
  }

  /** Forgets the oldest so that at most {@code keep} remain. */
  Tombstones prune(int keep) {
    if (count <= keep) {
      return this;
    }
    List<Tombstone> all = oldestFirst();
    Tombstones pruned = new Tombstones(null, 0, all.get(count - keep - 1).seq());
    for (Tombstone t : all.subList(count - keep, count)) {
      pruned = pruned.plus(t.seq, t.uids);
    }
    return pruned;
  }
}
