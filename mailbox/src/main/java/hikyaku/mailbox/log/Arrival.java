package hikyaku.mailbox.log;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import hikyaku.mailbox.log.proto.FlagSet;
import hikyaku.mailbox.log.proto.MailboxEventRecord;
import hikyaku.mailbox.log.proto.MessageAppended;
import hikyaku.mailbox.store.Entry;
import java.io.IOException;
import java.util.Optional;

/**
 * What a fold keeps of a message that came. The structure, which is most of an entry, is passed
 * over: who reads the message decodes it.
 *
 * @param octets RFC822.SIZE, as {@link NewMessage#octets}
 * @param flags at arrival
 */
public record Arrival(InternalDate internalDate, long octets, Flags flags) {
  /**
   * @return empty if the entry is of another kind
   * @throws hikyaku.mailbox.store.StoreException.Corrupt if it cannot be decoded
   */
  public static Optional<Arrival> of(Entry entry) {
    try {
      CodedInputStream in = entry.payload().newCodedInput();
      int tag = in.readTag();
      if (WireFormat.getTagFieldNumber(tag) != MailboxEventRecord.APPENDED_FIELD_NUMBER) {
        return Optional.empty();
      }
      in.pushLimit(in.readRawVarint32());
      return Optional.of(read(in));
    } catch (IOException | IllegalArgumentException e) {
      throw MailboxCodec.undecodable(entry, e);
    }
  }

  private static Arrival read(CodedInputStream in) throws IOException {
    long seconds = 0;
    int offset = 0;
    long octets = 0;
    Flags flags = Flags.NONE;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case MessageAppended.BLOB_OCTETS_FIELD_NUMBER -> octets += in.readUInt64();
        case MessageAppended.PREFIX_FIELD_NUMBER -> {
          int length = in.readRawVarint32();
          in.skipRawBytes(length);
          octets += length;
        }
        case MessageAppended.INTERNAL_DATE_FIELD_NUMBER -> seconds = in.readSInt64();
        case MessageAppended.INTERNAL_DATE_OFFSET_FIELD_NUMBER -> offset = in.readSInt32();
        case MessageAppended.FLAGS_FIELD_NUMBER -> {
          FlagSet.Builder set = FlagSet.newBuilder();
          in.readMessage(set, ExtensionRegistryLite.getEmptyRegistry());
          flags = MailboxCodec.flags(set.build());
        }
        default -> {
          if (!in.skipField(tag)) {
            throw new InvalidProtocolBufferException("a group ends that was not begun");
          }
        }
      }
    }
    return new Arrival(new InternalDate(seconds, offset), octets, flags);
  }
}
