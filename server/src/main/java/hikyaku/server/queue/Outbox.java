package hikyaku.server.queue;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The way into the queue. */
public final class Outbox {
  private final LogStore logs;

  public Outbox(LogStore logs) {
    this.logs = logs;
  }

  /** Makes the parts that are not there yet. To be called before anything is put in. */
  public void open() {
    List<LogName> all = IntStream.range(0, Part.COUNT).mapToObj(Part::log).toList();
    Map<LogName, Head> heads = logs.heads(all);
    for (LogName log : all) {
      if (!heads.getOrDefault(log, Head.NONE).exists()) {
        // If another node is faster this conflicts, and the part is there all the same.
        var unused =
            logs.append(new Append(log, List.of(QueueCodec.opened()), Append.Expect.NEW, null));
      }
    }
  }

  /**
   * What puts a message into the queue, for a round of the caller's. A transaction goes to the same
   * part however often it is repeated.
   */
  public Append append(Outgoing message) {
    return Append.to(Part.log(part(message.transaction())), List.of(QueueCodec.queued(message)));
  }

  /** The part that has a transaction. */
  static int part(String transaction) {
    return Math.floorMod(mixed(transaction.hashCode()), Part.COUNT);
  }

  /** Ids of sessions differ in few characters, and the hash of a string shows it. */
  private static int mixed(int hash) {
    int h = hash * 0x9E3779B9;
    return h ^ (h >>> 16);
  }
}
