package hikyaku.server.search;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.log.MailboxEvent;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Change;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.text.MessageTexts;
import hikyaku.mailbox.view.BriefCache;
import hikyaku.mailbox.view.FoldKeeper;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings an index up to the store and keeps it there: by one walk over all mailboxes, then by the
 * changes feed from where it stood before the walk. Used by one thread.
 */
final class Follower {
  private static final Logger LOG = LoggerFactory.getLogger(Follower.class);

  private static final String MAILBOXES = "mailbox/";
  private static final int CHANGES = 1_000;
  private static final int LOGS = 500;

  /** Entries read at a time. They hold a few kilobytes each, and megabytes at worst. */
  private static final int ENTRIES = 100;

  /** How long what was entered may have to be entered again after a crash. */
  private static final long COMMIT_EVERY = Duration.ofSeconds(30).toNanos();

  /** The same, of changes that are none of messages. */
  private static final long NOTE_EVERY = Duration.ofHours(1).toNanos();

  /**
   * How long searches read what was entered: to let them see it is to write out what is there so
   * far, which takes as long for one message as for a thousand.
   */
  private static final long REFRESH_EVERY = Duration.ofSeconds(2).toNanos();

  /** Hints may be lost. */
  private static final long POLL_EVERY = Duration.ofSeconds(10).toNanos();

  /** How long is worked at a time, between pauses. */
  private static final long STRETCH = Duration.ofMillis(20).toNanos();

  private final GramIndex index;
  private final Store store;
  private final LogStore logs;
  private final MailboxLimits limits;
  private final SearchSettings settings;
  private final Path folder;
  private final Waits waits;
  private final SearchMetrics metrics;
  private final GramSet grams;
  private Place place;
  private boolean dirty;
  private boolean unseen;
  private long committed = System.nanoTime();
  private long refreshed = System.nanoTime();
  private long began = System.nanoTime();
  private volatile boolean full;
  private volatile String walking = "";
  private volatile boolean complete;

  /** The index is damaged in its sense: its place in the feed is gone. */
  static final class Lost extends Exception {
    private static final long serialVersionUID = 1;

    Lost() {
      super("the changes since are no longer known");
    }
  }

  Follower(
      GramIndex index,
      Store store,
      MailboxLimits limits,
      SearchSettings settings,
      Path folder,
      Waits waits,
      SearchMetrics metrics)
      throws IOException, Lost {
    this.index = index;
    this.store = store;
    this.logs = store.logs();
    this.limits = limits;
    this.settings = settings;
    this.folder = folder;
    this.waits = waits;
    this.metrics = metrics;
    this.grams = new GramSet(settings.message());
    Optional<Place> known = index.place();
    if (known.isPresent()) {
      place = known.get();
      // Before the index is asked: another store's mail may be in it.
      if (logs.changes(place.cursor(), 1).gap()) {
        throw new Lost();
      }
    } else {
      metrics.begun.increment();
      place = new Place(end(), "", false);
      index.commit(place);
    }
    complete = place.complete();
    measure();
  }

  /** The place behind all changes that there are. */
  private String end() {
    String cursor = ChangePage.START;
    while (true) {
      ChangePage page = logs.changes(cursor, CHANGES);
      cursor = page.next();
      if (!page.more()) {
        return cursor;
      }
    }
  }

  boolean isFull() {
    return full;
  }

  boolean isComplete() {
    return complete;
  }

  String walking() {
    return walking;
  }

  /**
   * Works until it is called off.
   *
   * @throws Lost if the index must be begun anew
   */
  void run() throws IOException, Lost {
    while (!place.complete() && !waits.isCalledOff()) {
      walk();
    }
    while (!waits.isCalledOff()) {
      long news = waits.news();
      boolean more = follow();
      settle();
      if (!more) {
        if (unseen && waits.isAwaited()) {
          refresh();
        }
        if (!unseen) {
          waits.seen(news);
        }
        waits.rest(news, untilNext());
        began = System.nanoTime();
      }
    }
    commit();
  }

  /** How long there is nothing to do if there are no news. */
  private long untilNext() {
    if (unseen) {
      return Math.max(1, refreshed + REFRESH_EVERY - System.nanoTime());
    }
    return dirty ? Math.min(POLL_EVERY, COMMIT_EVERY) : POLL_EVERY;
  }

  // ---- the walk

  private void walk() throws IOException {
    LogName after = place.walked().isEmpty() ? null : new LogName(place.walked());
    SequencedMap<LogName, Head> page = logs.list(MAILBOXES, after, LOGS);
    for (LogName log : page.keySet()) {
      walking = log.value();
      walk(log);
      if (waits.isCalledOff()) {
        return;
      }
      place = place.through(log.value());
      dirty = true;
      settle();
    }
    if (page.size() < LOGS) {
      place = place.whole();
      complete = true;
      walking = "";
      commit();
    }
  }

  private void walk(LogName log) throws IOException {
    Mailbox mailbox = new Mailbox(log, store, limits, new BriefCache(0), FoldKeeper.NONE);
    MailboxState state;
    try {
      state = mailbox.refresh();
    } catch (MailboxException.Gone e) {
      return;
    } catch (StoreException.Corrupt e) {
      unreadable(log, e);
      return;
    }
    BitSet known = index.known(log, state);
    int[] missing = IntStream.range(0, state.size()).filter(i -> !known.get(i)).toArray();
    int at = 0;
    while (at < missing.length && !waits.isCalledOff()) {
      int[] some =
          java.util.Arrays.copyOfRange(missing, at, Math.min(missing.length, at + ENTRIES));
      mailbox
          .messages()
          .read(state, some, (i, stored) -> add(log, stored.uid(), stored.seq(), stored.message()));
      at += some.length;
      settle();
    }
  }

