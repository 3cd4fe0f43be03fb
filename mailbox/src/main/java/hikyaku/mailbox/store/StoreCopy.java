package hikyaku.mailbox.store;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Copies a store into another, of whatever engine: blobs first, then each log with its entries as
 * they are, sequences, ids and times included, and its snapshot.
 *
 * <p>The source must be at rest. A copy that was cut off is taken up where it stopped by doing it
 * again. Not copied are the feed of changes, which begins anew, and idempotency keys.
 */
public final class StoreCopy {
  /** Names, blobs or entries taken at once. */
  private static final int PAGE = 500;

  /** Entries of a log are at most this many octets of payload at once, or one entry. */
  private static final int MOST_OCTETS = 8 * 1024 * 1024;

  private final Store source;
  private final Store target;

  /** What was copied by now, those that were there already included. */
  public record Progress(long blobs, long logs, long entries) {
    static final Progress NONE = new Progress(0, 0, 0);

    Progress plus(long moreBlobs, long moreLogs, long moreEntries) {
      return new Progress(blobs + moreBlobs, logs + moreLogs, entries + moreEntries);
    }
  }

  public StoreCopy(Store source, Store target) {
    this.source = source;
    this.target = target;
  }

  /**
   * Copies what the target does not have yet.
   *
   * @param progress told now and then how far it is
   * @return how much there is
   * @throws IllegalStateException if the target has a log that is no beginning of the source's
   */
  public Progress run(Consumer<Progress> progress) {
    Progress done = blobs(progress);
    LogName after = null;
    while (true) {
      SequencedMap<LogName, Head> page = source.logs().list("", after, PAGE);
      Map<LogName, Head> there = target.logs().heads(List.copyOf(page.keySet()));
      for (Map.Entry<LogName, Head> log : page.entrySet()) {
        Head head = there.getOrDefault(log.getKey(), Head.NONE);
        done = done.plus(0, 1, log(log.getKey(), log.getValue(), head));
      }
      progress.accept(done);
      if (page.size() < PAGE) {
        return done;
      }
      after = page.lastEntry().getKey();
    }
  }

  private Progress blobs(Consumer<Progress> progress) {
    Progress done = Progress.NONE;
    Blobs there = new Blobs(target.blobs());
    Blobs wanted = new Blobs(source.blobs());
    Blob have = there.next();
    for (Blob blob = wanted.next(); blob != null; blob = wanted.next()) {
      while (have != null && order(have, blob) < 0) {
        have = there.next();
      }
      if (have == null || order(have, blob) != 0) {
        copy(blob);
      }
      done = done.plus(1, 0, 0);
      if (done.blobs() % PAGE == 0) {
        progress.accept(done);
      }
    }
    return done;
  }

  private static int order(Blob one, Blob other) {
    return com.google.protobuf.ByteString.unsignedLexicographicalComparator()
        .compare(one.id().sha256(), other.id().sha256());
  }

  private void copy(Blob blob) {
    try (BlobReader reader = source.blobs().open(blob.id());
        BlobWriter writer = target.blobs().create()) {
      byte[] buffer = new byte[BlobStore.INLINE];
      long position = 0;
      for (int count = reader.read(position, buffer, 0, buffer.length);
          count > 0;
          count = reader.read(position, buffer, 0, buffer.length)) {
        writer.write(buffer, 0, count);
        position += count;
      }
      Blob written = writer.finish();
      if (!written.equals(blob)) {
        throw new StoreException.Corrupt(
            "blob " + blob.id() + " does not have the content of its name", null);
      }
    }
  }

  /** Copies a log's entries from where the target's end, and its snapshot. */
  private long log(LogName log, Head head, Head there) {
    if (there.seq() > head.seq() || (there.seq() == head.seq() && !there.equals(head))) {
      throw new IllegalStateException(
          "the target's " + log + " is at " + there.seq() + ", the source's at " + head.seq());
    }
    long count = 0;
    Head at = there;
    while (at.seq() < head.seq()) {
      List<Entry> entries = entries(log, at.seq(), head.seq());
      Head next = isCut(entries, log, head) ? behind(at, entries) : head;
      target.logs().restore(log, at.seq(), entries, next);
      count += entries.size();
      at = next;
    }
    Optional<Snapshot> snapshot = source.logs().snapshot(log);
    if (snapshot.isPresent() && !target.logs().snapshot(log).equals(snapshot)) {
      target.logs().saveSnapshot(log, snapshot.get());
    }
    return count;
  }

