package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Who works each part: the last entry of the part's claim log. A claim names the sequence that was
 * seen, so of several that come at once one is let in. It holds as long as its run is heard of,
 * with no renewals.
 */
final class Claims {
  /** Entries of a log that are left to gather before they are compacted. */
  private static final int KEPT = 64;

  private static final List<LogName> LOGS = Part.logs("queue-claim/");

  private final LogStore logs;
  private final Workers workers;
  private final long[] seen = new long[Part.COUNT];
  private final String[] runs = new String[Part.COUNT];

  Claims(LogStore logs, Workers workers) {
    this.logs = logs;
    this.workers = workers;
    java.util.Arrays.fill(runs, "");
  }

  static LogName log(int part) {
    return LOGS.get(part);
  }

  /** The part that a log of claims is of; -1 for any other log. */
  static int number(LogName log) {
    return LOGS.indexOf(log);
  }

  /**
   * Learns where the log of a part stands.
   *
   * @return whether that is known now; if not, it is what it was before
   */
  boolean look(int part, Head head) {
    if (head.seq() == seen[part]) {
      return true;
    }
    List<Entry> last = logs.read(log(part), head.seq() - 1, head.seq(), 1);
    if (!last.isEmpty()) {
      seen[part] = head.seq();
      runs[part] = QueueCodec.claim(last.getFirst());
    }
    // Else it was compacted between the two looks, so there is a newer one; it is seen next time.
    return !last.isEmpty();
  }

  /** Whether it is this run's, as of the last look. */
  boolean isOurs(int part) {
    return runs[part].equals(workers.self());
  }

  /** Whether nobody has it, as of the last look. */
  boolean isFree(int part) {
    return runs[part].isEmpty() || !(isOurs(part) || workers.isAlive(runs[part]));
  }

  /** The run that has it, as of the last look; empty if nobody does. */
  String holder(int part) {
    return runs[part];
  }

  /** Takes a part that is free; whether nobody else was faster. */
  boolean take(int part) {
    return append(part, workers.self());
  }

  /** Gives a part of ours to whoever wants it. */
  void giveBack(int part) {
    boolean ours = append(part, "");
    if (!ours) {
      // Somebody took this node for dead and has it already.
      runs[part] = "";
    }
  }

  private boolean append(int part, String run) {
    Append append =
        new Append(log(part), List.of(QueueCodec.claim(run)), Append.Expect.at(seen[part]), null);
    return switch (logs.append(append)) {
      case Appended appended -> {
        seen[part] = appended.lastSeq();
        runs[part] = run;
        tidy(part);
        yield true;
      }
      case Conflict _ -> false;
    };
  }

  private void tidy(int part) {
    long seq = seen[part];
    if (seq % KEPT == 0) {
      logs.saveSnapshot(log(part), new Snapshot(seq, ByteString.EMPTY));
      logs.compact(log(part), LongStream.range(Math.max(1, seq - 2 * KEPT), seq).toArray());
    }
  }
}
