package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Counts;
import hikyaku.stores.base.Waiting;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that append. Each takes what has gathered and commits it as one transaction on a
 * connection of its own; several do so side by side, for the database syncs them together and works
 * while it syncs.
 */
final class Committer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Committer.class);

  private final Database database;
  private final CommitQueue queue;
  private final PendingBlobs pending;
  private final Consumer<Held> shared;
  private final Consumer<Set<LogName>> moved;
  private final Counts counts;
  private final Clock clock;
  private final List<Thread> threads = new ArrayList<>();

  /**
   * @param shared told of blobs that turned out to be there already
   * @param moved told of logs that were appended to
   */
  Committer(
      Database database,
      CommitQueue queue,
      PendingBlobs pending,
      Consumer<Held> shared,
      Consumer<Set<LogName>> moved,
      Counts counts,
      Clock clock,
      int writers) {
    this.database = database;
    this.queue = queue;
    this.pending = pending;
    this.shared = shared;
    this.moved = moved;
    this.counts = counts;
    this.clock = clock;
    for (int i = 0; i < writers; i++) {
      threads.add(Thread.ofVirtual().name("postgres-commit-" + i).unstarted(this::run));
    }
  }

  void start() {
    threads.forEach(Thread::start);
  }

  private void run() {
    try (Session session = database.newSession()) {
      for (List<AppendRound> rounds = queue.take(); !rounds.isEmpty(); rounds = queue.take()) {
        try {
          commit(session, inTime(rounds));
        } finally {
          queue.done(rounds);
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the committer", e);
    }
  }

  /** Those that have time left; the others were never tried, and are told so. */
  private List<AppendRound> inTime(List<AppendRound> rounds) {
    List<AppendRound> left = new ArrayList<>(rounds.size());
    long now = System.nanoTime();
    for (AppendRound round : rounds) {
      if (round.deadline() - now > 0) {
        left.add(round);
      } else {
        fail(round, new StoreException.Unavailable("the database is out of reach", null));
      }
    }
    return left;
  }

  private void commit(Session session, List<AppendRound> rounds) {
    if (rounds.isEmpty()) {
      return;
    }
    long deadline = rounds.stream().mapToLong(AppendRound::deadline).max().orElseThrow();
    try {
      AppendBatch batch = new AppendBatch(rounds, clock.millis());
      AppendBatch.Answer answer = database.attempt(session, deadline, "an append", batch::run);
      written(rounds, batch, answer);
      Set<LogName> logs = new LinkedHashSet<>();
      for (AppendRound round : rounds) {
        answer(batch, answer, round, logs);
      }
      if (!logs.isEmpty()) {
        counts.rounds().increment();
        moved.accept(logs);
      }
    } catch (RuntimeException | Error e) {
      if (!(e instanceof StoreException)) {
        LOG.atError().setCause(e).log("a bug in appending");
      }
      rounds.forEach(round -> fail(round, e));
    }
  }

  private void written(List<AppendRound> rounds, AppendBatch batch, AppendBatch.Answer answer) {
    for (AppendRound round : rounds) {
      for (Held held : round.carried()) {
        boolean fresh = batch.isFresh(answer, held);
        (fresh ? counts.blobsWritten() : counts.blobsShared()).increment();
        if (!fresh) {
          shared.accept(held);
        }
        pending.gone(held);
        held.written().complete(fresh);
      }
    }
  }

  private void answer(
      AppendBatch batch, AppendBatch.Answer answer, AppendRound round, Set<LogName> logs) {
    try {
      List<Outcome> outcomes = batch.outcomes(answer, round);
      for (Outcome outcome : outcomes) {
        if (outcome instanceof Appended appended && !appended.repeated()) {
          counts.appends().increment();
          counts.entries().add(appended.lastSeq() - appended.firstSeq() + 1);
          logs.add(appended.log());
        }
      }
      round.answer().complete(outcomes);
    } catch (StoreException.BlobMissing e) {
      round.answer().completeExceptionally(e);
    }
  }

  private void fail(AppendRound round, Throwable cause) {
    for (Held held : round.carried()) {
      pending.gone(held);
      held.written().completeExceptionally(cause);
    }
    round.answer().completeExceptionally(cause);
  }

  /** Commits what is in the queue, and ends. */
  @Override
  public void close() {
    queue.close();
    threads.forEach(Waiting::forEnd);
  }
}
