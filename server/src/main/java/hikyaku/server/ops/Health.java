package hikyaku.server.ops;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * Whether the node can do its work: whether it listens, and whether its store takes writes. Asked
 * by load balancers and supervisors every few seconds, so a test of the store serves for a while.
 */
public final class Health {
  /** How long the answer of the last test write serves: a write is a sync of the disk. */
  static final Duration FRESH = Duration.ofSeconds(2);

  /** The log that the test writes go to. */
  static final LogName PROBE = new LogName("node/probe");

  /** Entries of the probe that are left to gather. */
  private static final int KEPT = 100;

  private final LogStore logs;
  private final Supplier<List<String>> listenerProblems;
  private final InstantSource clock;
  private long testedAt = Long.MIN_VALUE;
  private List<String> storeProblems = List.of();

  /**
   * @param listenerProblems a sentence for each listener that should be open and is not
   */
  public Health(LogStore logs, Supplier<List<String>> listenerProblems, InstantSource clock) {
    this.logs = logs;
    this.listenerProblems = listenerProblems;
    this.clock = clock;
  }

  /** What keeps the node from its work, a sentence each; empty when it is ready. */
  public synchronized List<String> problems() {
    long now = clock.millis();
    if (testedAt == Long.MIN_VALUE
        || Math.abs(now - testedAt) >= FRESH.toMillis()
        || !storeProblems.isEmpty()) {
      storeProblems = test();
      testedAt = now;
    }
    return java.util.stream.Stream.concat(storeProblems.stream(), listenerProblems.get().stream())
        .toList();
  }

  private List<String> test() {
    try {
      long last = logs.head(PROBE).seq();
      var append =
          new Append(
              PROBE,
              List.of(Event.of(ByteString.EMPTY)),
              last == 0 ? Append.Expect.NEW : Append.Expect.EXISTING,
              null);
      if (logs.append(append) instanceof Appended appended && appended.lastSeq() % KEPT == 0) {
        logs.saveSnapshot(PROBE, new Snapshot(appended.lastSeq(), ByteString.EMPTY));
        logs.compact(
            PROBE,
            LongStream.rangeClosed(Math.max(1, appended.lastSeq() - 2 * KEPT), appended.lastSeq())
                .toArray());
      }
      return List.of();
    } catch (StoreException e) {
      return List.of("the store takes no writes: " + e.getMessage());
    }
  }
}
