package hikyaku.mailbox.store.memory;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.StoreStatistics;
import hikyaku.mailbox.store.Tally;
import hikyaku.mailbox.store.memory.Faults.Call;
import java.time.Clock;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The store in memory. What it holds outlives {@link #close} and is served again by {@link
 * #reopen}, as a directory would be.
 */
public final class MemoryStore implements Store {
  private final MemoryState state;
  private final Clock clock;
  private final Faults faults;
  private final MemoryLogs logs;
  private final MemoryBlobs blobs;
  private boolean closed;

  public MemoryStore() {
    this(Clock.systemUTC());
  }

  public MemoryStore(Clock clock) {
    this(new MemoryState(), clock, new Faults());
  }

  private MemoryStore(MemoryState state, Clock clock, Faults faults) {
    this.state = state;
    this.clock = clock;
    this.faults = faults;
    this.logs = new MemoryLogs(this, state);
    this.blobs = new MemoryBlobs(this, state);
  }

  /** A store with what this one held. Closes this one. */
  public MemoryStore reopen() {
    close();
    return new MemoryStore(state, clock, faults);
  }

  /** Where failures are ordered. */
  public Faults faults() {
    return faults;
  }

  @Override
  public LogStore logs() {
    return logs;
  }

  @Override
  public BlobStore blobs() {
    return blobs;
  }

  @Override
  public Verified verify(Consumer<String> problems) {
    return guarded(
        Call.VERIFY,
        () -> {
          long entries = 0;
          long snapshots = 0;
          for (Map.Entry<LogName, MemoryState.Log> log : state.logs.entrySet()) {
            verify(log.getKey(), log.getValue(), problems);
            entries += log.getValue().entries.size();
            snapshots += log.getValue().snapshot.isPresent() ? 1 : 0;
          }
          long octets = 0;
          for (Map.Entry<BlobId, MemoryState.StoredBlob> blob : state.blobs.entrySet()) {
            octets += blob.getValue().octets().length;
            if (!MemoryBlobs.idOf(blob.getValue().octets()).equals(blob.getKey())) {
              problems.accept("blob " + blob.getKey() + " does not have its content");
            }
          }
          return new Verified(state.logs.size(), entries, snapshots, state.blobs.size(), octets);
        });
  }

  private void verify(LogName name, MemoryState.Log log, Consumer<String> problems) {
    long folded = log.snapshot.map(s -> s.seq()).orElse(0L);
    for (long seq = folded + 1; seq <= log.head.seq(); seq++) {
      if (!log.entries.containsKey(seq)) {
        problems.accept(name + ": entry " + seq + " is missing");
      }
    }
    long nextId = 1;
    Tally tally = Tally.ZERO;
    for (Entry entry : log.entries.values()) {
      if (entry.firstId() < nextId) {
        problems.accept(name + ": entry " + entry.seq() + " takes ids anew");
      }
      nextId = entry.firstId() + entry.ids();
      tally = tally.plus(entry.tally());
      for (BlobId blob : entry.blobs()) {
        if (!state.blobs.containsKey(blob)) {
          problems.accept(name + ": entry " + entry.seq() + " names missing blob " + blob);
        }
      }
    }
    if (nextId > log.head.nextId()) {
      problems.accept(name + ": the head's next id is " + log.head.nextId() + ", not " + nextId);
    }
    if (log.entries.size() == log.head.seq() && !tally.equals(log.head.tally())) {
      problems.accept(name + ": the head's tally is " + log.head.tally() + ", not " + tally);
    }
  }

  @Override
  public StoreStatistics statistics() {
    synchronized (state) {
      requireOpen();
      return new StoreStatistics(
          state.appends,
          state.rounds,
          state.entriesWritten,
          state.blobsWritten,
          state.blobsShared,
          -1,
          faults.thrown());
    }
  }

  @Override
  public void close() {
    synchronized (state) {
      closed = true;
      logs.closeHints();
    }
  }

  Clock clock() {
    return clock;
  }

  /** Runs one call of the contract: alone, while open, failing if a failure was ordered. */
  <T> T guarded(Call call, Supplier<T> work) {
    return faults.around(
        call,
        () -> {
          synchronized (state) {
            requireOpen();
            return work.get();
          }
        });
  }

  void guarded(Call call, Runnable work) {
    Call unused =
        guarded(
            call,
            () -> {
              work.run();
              return call;
            });
  }

  private void requireOpen() {
    if (closed) {
      throw new StoreException.Unavailable("the store is closed", null);
    }
  }
}
