package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.rocksdb.proto.EntryRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Entries and their records. */
final class Entries {
  private Entries() {}

  static EntryRecord record(Event event, long firstId, long time) {
    EntryRecord.Builder record =
        EntryRecord.newBuilder()
            .setFirstId(firstId)
            .setIds(event.ids())
            .setTime(time)
            .setPayload(event.payload());
    if (!event.tally().equals(Tally.ZERO)) {
      record.setTally(LogState.record(event.tally()));
    }
    for (BlobId blob : event.blobs()) {
      record.addBlobs(blob.sha256());
    }
    return record.build();
  }

  static Entry decode(byte[] key, byte[] frame) {
    EntryRecord record = Frames.decode(Column.ENTRIES, key, frame, EntryRecord.parser());
    List<BlobId> blobs = new ArrayList<>(record.getBlobsCount());
    try {
      record.getBlobsList().forEach(sha256 -> blobs.add(new BlobId(sha256)));
    } catch (IllegalArgumentException e) {
      throw new StoreException.Corrupt(Keys.describe(Column.ENTRIES, key) + " is no entry", e);
    }
    return new Entry(
        Keys.numberAt(key, Keys.NUMBER),
        record.getFirstId(),
        record.getIds(),
        Instant.ofEpochMilli(record.getTime()),
        record.getPayload(),
        LogState.tally(record.getTally()),
        List.copyOf(blobs));
  }
}
