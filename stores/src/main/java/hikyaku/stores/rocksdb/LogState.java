package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.rocksdb.proto.LogRecord;
import hikyaku.stores.rocksdb.proto.TallyRecord;

/**
 * A log's head with what only the engine knows of it; the components are those of {@code
 * LogRecord}.
 */
record LogState(
    long number,
    Head head,
    long lastTime,
    long snapshotSeq,
    long goneEntries,
    long goneIds,
    Tally goneTally) {
  static final LogState NONE = new LogState(0, Head.NONE, 0, 0, 0, 0, Tally.ZERO);

  boolean exists() {
    return head.exists();
  }

  LogState withSnapshot(long seq) {
    return new LogState(number, head, lastTime, seq, goneEntries, goneIds, goneTally);
  }

  LogState without(long entries, long ids, Tally tally) {
    return new LogState(
        number,
        head,
        lastTime,
        snapshotSeq,
        goneEntries + entries,
        goneIds + ids,
        goneTally.plus(tally));
  }

  LogRecord toRecord() {
    return LogRecord.newBuilder()
        .setNumber(number)
        .setSeq(head.seq())
        .setNextId(head.nextId())
        .setTally(record(head.tally()))
        .setLastTime(lastTime)
        .setSnapshotSeq(snapshotSeq)
        .setGoneEntries(goneEntries)
        .setGoneIds(goneIds)
        .setGoneTally(record(goneTally))
        .build();
  }

  static LogState decode(LogName name, byte[] frame) {
    return decode(Keys.log(name), frame);
  }

  static LogState decode(byte[] key, byte[] frame) {
    LogRecord record = Frames.decode(Column.LOGS, key, frame, LogRecord.parser());
    return new LogState(
        record.getNumber(),
        new Head(record.getSeq(), record.getNextId(), tally(record.getTally())),
        record.getLastTime(),
        record.getSnapshotSeq(),
        record.getGoneEntries(),
        record.getGoneIds(),
        tally(record.getGoneTally()));
  }

  static Tally tally(TallyRecord record) {
    return new Tally(record.getCount(), record.getOctets());
  }

  static TallyRecord record(Tally tally) {
    return TallyRecord.newBuilder().setCount(tally.count()).setOctets(tally.octets()).build();
  }
}
