package hikyaku.stores.base;

import hikyaku.mailbox.store.StoreStatistics;
import java.util.concurrent.atomic.LongAdder;

/** What is counted for the statistics. */
public record Counts(
    LongAdder appends,
    LongAdder rounds,
    LongAdder entries,
    LongAdder blobsWritten,
    LongAdder blobsShared,
    LongAdder failures) {
  public Counts() {
    this(
        new LongAdder(),
        new LongAdder(),
        new LongAdder(),
        new LongAdder(),
        new LongAdder(),
        new LongAdder());
  }

  public StoreStatistics toStatistics(long diskOctets) {
    return new StoreStatistics(
        appends.sum(),
        rounds.sum(),
        entries.sum(),
        blobsWritten.sum(),
        blobsShared.sum(),
        diskOctets,
        failures.sum());
  }
}
