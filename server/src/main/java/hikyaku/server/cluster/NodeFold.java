package hikyaku.server.cluster;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.cluster.proto.NodeEvent;
import hikyaku.server.cluster.proto.NodeRecord;
import java.util.List;
import java.util.Optional;

/** The fold of one node's log. Owned by a {@link Roster}. */
final class NodeFold {
  private static final int PAGE = 500;

  private final LogStore logs;
  private final LogName log;
  private long seq;
  private NodeRecord record = NodeRecord.getDefaultInstance();
  private long signs;
  private boolean strange;

  NodeFold(LogStore logs, LogName log) {
    this.logs = logs;
    this.log = log;
  }

  /** The last entry that is folded in. */
  long seq() {
    return seq;
  }

  NodeRecord record() {
    return record;
  }

  /** How many signs of life have been folded in, those within one snapshot as one. */
  long signs() {
    return signs;
  }

  /**
   * Whether it has met a run that it has not seen joining. Either that run was superseded, or the
   * log was dropped and made anew unnoticed.
   */
  boolean isStrange() {
    return strange;
  }

  /** Folds up to this entry at least, unless the log is dropped meanwhile. */
  void catchUp(long through) {
    while (seq < through) {
      List<Entry> page = logs.read(log, seq, through, PAGE);
      if (page.isEmpty() || page.getFirst().seq() > seq + 1) {
        // What is missing was compacted away, and is in the snapshot.
        Optional<Snapshot> snapshot = logs.snapshot(log).filter(kept -> kept.seq() > seq);
        if (snapshot.isEmpty()) {
          return;
        }
        NodeRecord kept = parse(snapshot.get());
        signs += kept.getSeenMillis() == record.getSeenMillis() ? 0 : 1;
        record = kept;
        seq = snapshot.get().seq();
        continue;
      }
      for (Entry entry : page) {
        if (entry.seq() != seq + 1) {
          break;
        }
        record = apply(record, entry);
        seq = entry.seq();
      }
    }
  }

  private NodeRecord parse(Snapshot snapshot) {
    try {
      return NodeRecord.parseFrom(snapshot.state());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("the snapshot of log " + log + " makes no sense", e);
    }
  }

  private NodeRecord apply(NodeRecord before, Entry entry) {
    NodeEvent event;
    try {
      event = NodeEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "entry " + entry.seq() + " of log " + log + " makes no sense", e);
    }
    NodeRecord.Builder after = before.toBuilder();
    switch (event.getEventCase()) {
      case JOINED -> {
        after.setJoined(event.getJoined()).clearAlive().setLeft(false);
        sign(after, entry);
      }
      case ALIVE -> {
        if (isKnown(before, event.getAlive().getRun())) {
          after.setAlive(event.getAlive());
          sign(after, entry);
        }
      }
      case WISH -> after.getWishBuilder().mergeFrom(event.getWish());
      case LEFT -> {
        if (isKnown(before, event.getLeft().getRun())) {
          after.setLeft(true);
          sign(after, entry);
        }
      }
      case EVENT_NOT_SET -> {
        // Of a later version.
      }
    }
    return after.build();
  }

  private boolean isKnown(NodeRecord before, long run) {
    boolean known = before.getJoined().getRun() == run;
    strange |= !known;
    return known;
  }

  private void sign(NodeRecord.Builder record, Entry entry) {
    record.setSeenMillis(entry.time().toEpochMilli());
    signs++;
  }
}