  /** The next entries: a page, or fewer if they are large. */
  private List<Entry> entries(LogName log, long after, long through) {
    List<Entry> page = source.logs().read(log, after, through, PAGE);
    List<Entry> taken = new ArrayList<>(page.size());
    long octets = 0;
    for (Entry entry : page) {
      octets += entry.payload().size();
      if (!taken.isEmpty() && octets > MOST_OCTETS) {
        break;
      }
      taken.add(entry);
    }
    return taken;
  }

  /** Whether there are more entries behind these. */
  private boolean isCut(List<Entry> entries, LogName log, Head head) {
    return !entries.isEmpty()
        && !source.logs().read(log, entries.getLast().seq(), head.seq(), 1).isEmpty();
  }

  /** Where a log stands behind some entries. */
  private static Head behind(Head before, List<Entry> entries) {
    Tally tally = before.tally();
    long nextId = before.nextId();
    for (Entry entry : entries) {
      tally = tally.plus(entry.tally());
      nextId = entry.ids() == 0 ? nextId : entry.firstId() + entry.ids();
    }
    return new Head(entries.getLast().seq(), nextId, tally);
  }

  /**
   * Compares the two, entry by entry and blob by blob.
   *
   * @param differences told of each, in words for an operator
   */
  public void compare(Consumer<String> differences) {
    Blobs one = new Blobs(source.blobs());
    Blobs other = new Blobs(target.blobs());
    Blob have = other.next();
    for (Blob blob = one.next(); blob != null; blob = one.next()) {
      while (have != null && order(have, blob) < 0) {
        have = other.next();
      }
      if (!blob.equals(have)) {
        differences.accept("blob " + blob.id() + " is not the same");
      }
    }
    compareLogs(differences);
  }

  private void compareLogs(Consumer<String> differences) {
    LogName after = null;
    while (true) {
      SequencedMap<LogName, Head> page = source.logs().list("", after, PAGE);
      SequencedMap<LogName, Head> copy = target.logs().list("", after, PAGE);
      if (!page.equals(copy)) {
        differences.accept("the logs behind " + after + " are not the same, or not their heads");
      }
      page.keySet().forEach(log -> compare(log, differences));
      if (page.size() < PAGE) {
        return;
      }
      after = page.lastEntry().getKey();
    }
  }

  private void compare(LogName log, Consumer<String> differences) {
    if (!source.logs().snapshot(log).equals(target.logs().snapshot(log))) {
      differences.accept(log + ": the snapshots are not the same");
    }
    long after = 0;
    while (true) {
      List<Entry> entries = source.logs().read(log, after, Long.MAX_VALUE, PAGE);
      if (!entries.equals(target.logs().read(log, after, Long.MAX_VALUE, PAGE))) {
        differences.accept(log + ": the entries behind " + after + " are not the same");
      }
      if (entries.size() < PAGE) {
        return;
      }
      after = entries.getLast().seq();
    }
  }

  /** All blobs of a store, one after the other. */
  private static final class Blobs {
    private final BlobStore blobs;
    private Iterator<Blob> page = List.<Blob>of().iterator();
    private @Nullable Blob last;
    private boolean ended;

    Blobs(BlobStore blobs) {
      this.blobs = blobs;
    }

    @Nullable Blob next() {
      if (!page.hasNext() && !ended) {
        List<Blob> more = blobs.list(last == null ? null : last.id(), PAGE);
        ended = more.size() < PAGE;
        page = more.iterator();
      }
      if (!page.hasNext()) {
        return null;
      }
      last = page.next();
      return last;
    }
  }
}
