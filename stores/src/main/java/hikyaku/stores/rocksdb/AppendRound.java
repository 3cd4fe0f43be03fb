package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.base.Counts;
import hikyaku.stores.rocksdb.proto.AnswerRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.rocksdb.RocksDBException;

/** A round of appends. */
final class AppendRound extends Operation<List<Outcome>> {
  private final List<Append> round;
  private final Counts counts;
  private final long weight;

  AppendRound(List<Append> round, Counts counts) {
    this.round = List.copyOf(round);
    this.counts = counts;
    long octets = 0;
    for (Append append : round) {
      octets += OVERHEAD;
      for (Event event : append.events()) {
        octets += OVERHEAD + event.payload().size();
      }
    }
    this.weight = octets;
  }

  @Override
  long weight() {
    return weight;
  }

  @Override
  List<Outcome> stage(Batch batch) throws RocksDBException {
    look(batch);
    List<Outcome> outcomes = new ArrayList<>(round.size());
    for (Append append : round) {
      outcomes.add(apply(batch, append));
    }
    return outcomes;
  }

  /** Reads all that the round depends on, so that what cannot be read fails it as a whole. */
  private void look(Batch batch) throws RocksDBException {
    for (Append append : round) {
      LogState log = batch.log(append.log());
      if (append.key() != null && log.exists()) {
        batch.answer(log.number(), append.key());
      }
      for (Event event : append.events()) {
        for (BlobId blob : event.blobs()) {
          batch.requireBlob(blob);
        }
      }
    }
  }

  private static Outcome apply(Batch batch, Append append) throws RocksDBException {
    LogName name = append.log();
    LogState log = batch.log(name);
    if (append.key() != null && log.exists()) {
      Optional<AnswerRecord> first = batch.answer(log.number(), append.key());
      if (first.isPresent()) {
        return repeated(name, first.get());
      }
    }
    boolean met =
        switch (append.expect()) {
          case Append.Expect.Existing() -> log.exists();
          case Append.Expect.At(long seq) -> log.head().seq() == seq;
        };
    if (!met) {
      return new Conflict(name, log.head());
    }
    long number = log.exists() ? log.number() : batch.newLog();
    long time = Math.max(batch.now(), log.lastTime());
    Head head = log.head();
    for (Event event : append.events()) {
      head = write(batch, number, head, event, time);
    }
    batch.setLog(
        name,
        new LogState(
            number,
            head,
            time,
            log.snapshotSeq(),
            log.goneEntries(),
            log.goneIds(),
            log.goneTally()));
    long firstSeq = log.head().seq() + 1;
    long firstId = log.head().nextId();
    batch.change(name, number, firstSeq, head.seq());
    if (append.key() != null) {
      batch.putAnswer(
          number,
          append.key(),
          AnswerRecord.newBuilder()
              .setFirstSeq(firstSeq)
              .setLastSeq(head.seq())
              .setFirstId(firstId)
              .setTime(batch.now())
              .build());
    }
    batch.sync();
    return new Appended(name, firstSeq, head.seq(), firstId, /* repeated= */ false);
  }

  /** The answer to a repeat. */
  static Appended repeated(LogName name, AnswerRecord answer) {
    return new Appended(name, answer.getFirstSeq(), answer.getLastSeq(), answer.getFirstId(), true);
  }

  private static Head write(Batch batch, long log, Head head, Event event, long time)
      throws RocksDBException {
    long seq = head.seq() + 1;
    batch.put(Column.ENTRIES, Keys.entry(log, seq), Entries.record(event, head.nextId(), time));
    for (BlobId blob : new HashSet<>(event.blobs())) {
      batch.putReference(blob, log, seq);
    }
    Tally tally = head.tally().plus(event.tally());
    return new Head(seq, head.nextId() + event.ids(), tally);
  }

  @Override
  void written(List<Outcome> outcomes) {
    for (Outcome outcome : outcomes) {
      if (outcome instanceof Appended appended && !appended.repeated()) {
        counts.appends().increment();
        counts.entries().add(appended.lastSeq() - appended.firstSeq() + 1);
      }
    }
  }
}
