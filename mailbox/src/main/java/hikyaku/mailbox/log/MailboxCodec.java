package hikyaku.mailbox.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import hikyaku.mailbox.log.proto.FlagSet;
import hikyaku.mailbox.log.proto.FlagsChanged;
import hikyaku.mailbox.log.proto.MailboxCreated;
import hikyaku.mailbox.log.proto.MailboxEventRecord;
import hikyaku.mailbox.log.proto.MessageAppended;
import hikyaku.mailbox.log.proto.MessagesExpunged;
import hikyaku.mailbox.log.proto.UidRanges;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Mailbox events to records of {@code mailbox.proto} and back. */
public final class MailboxCodec {
  private MailboxCodec() {}

  // ---- to the store

  /** The event that brings a message: takes a UID, counts the message, names its blob. */
  public static Event event(NewMessage message) {
    MessageAppended appended =
        MessageAppended.newBuilder()
            .setBlob(message.blob().id().sha256())
            .setBlobOctets(message.blob().size())
            .setPrefix(message.prefix())
            .setInternalDate(message.internalDate().seconds())
            .setInternalDateOffset(message.internalDate().offsetMinutes())
            .setFlags(record(message.flags()))
            .setStructure(StructureCodec.encode(message.structure()))
            .setSession(message.session())
            .build();
    ByteString payload =
        MailboxEventRecord.newBuilder().setAppended(appended).build().toByteString();
    return new Event(payload, 1, new Tally(1, message.octets()), List.of(message.blob().id()));
  }

  public static Event event(MailboxEvent.Created created) {
    return Event.of(
        MailboxEventRecord.newBuilder()
            .setCreated(MailboxCreated.newBuilder().setUidValidity((int) created.uidValidity()))
            .build()
            .toByteString());
  }

  public static Event event(MailboxEvent.FlagsChanged changed) {
    FlagsChanged.Operation operation =
        switch (changed.change().operation()) {
          case ADD -> FlagsChanged.Operation.ADD;
          case REMOVE -> FlagsChanged.Operation.REMOVE;
          case REPLACE -> FlagsChanged.Operation.REPLACE;
        };
    return Event.of(
        MailboxEventRecord.newBuilder()
            .setFlagsChanged(
                FlagsChanged.newBuilder()
                    .setUids(record(changed.uids()))
                    .setOperation(operation)
                    .setFlags(record(changed.change().flags())))
            .build()
            .toByteString());
  }

  /**
   * The event that takes messages away.
   *
   * @param octets the sum of their sizes
   */
  public static Event expunge(UidSet uids, long octets) {
    ByteString payload =
        MailboxEventRecord.newBuilder()
            .setExpunged(MessagesExpunged.newBuilder().setUids(record(uids)))
            .build()
            .toByteString();
    return new Event(payload, 0, new Tally(-uids.size(), -octets), List.of());
  }

  // ---- from the store

  /**
   * @throws StoreException.Corrupt if the entry is none of a mailbox log
   */
  public static MailboxEvent decode(Entry entry) {
    try {
      return decode(MailboxEventRecord.parseFrom(entry.payload()), entry);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw undecodable(entry, e);
    }
  }

  /**
   * The brief of the message that an entry brought.
   *
   * @throws StoreException.Corrupt if it brought none
   */
  public static Brief brief(Entry entry) {
    try {
      ByteString appended = field(entry.payload(), MailboxEventRecord.APPENDED_FIELD_NUMBER);
      if (appended == null) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " is no message", null);
      }
      ByteString structure = field(appended, MessageAppended.STRUCTURE_FIELD_NUMBER);
      return BriefCodec.brief(structure == null ? ByteString.EMPTY : structure);
    } catch (IOException e) {
      throw undecodable(entry, e);
    }
  }

  /** The octets of a message in another one, undecoded; null if it is not there. */
  private static @Nullable ByteString field(ByteString record, int number) throws IOException {
    CodedInputStream in = record.newCodedInput();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == number) {
        int length = in.readRawVarint32();
        int start = in.getTotalBytesRead();
        in.skipRawBytes(length);
        return record.substring(start, start + length);
      }
      in.skipField(tag);
    }
    return null;
  }

  static StoreException undecodable(Entry entry, Exception cause) {
    return new StoreException.Corrupt("mailbox entry " + entry.seq() + " cannot be decoded", cause);
  }

  private static MailboxEvent decode(MailboxEventRecord record, Entry entry) {
    return switch (record.getEventCase()) {
      case CREATED ->
          new MailboxEvent.Created(Integer.toUnsignedLong(record.getCreated().getUidValidity()));
      case APPENDED -> new MailboxEvent.Appended(message(record.getAppended()));
      case FLAGS_CHANGED -> {
        FlagsChanged changed = record.getFlagsChanged();
        FlagChange.Operation operation =
            switch (changed.getOperation()) {
              case ADD -> FlagChange.Operation.ADD;
              case REMOVE -> FlagChange.Operation.REMOVE;
              case REPLACE -> FlagChange.Operation.REPLACE;
              case OPERATION_UNSPECIFIED, UNRECOGNIZED ->
                  throw new IllegalArgumentException("unknown flag operation");
            };
        yield new MailboxEvent.FlagsChanged(
            uidSet(changed.getUids()), new FlagChange(operation, flags(changed.getFlags())));
      }
      case EXPUNGED -> new MailboxEvent.Expunged(uidSet(record.getExpunged().getUids()));
      case EVENT_NOT_SET ->
          throw new IllegalArgumentException("entry " + entry.seq() + " of an unknown kind");
    };
  }

  private static NewMessage message(MessageAppended appended) {
    Blob blob = new Blob(new BlobId(appended.getBlob()), appended.getBlobOctets());
    return new NewMessage(
        appended.getPrefix(),
        blob,
        new InternalDate(appended.getInternalDate(), appended.getInternalDateOffset()),
        flags(appended.getFlags()),
        StructureCodec.decode(appended.getStructure(), blob.size()),
        appended.getSession());
  }

  // ---- values

  public static FlagSet record(Flags flags) {
    return FlagSet.newBuilder().setSystem(flags.system()).addAllKeywords(flags.keywords()).build();
  }

  public static Flags flags(FlagSet record) {
    return Flags.of(record.getSystem(), record.getKeywordsList());
  }

  public static UidRanges record(UidSet uids) {
    UidRanges.Builder builder = UidRanges.newBuilder();
    for (UidSet.Range range : uids.ranges()) {
      builder.addBounds((int) range.first()).addBounds((int) range.last());
    }
    return builder.build();
  }

  public static UidSet uidSet(UidRanges record) {
    List<Integer> bounds = record.getBoundsList();
    if (bounds.size() % 2 != 0) {
      throw new IllegalArgumentException("half a range of UIDs");
    }
    UidSet.Builder builder = new UidSet.Builder();
    for (int i = 0; i < bounds.size(); i += 2) {
      UidSet.Range range =
          new UidSet.Range(
              Integer.toUnsignedLong(bounds.get(i)), Integer.toUnsignedLong(bounds.get(i + 1)));
      builder.add(range.first(), range.last());
    }
    return builder.build();
  }
}
