package hikyaku.stores.rocksdb;

import static java.util.stream.Collectors.toSet;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.Snags;
import hikyaku.stores.base.Waiting;
import hikyaku.stores.rocksdb.proto.AnswerRecord;
import hikyaku.stores.rocksdb.proto.ChangeRecord;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The one thread that takes things away: compacted entries, dropped logs, blobs without a name,
 * answers grown old, uploads left behind. It looks by itself and hands what it decided to the
 * committer in slices.
 */
final class Maintenance implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Maintenance.class);

  /** Records handled between two looks at who else waits. */
  private static final int SLICE = 256;

  private static final Duration FORGET_EVERY = Duration.ofHours(1);

  /** Between two looks whether writes are taken again, while files wait for it. */
  private static final Duration CLEAR_EVERY = Duration.ofSeconds(1);

  /** For callers who wait for this thread: it may be busy with a whole store. */
  private static final Duration PATIENCE = Duration.ofDays(1);

  private final Database database;
  private final CommitQueue queue;
  private final Clock clock;
  private final Duration keysKept;
  private final BlobFiles files;
  private final Set<LargeUpload> uploads;

  /** Files to be taken away; while writes are refused, no more than there were uploads before. */
  private final Set<BlobFiles.Kept> leftOver = ConcurrentHashMap.newKeySet();

  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("rocks-maintenance").factory());

  Maintenance(
      Database database,
      CommitQueue queue,
      Clock clock,
      Duration keysKept,
      BlobFiles files,
      Set<LargeUpload> uploads) {
    this.database = database;
    this.queue = queue;
    this.clock = clock;
    this.keysKept = keysKept;
    this.files = files;
    this.uploads = uploads;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  void start() {
    thread.scheduleWithFixedDelay(
        () -> quietly(this::forgetAnswers), 0, FORGET_EVERY.toSeconds(), TimeUnit.SECONDS);
    buryLater();
  }

  /** Clears away dropped logs when there is time. */
  void buryLater() {
    try {
      thread.execute(() -> quietly(this::bury));
    } catch (RejectedExecutionException e) {
      LOG.atDebug().log("closing; dropped logs are cleared away after the next start");
    }
  }

  /** Runs work that nobody waits for; what it left over is there for the next time. */
  private void quietly(Runnable work) {
    try {
      work.run();
    } catch (StoreException e) {
      Level level = thread.isShutdown() ? Level.DEBUG : Level.WARN;
      LOG.atLevel(level).setCause(e).log("maintenance was cut short");
    }
  }

  /** Runs the work on the maintenance thread and waits for it. */
  <T> T call(Supplier<T> work) {
    return Waiting.forAnswer(
        Waiting.begin(thread, work), PATIENCE, "maintenance has not come back in a day");
  }

  // ---- entries

  /** Forgets those of the entries that are there. */
  void compact(LogName name, long number, long[] dead) {
    List<Entry> slice = new ArrayList<>();
    for (long seq : dead) {
      byte[] key = Keys.entry(number, seq);
      byte[] frame = database.use("compaction", handle -> handle.get(Column.ENTRIES, key));
      if (frame != null) {
        slice.add(Entries.decode(key, frame));
      }
      if (slice.size() == SLICE) {
        queue.call(new LogOperations.Forget(name, number, List.copyOf(slice)));
        slice.clear();
      }
      database.yieldToLifecycle();
    }
    if (!slice.isEmpty()) {
      queue.call(new LogOperations.Forget(name, number, slice));
    }
  }

  private void bury() {
    List<byte[]> graves =
        database.use(
            "looking for dropped logs",
            handle -> {
              List<byte[]> found = new ArrayList<>();
              try (Scan scan = handle.scan(Column.META, new byte[] {Keys.DROPPED})) {
                for (; scan.valid(); scan.next()) {
                  found.add(scan.key());
                }
              }
              return found;
            });
    for (byte[] grave : graves) {
      bury(Keys.numberAt(grave, 1));
    }
  }

  private void bury(long number) {
    long after = 0;
    boolean more = true;
    while (more) {
      List<Records.Raw> slice = readEntries(number, after);
      List<Entry> entries = new ArrayList<>();
      for (Records.Raw raw : slice) {
        after = Keys.numberAt(raw.key(), Keys.NUMBER);
        decodeForBurial(raw, entries);
      }
      if (!entries.isEmpty()) {
        queue.call(new LogOperations.Bury(number, entries));
      }
      more = slice.size() == SLICE;
      database.yieldToLifecycle();
    }
    queue.call(new LogOperations.CloseGrave(number));
  }

  /**
   * An entry that cannot be decoded keeps its blobs; they cost space, and losing others is worse.
   */
  private static void decodeForBurial(Records.Raw raw, List<Entry> entries) {
    try {
      entries.add(Entries.decode(raw.key(), raw.value()));
    } catch (StoreException.Corrupt e) {
      LOG.atWarn().setCause(e).log("a dropped log has an entry that cannot be read");
    }
  }

  private List<Records.Raw> readEntries(long number, long after) {
    return database.use(
        "reading a dropped log",
        handle ->
            Records.take(
                handle,
                Column.ENTRIES,
                Keys.entry(number, after + 1),
                Keys.number(number + 1),
                SLICE));
  }

  // ---- blobs

  BlobStore.Swept sweep(Duration grace) {
    long edge = clock.instant().minus(grace).toEpochMilli();
    queue.call(new LogOperations.Barrier());
    bury();
    forgetAnswers();
    breakOffUploads(edge);
    Snags snags = new Snags();
    clearFiles(snags);
    long examined = 0;
    long removed = 0;
    long octets = 0;
    byte[] from = new byte[0];
    boolean more = true;
    while (more) {
      byte[] start = from;
      List<Records.Raw> slice =
          database.use("a sweep", handle -> Records.take(handle, Column.BLOBS, start, null, SLICE));
      List<BlobId> candidates = new ArrayList<>();
      for (Records.Raw raw : slice) {
        from = Records.after(raw.key());
        BlobId id = BlobId.of(raw.key());
        if (isOld(id, raw.value(), edge, snags) && !isNamed(id)) {
          candidates.add(id);
        }
      }
      examined += slice.size();
      if (!candidates.isEmpty()) {
        for (BlobOperations.Removed gone : queue.call(new BlobOperations.Sweep(candidates, edge))) {
          removed++;
          octets += gone.blob().size();
          if (gone.blob().hasFile()) {
            snags.at(() -> files.delete(files.path(gone.id(), gone.blob().number())));
          }
        }
      }
      more = slice.size() == SLICE;
      database.yieldToLifecycle();
    }
    snags.tell(LOG, "a sweep has left what it could not read or take away");
    return new BlobStore.Swept(examined, removed, octets);
  }

  /** A record that cannot be read stays. */
  private static boolean isOld(BlobId id, byte[] frame, long edge, Snags snags) {
    try {
      return BlobState.decode(id, frame).put() <= edge;
    } catch (StoreException.Corrupt e) {
      snags.note(e);
      return false;
    }
  }

  private boolean isNamed(BlobId id) {
    return database.use("a sweep", handle -> BlobOperations.isNamed(handle, id));
  }

  /** Ends uploads that nobody has written to for a grace. */
  private void breakOffUploads(long edge) {
    for (LargeUpload upload : uploads) {
      if (upload.lastWrite() <= edge) {
        upload.breakOff("the upload took too long");
      }
    }
  }

  /** Takes away files that no blob names: a crash or a failure has left them. */
  private void clearFiles(Snags snags) {
    for (int part = 0; part < BlobFiles.PARTS; part++) {
      List<BlobFiles.Kept> there = kept(part, snags);
      // Looked at behind the files: an upload that has ended in between has been noted.
      Set<Long> coming = uploads.stream().map(LargeUpload::number).collect(toSet());
      for (BlobFiles.Kept file : there) {
        if (!coming.contains(file.number()) && isOrphan(file, snags)) {
          snags.at(() -> files.delete(file.path()));
        }
        database.yieldToLifecycle();
      }
    }
  }

  private List<BlobFiles.Kept> kept(int part, Snags snags) {
    try {
      return files.kept(part);
    } catch (StoreException e) {
      snags.note(e);
      return List.of();
    }
  }

  /** The file of a blob whose record cannot be read is not an orphan. */
  private boolean isOrphan(BlobFiles.Kept file, Snags snags) {
    try {
      return isOrphan(file);
    } catch (StoreException.Corrupt e) {
      snags.note(e);
      return false;
    }
  }

  /**
   * Takes a file away, unless a blob names it, as soon as the database can tell. If the store is
   * closed before, a sweep does it.
   */
  void clearLater(BlobFiles.Kept file) {
    leftOver.add(file);
    clearLeftOver(Duration.ZERO);
  }

  /** Whether no file waits to be taken away. */
  boolean isClear() {
    return leftOver.isEmpty();
  }

  private void clearLeftOver(Duration delay) {
    try {
      ScheduledFuture<?> unused =
          thread.schedule(this::clearWhatIsLeft, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.atDebug().log("closing; files that nobody needs are left for a sweep");
    }
  }

  private void clearWhatIsLeft() {
    boolean refused = database.failure() != null;
    for (BlobFiles.Kept file : leftOver) {
      if (refused) {
        break;
      }
      Snags snags = new Snags();
      try {
        if (isOrphan(file, snags)) {
          snags.at(() -> files.delete(file.path()));
        }
        leftOver.remove(file);
        snags.tell(LOG, "a file that nobody needs is left for a sweep");
      } catch (StoreException e) {
        LOG.atDebug().setCause(e).log("whether a file is needed cannot be told yet");
        refused = true;
      }
    }
    if (refused && !leftOver.isEmpty()) {
      clearLeftOver(CLEAR_EVERY);
    }
  }

  private boolean isOrphan(BlobFiles.Kept file) {
    byte[] key = Keys.blob(file.id());
    byte[] frame = database.use("a sweep", handle -> handle.get(Column.BLOBS, key));
    boolean named = frame != null && BlobState.decode(file.id(), frame).number() == file.number();
    return !named && queue.call(new BlobOperations.IsOrphan(file.id(), file.number()));
  }

  // ---- answers and changes

  private void forgetAnswers() {
    long edge = clock.instant().minus(keysKept).toEpochMilli();
    byte[] from = new byte[0];
    boolean more = true;
    while (more) {
      byte[] start = from;
      List<Records.Raw> slice =
          database.use(
              "forgetting old keys",
              handle -> Records.take(handle, Column.ANSWERS, start, null, SLICE));
      List<byte[]> old = new ArrayList<>();
      for (Records.Raw raw : slice) {
        from = Records.after(raw.key());
        if (raw.decode(Column.ANSWERS, AnswerRecord.parser()).getTime() < edge) {
          old.add(raw.key());
        }
      }
      if (!old.isEmpty()) {
        queue.call(new LogOperations.ForgetAnswers(old));
      }
      more = slice.size() == SLICE;
      database.yieldToLifecycle();
    }
  }

  void trimChanges(Duration olderThan) {
    long edge = clock.instant().minus(olderThan).toEpochMilli();
    long through = 0;
    boolean more = true;
    while (more) {
      byte[] start = Keys.number(through + 1);
      List<Records.Raw> slice =
          database.use(
              "trimming the changes",
              handle -> Records.take(handle, Column.CHANGES, start, null, SLICE));
      more = slice.size() == SLICE;
      for (Records.Raw raw : slice) {
        if (raw.decode(Column.CHANGES, ChangeRecord.parser()).getTime() >= edge) {
          more = false;
          break;
        }
        through = Keys.numberAt(raw.key(), 0);
      }
      database.yieldToLifecycle();
    }
    if (through > 0) {
      queue.call(new LogOperations.Trim(through));
    }
  }

  /** Lets what has been taken finish. */
  @Override
  public void close() {
    thread.close();
  }
}
