package hikyaku.mailbox.store;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Append-only logs. Every method may throw {@link StoreException}. A limit is at least 1, else
 * {@link IllegalArgumentException}.
 */
public interface LogStore {
  /** Entries of at most this many octets of payload are taken; a larger one is the caller's bug. */
  int MAX_PAYLOAD = 4 * 1024 * 1024;

  /**
   * Applies the appends in one durability round and returns when all that were applied are durable.
   * Each is atomic in its log; one may conflict while others are applied. Later events see earlier
   * ones when two appends of a round name the same log.
   *
   * @return an outcome for each append, in order
   * @throws StoreException.BlobMissing if an event names a blob that is not there; nothing of the
   *     round is applied
   */
  List<Outcome> append(List<Append> round);

  default Outcome append(Append append) {
    return append(List.of(append)).getFirst();
  }

  /**
   * Appends to a log that is begun if it is not there.
   *
   * @param append one that expects the log to be there
   */
  static void appendOrBegin(LogStore logs, Append append) {
    if (logs.append(append) instanceof Conflict
        && logs.append(append.expecting(Append.Expect.NEW)) instanceof Conflict) {
      // Another node has begun the log in between.
      logs.append(append).orThrow();
    }
  }

  /**
   * What became of the append under this idempotency key, if the log has seen it; what a repeat of
   * it would be answered. Linearizable: every append that has returned is seen, and what is found
   * is durable and read by everyone. For a command that may have been carried out before, and whose
   * own effect would be in its way.
   *
   * @param key of 1 to {@value Append#MAX_KEY_LENGTH} characters
   * @return the first answer, with {@link Appended#repeated} true; nothing if the log is not there,
   *     has never seen the key, or may have forgotten it
   */
  Optional<Appended> find(LogName log, String key);

  /** The heads of logs, linearizable, many in one round trip. A log that is not there has NONE. */
  Map<LogName, Head> heads(List<LogName> logs);

  default Head head(LogName log) {
    return heads(List.of(log)).getOrDefault(log, Head.NONE);
  }

  /**
   * Entries with {@code after < seq <= through}, in order, at most {@code limit} of them. Entries
   * that were compacted away are left out.
   */
  List<Entry> read(LogName log, long after, long through, int limit);

  /** The latest snapshot. */
  Optional<Snapshot> snapshot(LogName log);

  /**
   * Keeps a snapshot. An older one is replaced; one older than what is kept is ignored.
   *
   * @throws IllegalArgumentException if it is ahead of the log
   */
  void saveSnapshot(LogName log, Snapshot snapshot);

  /**
   * Forgets entries, and with them their hold on their blobs. Durable at some later time.
   *
   * @param dead sequences in rising order, none above the kept snapshot's; those already gone are
   *     ignored
   * @throws IllegalArgumentException if one is above the snapshot
   */
  void compact(LogName log, long[] dead);

  /**
   * Adds entries as another store has them: sequences, ids and times are kept. For {@link
   * StoreCopy}, which saves the snapshot afterwards; until then reading what was compacted may
   * fail. Durable when it returns. A log that is at {@code head} already is left as it is.
   *
   * @param after the log's last sequence; 0 makes it
   * @param entries in order, behind {@code after}; sequences that lack were compacted
   * @param head where the log stands afterwards; what it counts beyond these entries was compacted
   * @throws IllegalArgumentException if the log is elsewhere, or entries and head do not fit
   * @throws StoreException.BlobMissing if an entry names a blob that is not there
   */
  void restore(LogName log, long after, List<Entry> entries, Head head);

  /**
   * Takes away a log with its snapshot and the keys it has seen; another may be made under its
   * name. Durable when it returns; a repeat changes nothing.
   */
  void drop(LogName log);

  /**
   * Logs whose name starts with the prefix, in order, with their heads.
   *
   * @param after start behind this name, or null to start at the first
   */
  SequencedMap<LogName, Head> list(String prefix, @Nullable LogName after, int limit);

  /** Every append and drop of every log, from the cursor on. */
  ChangePage changes(String cursor, int limit);

  /** Lets the feed forget changes older than this. */
  void trimChanges(Duration olderThan);

  /**
   * Tells that a log moved: fast, lossy, on some other thread, never to be relied on. The listener
   * must return at once.
   *
   * @return ends the telling
   */
  Registration hints(Consumer<LogName> listener);

  /** A listener's hold; closing it ends the calls, except one already under way. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