  /**
   * What is not entered is read by searches, which tell of it; what is not removed does no harm.
   */
  private static void unreadable(LogName log, StoreException.Corrupt e) {
    LOG.atWarn()
        .addKeyValue("mailbox", log.value())
        .addKeyValue("cause", e.getMessage())
        .log("A mailbox could not be indexed");
  }

  // ---- the feed

  /** One page of it. */
  private boolean follow() throws IOException, Lost {
    ChangePage page = logs.changes(place.cursor(), CHANGES);
    if (page.gap()) {
      throw new Lost();
    }
    // Changes of one log that follow each other are read at once; those of others do not matter.
    Map<LogName, Change.Appended> appended = new LinkedHashMap<>();
    for (Change change : page.changes()) {
      if (change.log().value().startsWith(MAILBOXES)) {
        switch (change) {
          case Change.Appended more ->
              appended.merge(
                  more.log(),
                  more,
                  (one, other) -> new Change.Appended(one.log(), one.firstSeq(), other.lastSeq()));
          case Change.Dropped(LogName log) -> {
            appended.remove(log);
            index.remove(log);
            dirty = true;
            unseen = true;
          }
        }
      }
    }
    for (Change.Appended change : appended.values()) {
      try {
        enter(change);
      } catch (StoreException.Corrupt e) {
        unreadable(change.log(), e);
      }
      if (waits.isCalledOff()) {
        return true;
      }
    }
    if (!page.next().equals(place.cursor())) {
      place = place.at(page.next());
    }
    return page.more();
  }

  private void enter(Change.Appended change) throws IOException {
    long after = change.firstSeq() - 1;
    while (after < change.lastSeq() && !waits.isCalledOff()) {
      List<Entry> entries = logs.read(change.log(), after, change.lastSeq(), ENTRIES);
      for (Entry entry : entries) {
        enter(change.log(), entry);
      }
      if (entries.size() < ENTRIES) {
        return;
      }
      after = entries.getLast().seq();
      settle();
    }
  }

  private void enter(LogName log, Entry entry) throws IOException {
    switch (MailboxCodec.decode(entry)) {
      case MailboxEvent.Appended(NewMessage message) ->
          add(log, entry.firstId(), entry.seq(), message);
      case MailboxEvent.Expunged(var uids) -> {
        index.remove(log, uids);
        dirty = true;
        unseen = true;
      }
      case MailboxEvent.Created _, MailboxEvent.FlagsChanged _ -> {}
    }
  }

  // ---- messages

  private void add(LogName log, long uid, long seq, NewMessage message) throws IOException {
    if (full || waits.isCalledOff() || !gather(log, uid, message)) {
      if (!waits.isCalledOff()) {
        metrics.passedOver.increment();
      }
      return;
    }
    index.add(log, uid, Print.of(seq, message), grams);
    metrics.entered.increment();
    dirty = true;
    unseen = true;
    pace();
  }

  /** The message's grams; false if it cannot be entered. */
  private boolean gather(LogName log, long uid, NewMessage message) {
    grams.clear();
    try (MessageTexts texts =
        new MessageTexts(message, m -> MessageContent.open(store.blobs(), m))) {
      texts.everything(grams);
      grams.finish();
      return !grams.isOver();
    } catch (StoreException.Unavailable e) {
      throw e;
    } catch (StoreException.BlobMissing e) {
      // It was expunged a while ago.
      return false;
    } catch (IOException | RuntimeException e) {
      // A search that reads it will meet the same, and tell of it.
      LOG.atWarn()
          .addKeyValue("mailbox", log.value())
          .addKeyValue("uid", uid)
          .addKeyValue("cause", String.valueOf(e))
          .log("A message could not be indexed");
      return false;
    }
  }

  /** Leaves the processor to others for the share that is theirs. */
  private void pace() {
    long worked = System.nanoTime() - began;
    if (worked > STRETCH) {
      if (settings.share() < 1) {
        waits.pause((long) (worked * (1 / settings.share() - 1)));
      }
      began = System.nanoTime();
    }
  }

  /** Lets searches see what was entered, and makes it durable, if that is due. */
  private void settle() throws IOException {
    long now = System.nanoTime();
    if (unseen && now - refreshed >= REFRESH_EVERY) {
      refresh();
    }
    if (now - committed > (dirty ? COMMIT_EVERY : NOTE_EVERY)) {
      commit();
    }
  }

  private void refresh() throws IOException {
    index.refresh();
    unseen = false;
    refreshed = System.nanoTime();
  }

  private void commit() throws IOException {
    index.commit(place);
    if (unseen) {
      refresh();
    }
    dirty = false;
    committed = System.nanoTime();
    measure();
  }

  private void measure() throws IOException {
    boolean now =
        index.octets() > settings.disk()
            || Files.getFileStore(folder).getUsableSpace() < settings.spare()
            || !index.hasNumbers();
    if (now && !full) {
      LOG.atWarn()
          .addKeyValue("octets", index.octets())
          .log("The index of texts has no more room; searches read what it does not take");
    }
    full = now;
  }
}
