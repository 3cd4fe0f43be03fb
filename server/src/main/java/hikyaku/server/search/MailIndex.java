package hikyaku.server.search;

import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.mime.FoldedText;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The index of this node, kept up in the background by one thread. Safe for use by many threads.
 * Whatever becomes of it, searches go on; what is broken is made anew from the store.
 */
public final class MailIndex implements TextIndex, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MailIndex.class);

  /** Lookups read files, so platform threads do them, and no more at a time than this. */
  private static final int LOOKUPS = 2;

  /** Lookups that wait for those; a search beyond them reads its messages. */
  private static final int WAITING = 64;

  /** How long a search waits for its lookup before it reads all messages. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How long it rests after a failure. */
  private static final Duration RETRY = Duration.ofSeconds(30);

  private final Store store;
  private final MailboxLimits limits;
  private final SearchSettings settings;
  private final Path folder;
  private final SearchMetrics metrics;
  private final Waits waits = new Waits();
  private final LogStore.Registration hints;
  private final ThreadPoolExecutor lookups;
  private final Thread thread;

  /** An index that may be asked, and who keeps it up. */
  private record Open(GramIndex index, Follower follower) {}

  private volatile @Nullable Open open;
  private volatile String problem = "";

  /**
   * Begins to work when it is started.
   *
   * @param settings of them {@code folder} is where the index is, and not empty
   */
  public MailIndex(
      Store store, MailboxLimits limits, SearchSettings settings, MeterRegistry registry) {
    this.store = store;
    this.limits = limits;
    this.settings = settings;
    this.folder = settings.folder();
    this.metrics = new SearchMetrics(registry, this::status);
    this.lookups =
        new ThreadPoolExecutor(
            LOOKUPS,
            LOOKUPS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            Thread.ofPlatform().name("search-", 0).daemon().factory());
    lookups.allowCoreThreadTimeOut(true);
    this.hints = store.logs().hints(_ -> waits.poke());
    this.thread = Thread.ofPlatform().name("search index").daemon().unstarted(this::run);
  }

  /** Starts the work, in the background. */
  public void start() {
    thread.start();
  }

  // ---- keeping it up

  private void run() {
    while (!waits.isStopping()) {
      try {
        if (waits.takeAnew()) {
          GramIndex.wipe(folder);
        }
        keep();
        problem = "";
      } catch (Follower.Lost e) {
        LOG.atWarn().addKeyValue("cause", e.getMessage()).log("The index of texts is begun anew");
        waits.beginAnew();
      } catch (IOException | RuntimeException e) {
        if (waits.isCalledOff()) {
          continue;
        }
        // The store may be away, or the disk full: none of a session's business.
        problem = String.valueOf(e);
        LOG.atWarn().addKeyValue("cause", problem).log("The index of texts cannot be kept up");
        waits.pause(RETRY.toNanos());
      }
    }
  }

  private void keep() throws IOException, Follower.Lost {
    try (GramIndex index = GramIndex.open(folder, settings.memory(), waits::isCalledOff)) {
      Follower follower = new Follower(index, store, limits, settings, folder, waits, metrics);
      open = new Open(index, follower);
      problem = "";
      follower.run();
    } finally {
      open = null;
    }
  }

  /** Throws the index away and makes it anew from the store, in the background. */
  public void rebuild() {
    waits.beginAnew();
  }

  /**
   * Waits until searches see all mail that was there before this call.
   *
   * @return whether they do; false if it takes longer than given, or it stops
   */
  public boolean await(Duration patience) throws InterruptedException {
    return waits.awaitSeen(patience.toNanos());
  }

  // ---- asking it

  @Override
  public List<BitSet> lacking(LogName log, MailboxState state, List<List<FoldedText>> wanted) {
    Open now = open;
    if (now != null) {
      try {
        Future<List<BitSet>> lookup = lookups.submit(() -> now.index.lacking(log, state, wanted));
        List<BitSet> lacking = lookup.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        metrics.answered.increment();
        return lacking;
      } catch (ExecutionException e) {
        failed(e.getCause());
      } catch (TimeoutException | RejectedExecutionException e) {
        LOG.atDebug().addKeyValue("cause", String.valueOf(e)).log("A lookup takes too long");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    metrics.unanswered.increment();
    return NONE.lacking(log, state, wanted);
  }

  /** What cannot be read is not trusted any more. */
  private void failed(@Nullable Throwable cause) {
    if (!(cause instanceof AlreadyClosedException)) {
      LOG.atError().setCause(cause).log("The index of texts could not be read; it is begun anew");
      open = null;
      rebuild();
    }
  }

  /** How it fares. */
  public SearchStatus status() {
    Open now = open;
    if (now == null) {
      SearchStatus.State state =
          problem.isEmpty() ? SearchStatus.State.OPENING : SearchStatus.State.FAILED;
      return new SearchStatus(state, folder.toString(), 0, 0, "", problem);
    }
    try {
      SearchStatus.State state =
          now.follower.isFull()
              ? SearchStatus.State.FULL
              : now.follower.isComplete()
                  ? SearchStatus.State.FOLLOWING
                  : SearchStatus.State.BUILDING;
      return new SearchStatus(
          state,
          folder.toString(),
          now.index.messages(),
          now.index.octets(),
          now.follower.walking(),
          now.follower.isFull() ? "there is no more room for it" : "");
    } catch (IOException | AlreadyClosedException e) {
      return new SearchStatus(
          SearchStatus.State.FAILED, folder.toString(), 0, 0, "", String.valueOf(e));
    }
  }

  /** Stops the work, and keeps what was done. */
  @Override
  public void close() {
    hints.close();
    waits.stop();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    lookups.shutdownNow();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
