package hikyaku.mailbox.log;

import static hikyaku.mailbox.log.StructureCodec.string;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import hikyaku.mailbox.log.proto.EnvelopeRecord;
import hikyaku.mailbox.log.proto.StructureRecord;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.SentDate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The octets of a {@link Brief}: what subjects are compared by, behind its length and whether it is
 * a reply's, and then the envelope and the references as a {@link StructureRecord} has them. They
 * are in memory alone.
 */
final class BriefCodec {
  private BriefCodec() {}

  /**
   * What is kept of a message's {@link StructureRecord}: all else is passed over undecoded.
   *
   * @throws IOException if the octets are none
   */
  static Brief brief(ByteString structure) throws IOException {
    ByteString.Output kept = ByteString.newOutput(structure.size() / 2);
    write(ComparedSubject.of(subject(structure)), kept);
    boolean dated = false;
    long sent = 0;
    int offset = 0;
    CodedInputStream in = structure.newCodedInput();
    int start = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case StructureRecord.ENVELOPE_FIELD_NUMBER, StructureRecord.REFERENCES_FIELD_NUMBER -> {
          in.skipField(tag);
          structure.substring(start, in.getTotalBytesRead()).writeTo(kept);
        }
        case StructureRecord.SENT_FIELD_NUMBER -> {
          sent = in.readSInt64();
          dated = true;
        }
        case StructureRecord.SENT_OFFSET_FIELD_NUMBER -> offset = in.readSInt32();
        default -> in.skipField(tag);
      }
      start = in.getTotalBytesRead();
    }
    return Brief.of(dated ? new SentDate(sent, offset) : null, kept.toByteString());
  }

  private static void write(ComparedSubject subject, ByteString.Output to) throws IOException {
    CodedOutputStream out = CodedOutputStream.newInstance(to, 16);
    out.writeUInt32NoTag(subject.folded().size() << 1 | (subject.replyOrForward() ? 1 : 0));
    out.flush();
    subject.folded().writeTo(to);
  }

  /**
   * By what the subject is compared.
   *
   * @throws IOException if the octets are no brief's
   */
  static ComparedSubject compared(ByteString brief) throws IOException {
    CodedInputStream in = brief.newCodedInput();
    int head = in.readRawVarint32();
    int start = in.getTotalBytesRead();
    return new ComparedSubject(brief.substring(start, start + (head >>> 1)), (head & 1) != 0);
  }

  /** What follows that. */
  private static ByteString record(ByteString brief) throws IOException {
    CodedInputStream in = brief.newCodedInput();
    int length = in.readRawVarint32() >>> 1;
    return brief.substring(in.getTotalBytesRead() + length);
  }

  /**
   * All of the envelope.
   *
   * @throws IOException if the octets are no brief's
   */
  static Envelope envelope(ByteString brief) throws IOException {
    return StructureCodec.envelope(StructureRecord.parseFrom(record(brief)));
  }

  private static @Nullable String subject(ByteString record) throws IOException {
    CodedInputStream in = record.newCodedInput();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == StructureRecord.ENVELOPE_FIELD_NUMBER) {
        int behind = in.pushLimit(in.readRawVarint32());
        for (int field = in.readTag(); field != 0; field = in.readTag()) {
          if (WireFormat.getTagFieldNumber(field) == EnvelopeRecord.SUBJECT_FIELD_NUMBER) {
            return new String(in.readByteArray(), StandardCharsets.ISO_8859_1);
          }
          in.skipField(field);
        }
        in.popLimit(behind);
      } else {
        in.skipField(tag);
      }
    }
    return null;
  }

  /**
   * What is no address: what is passed over costs nothing.
   *
   * @throws IOException if the octets are no brief's
   */
  static Brief.Names names(ByteString brief) throws IOException {
    String subject = null;
    String inReplyTo = null;
    String messageId = null;
    List<String> references = new ArrayList<>();
    CodedInputStream in = record(brief).newCodedInput();
    in.enableAliasing(true);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case StructureRecord.REFERENCES_FIELD_NUMBER -> references.add(string(in.readBytes()));
        case StructureRecord.ENVELOPE_FIELD_NUMBER -> {
          int behind = in.pushLimit(in.readRawVarint32());
          for (int field = in.readTag(); field != 0; field = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(field)) {
              case EnvelopeRecord.SUBJECT_FIELD_NUMBER -> subject = string(in.readBytes());
              case EnvelopeRecord.IN_REPLY_TO_FIELD_NUMBER -> inReplyTo = string(in.readBytes());
              case EnvelopeRecord.MESSAGE_ID_FIELD_NUMBER -> messageId = string(in.readBytes());
              default -> in.skipField(field);
            }
          }
          in.popLimit(behind);
        }
        default -> in.skipField(tag);
      }
    }
    return new Brief.Names(subject, inReplyTo, messageId, List.copyOf(references));
  }
}
