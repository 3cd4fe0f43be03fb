package hikyaku.mailbox.view;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.proto.DeadEntry;
import hikyaku.mailbox.log.proto.MailboxSnapshot;
import hikyaku.mailbox.log.proto.Tombstone;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Folds of mailboxes to {@code MailboxSnapshot} records and back. */
final class MailboxSnapshots {
  private MailboxSnapshots() {}

  static ByteString encode(MailboxState state) {
    MailboxSnapshot.Builder record =
        MailboxSnapshot.newBuilder()
            .setUidValidity((int) state.uidValidity())
            .setUidNext((int) state.uidNext())
            .addAllKeywords(state.keywords())
            .setExpungesKnownSince(state.tombstones().knownSince());
    Map<Flags, Integer> flagSets = new HashMap<>();
    long uid = 0;
    long appendSeq = 0;
    for (Chunk chunk : state.chunks()) {
      for (int i = 0; i < chunk.size(); i++) {
        record.addUidDelta((int) (chunk.uid(i) - uid));
        record.addAppendSeqDelta(chunk.appendSeq(i) - appendSeq);
        uid = chunk.uid(i);
        appendSeq = chunk.appendSeq(i);
        record.addModseq(chunk.modseq(i));
        record.addFlags(
            flagSets.computeIfAbsent(
                chunk.flags(i),
                flags -> {
                  record.addFlagSets(MailboxCodec.record(flags));
                  return record.getFlagSetsCount() - 1;
                }));
        record.addInternalDate(chunk.date(i).seconds());
        record.addInternalDateOffset(chunk.date(i).offsetMinutes());
        record.addOctets(chunk.octets(i));
      }
    }
    for (Tombstones.Tombstone t : state.tombstones().oldestFirst()) {
      record.addTombstones(
          Tombstone.newBuilder().setSeq(t.seq()).setUids(MailboxCodec.record(t.uids())));
    }
    for (DeadEntries.Dead d : state.dead().oldestFirst()) {
      record.addDead(DeadEntry.newBuilder().setSeq(d.seq()).setTime(d.time()));
    }
    return record.build().toByteString();
  }

  /**
   * @throws StoreException.Corrupt if it cannot be decoded
   */
  static MailboxState decode(Snapshot snapshot) {
    try {
      return decode(snapshot.seq(), MailboxSnapshot.parseFrom(snapshot.state()));
    } catch (InvalidProtocolBufferException
        | IllegalArgumentException
        | IndexOutOfBoundsException e) {
      throw new StoreException.Corrupt(
          "mailbox snapshot at " + snapshot.seq() + " cannot be decoded", e);
    }
  }

  private static MailboxState decode(long seq, MailboxSnapshot record) {
    List<Flags> flagSets = record.getFlagSetsList().stream().map(MailboxCodec::flags).toList();
    List<Chunk> chunks = new ArrayList<>();
    Chunk.Draft draft = new Chunk.Draft();
    long uid = 0;
    long appendSeq = 0;
    long octets = 0;
    int unseen = 0;
    for (int i = 0; i < record.getUidDeltaCount(); i++) {
      if (draft.isFull()) {
        chunks.add(draft.build());
        draft = new Chunk.Draft();
      }
      uid += Integer.toUnsignedLong(record.getUidDelta(i));
      appendSeq += record.getAppendSeqDelta(i);
      Flags flags = flagSets.get(record.getFlags(i));
      draft.add(
          uid,
          appendSeq,
          record.getModseq(i),
          new InternalDate(record.getInternalDate(i), record.getInternalDateOffset(i)),
          record.getOctets(i),
          flags);
      octets += record.getOctets(i);
      unseen += flags.has(SystemFlag.SEEN) ? 0 : 1;
    }
    if (draft.size() > 0) {
      chunks.add(draft.build());
    }
    Map<String, String> keywords = new TreeMap<>();
    record.getKeywordsList().forEach(k -> keywords.put(Flags.fold(k), k));
    Tombstones tombstones = new Tombstones(null, 0, record.getExpungesKnownSince());
    for (Tombstone t : record.getTombstonesList()) {
      tombstones = tombstones.plus(t.getSeq(), MailboxCodec.uidSet(t.getUids()));
    }
    DeadEntries dead = DeadEntries.NONE;
    for (DeadEntry d : record.getDeadList()) {
      dead = dead.plus(d.getSeq(), d.getTime());
    }
    return new MailboxState(
        seq,
        Integer.toUnsignedLong(record.getUidValidity()),
        Integer.toUnsignedLong(record.getUidNext()),
        chunks.toArray(Chunk[]::new),
        tombstones,
        dead,
        keywords,
        octets,
        unseen);
  }
}
