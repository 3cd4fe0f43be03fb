package hikyaku.server.flow;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.flow.proto.LimitEvent;
import hikyaku.server.flow.proto.LimitRecord;
import hikyaku.server.flow.proto.LimitsRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The limits as the store has them, the same for all nodes. Every method but {@link #known} may
 * throw {@link StoreException}. Safe for use by many threads.
 */
public final class LimitBook {
  /** Limits that there may be. Every node has all of them in memory. */
  public static final int MOST = 10_000;

  static final LogName LOG = new LogName("cluster/limits");

  /** Entries that are left to gather before they are compacted. */
  static final int KEPT = 256;

  private static final int PAGE = 500;

  private final LogStore logs;
  private final Map<Name, Limit> limits = new LinkedHashMap<>();
  private long seq;
  private long changes;
  private long snapshotted;

  /** What a limit is found by. */
  private record Name(Subject subject, Dimension dimension) {}

  public LimitBook(LogStore logs) {
    this.logs = logs;
  }

  /** All limits, in the order of their subjects. */
  public List<Limit> limits() {
    long unused = look();
    return known();
  }

  /** As they were at the last look. */
  synchronized List<Limit> known() {
    return limits.values().stream().sorted(Limit.ORDER).toList();
  }

  /** Brings the fold up to date; says in which state it is, another one after each change. */
  synchronized long look() {
    long head = logs.head(LOG).seq();
    if (head == seq) {
      return changes;
    }
    changes++;
    if (head < seq) {
      // The log was dropped and made anew.
      limits.clear();
      seq = 0;
    }
    while (seq < head) {
      List<Entry> page = logs.read(LOG, seq, head, PAGE);
      if (page.isEmpty() || page.getFirst().seq() > seq + 1) {
        // What is missing was compacted away, and is in the snapshot.
        Optional<Snapshot> kept = logs.snapshot(LOG).filter(snapshot -> snapshot.seq() > seq);
        if (kept.isEmpty()) {
          return changes;
        }
        restore(kept.get());
        continue;
      }
      for (Entry entry : page) {
        if (entry.seq() != seq + 1) {
          break;
        }
        apply(entry);
        seq = entry.seq();
      }
    }
    return changes;
  }

  private void restore(Snapshot snapshot) {
    LimitsRecord record;
    try {
      record = LimitsRecord.parseFrom(snapshot.state());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("the snapshot of log " + LOG + " makes no sense", e);
    }
    limits.clear();
    record.getLimitsList().forEach(this::put);
    seq = snapshot.seq();
    snapshotted = snapshot.seq();
  }

  private void apply(Entry entry) {
    LimitEvent event;
    try {
      event = LimitEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "entry " + entry.seq() + " of log " + LOG + " makes no sense", e);
    }
    switch (event.getEventCase()) {
      case SET -> put(event.getSet());
      case REMOVED -> name(event.getRemoved()).ifPresent(limits::remove);
      case EVENT_NOT_SET -> {
        // Of a later version.
      }
    }
  }

  private void put(LimitRecord record) {
    name(record)
        .ifPresent(name ->
            limits.put(
                name,
                new Limit(name.subject, name.dimension, record.getValue(), record.getBurst())));
  }

  /** Nothing for one that this version does not know. */
  private static Optional<Name> name(LimitRecord record) {
    try {
      return Optional.of(
          new Name(Subject.parse(record.getSubject()), Dimension.parse(record.getDimension())));
    } catch (IllegalArgumentException ofLaterVersion) {
      return Optional.empty();
    }
  }

  /**
   * Sets a limit, in place of one on the same dimension of the same subject. Durable when it
   * returns.
   *
   * @throws IllegalArgumentException with a sentence for the operator, if there are too many
   */
  public synchronized void set(Limit limit) {
    long unused = look();
    if (limits.size() >= MOST
        && !limits.containsKey(new Name(limit.subject(), limit.dimension()))) {
      throw new IllegalArgumentException("there are " + MOST + " limits already");
    }
    append(LimitEvent.newBuilder().setSet(record(limit)).build());
  }

  /**
   * Takes away limits that were set. Durable when it returns.
   *
   * @param dimension the only one to take away; empty for all of the subject
   * @return those that were there
   */
  public synchronized List<Limit> remove(Subject subject, Optional<Dimension> dimension) {
    long unused = look();
    List<Limit> gone = new ArrayList<>();
    for (Limit limit : known()) {
      if (limit.subject().equals(subject)
          && dimension.filter(only -> limit.dimension() != only).isEmpty()) {
        append(LimitEvent.newBuilder().setRemoved(record(limit)).build());
        gone.add(limit);
      }
    }
    return gone;
  }

  private static LimitRecord record(Limit limit) {
    return LimitRecord.newBuilder()
        .setSubject(limit.subject().toString())
        .setDimension(limit.dimension().label())
        .setValue(limit.value())
        .setBurst(limit.burst())
        .build();
  }

  private void append(LimitEvent event) {
    LogStore.appendOrBegin(logs, Append.to(LOG, List.of(Event.of(event.toByteString()))));
    long unused = look();
    if (seq - snapshotted >= KEPT) {
      compact();
    }
  }

  private void compact() {
    LimitsRecord.Builder record = LimitsRecord.newBuilder();
    known().forEach(limit -> record.addLimits(record(limit)));
    ByteString state = record.build().toByteString();
    logs.saveSnapshot(LOG, new Snapshot(seq, state));
    logs.compact(LOG, LongStream.rangeClosed(Math.max(1, seq - 2 * KEPT), seq).toArray());
    snapshotted = seq;
  }

  /** Calls when the store hints that the limits have changed. */
  LogStore.Registration hints(Runnable changed) {
    return logs.hints(log -> {
      if (log.equals(LOG)) {
        changed.run();
      }
    });
  }
}
