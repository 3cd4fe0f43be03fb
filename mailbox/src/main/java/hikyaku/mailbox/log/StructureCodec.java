package hikyaku.mailbox.log;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.proto.AddressRecord;
import hikyaku.mailbox.log.proto.EnvelopeRecord;
import hikyaku.mailbox.log.proto.ParameterRecord;
import hikyaku.mailbox.log.proto.PartRecord;
import hikyaku.mailbox.log.proto.StructureRecord;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimeParameter;
import hikyaku.protocol.mime.MimePart;
import hikyaku.protocol.mime.SentDate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What MIME parsing found, to records of {@code mailbox.proto} and back, without loss. */
final class StructureCodec {
  private static final int HAS_8BIT = 1;
  private static final int HAS_NUL = 2;
  private static final int HAS_BARE_LINE_ENDING = 4;
  private static final int HAS_ATTACHMENTS = 8;
  private static final int LIMIT_REACHED = 16;

  private StructureCodec() {}

  static StructureRecord encode(MessageStructure structure) {
    StructureRecord.Builder record =
        StructureRecord.newBuilder()
            .setRoot(encode(structure.root()))
            .setEnvelope(encode(structure.envelope()))
            .setPreview(structure.preview())
            .setTraits(traits(structure))
            .setLongestLine(structure.longestLine())
            .setReceivedFields(structure.receivedFields());
    structure.references().forEach(r -> record.addReferences(octets(r)));
    structure.deliveredTo().forEach(d -> record.addDeliveredTo(octets(d)));
    SentDate sent = structure.sent();
    if (sent != null) {
      record.setSent(sent.epochSecond()).setSentOffset(sent.offsetSeconds());
    }
    return record.build();
  }

  static @Nullable SentDate sent(StructureRecord record) {
    return record.hasSent() ? new SentDate(record.getSent(), record.getSentOffset()) : null;
  }

  static Envelope envelope(StructureRecord record) {
    return decode(record.getEnvelope());
  }

  private static int traits(MessageStructure structure) {
    return (structure.has8bit() ? HAS_8BIT : 0)
        | (structure.hasNul() ? HAS_NUL : 0)
        | (structure.hasBareLineEnding() ? HAS_BARE_LINE_ENDING : 0)
        | (structure.hasAttachments() ? HAS_ATTACHMENTS : 0)
        | (structure.limitReached() ? LIMIT_REACHED : 0);
  }

  static MessageStructure decode(StructureRecord record, long size) {
    int traits = record.getTraits();
    return new MessageStructure(
        size,
        decode(record.getRoot()),
        envelope(record),
        sent(record),
        strings(record.getReferencesList()),
        record.getReceivedFields(),
        strings(record.getDeliveredToList()),
        record.getPreview(),
        (traits & HAS_8BIT) != 0,
        (traits & HAS_NUL) != 0,
        (traits & HAS_BARE_LINE_ENDING) != 0,
        record.getLongestLine(),
        (traits & HAS_ATTACHMENTS) != 0,
        (traits & LIMIT_REACHED) != 0);
  }

  private static PartRecord encode(MimePart part) {
    PartRecord.Builder record =
        PartRecord.newBuilder()
            .setHeaderStart(part.headerStart())
            .setBodyStart(part.bodyStart())
            .setBodyEnd(part.bodyEnd())
            .setLines(part.lines())
            .setTypeDeclared(part.typeDeclared());
    if (!part.type().equals("text")) {
      record.setType(octets(part.type()));
    }
    if (!part.subtype().equals("plain")) {
      record.setSubtype(octets(part.subtype()));
    }
    if (!part.encoding().equals("7bit")) {
      record.setEncoding(octets(part.encoding()));
    }
    part.parameters().forEach(p -> record.addParameters(encode(p)));
    part.dispositionParameters().forEach(p -> record.addDispositionParameters(encode(p)));
    part.languages().forEach(l -> record.addLanguages(octets(l)));
    part.children().forEach(c -> record.addChildren(encode(c)));
    ifPresent(part.contentId(), record::setContentId);
    ifPresent(part.description(), record::setDescription);
    ifPresent(part.disposition(), record::setDisposition);
    ifPresent(part.location(), record::setLocation);
    ifPresent(part.md5(), record::setMd5);
    Envelope envelope = part.envelope();
    if (envelope != null) {
      record.setEnvelope(encode(envelope));
    }
    return record.build();
  }

  private static MimePart decode(PartRecord record) {
    return new MimePart(
        record.getHeaderStart(),
        record.getBodyStart(),
        record.getBodyEnd(),
        record.getLines(),
        record.hasType() ? string(record.getType()) : "text",
        record.hasSubtype() ? string(record.getSubtype()) : "plain",
        record.getTypeDeclared(),
        parameters(record.getParametersList()),
        record.hasContentId() ? string(record.getContentId()) : null,
        record.hasDescription() ? string(record.getDescription()) : null,
        record.hasEncoding() ? string(record.getEncoding()) : "7bit",
        record.hasDisposition() ? string(record.getDisposition()) : null,
        parameters(record.getDispositionParametersList()),
        strings(record.getLanguagesList()),
        record.hasLocation() ? string(record.getLocation()) : null,
        record.hasMd5() ? string(record.getMd5()) : null,
        record.hasEnvelope() ? decode(record.getEnvelope()) : null,
        each(record.getChildrenList(), StructureCodec::decode));
  }

  private static EnvelopeRecord encode(Envelope envelope) {
    EnvelopeRecord.Builder record = EnvelopeRecord.newBuilder();
    ifPresent(envelope.date(), record::setDate);
    ifPresent(envelope.subject(), record::setSubject);
    ifPresent(envelope.inReplyTo(), record::setInReplyTo);
    ifPresent(envelope.messageId(), record::setMessageId);
    envelope.from().forEach(a -> record.addFrom(encode(a)));
    if (!envelope.sender().equals(envelope.from())) {
      envelope.sender().forEach(a -> record.addSender(encode(a)));
    }
    if (!envelope.replyTo().equals(envelope.from())) {
      envelope.replyTo().forEach(a -> record.addReplyTo(encode(a)));
    }
    envelope.to().forEach(a -> record.addTo(encode(a)));
    envelope.cc().forEach(a -> record.addCc(encode(a)));
    envelope.bcc().forEach(a -> record.addBcc(encode(a)));
    return record.build();
  }

  private static Envelope decode(EnvelopeRecord record) {
    List<EnvelopeAddress> from = addresses(record.getFromList());
    return new Envelope(
        record.hasDate() ? string(record.getDate()) : null,
        record.hasSubject() ? string(record.getSubject()) : null,
        from,
        record.getSenderCount() == 0 ? from : addresses(record.getSenderList()),
        record.getReplyToCount() == 0 ? from : addresses(record.getReplyToList()),
        addresses(record.getToList()),
        addresses(record.getCcList()),
        addresses(record.getBccList()),
        record.hasInReplyTo() ? string(record.getInReplyTo()) : null,
        record.hasMessageId() ? string(record.getMessageId()) : null);
  }

  private static AddressRecord encode(EnvelopeAddress address) {
    AddressRecord.Builder record = AddressRecord.newBuilder();
    ifPresent(address.name(), record::setName);
    ifPresent(address.route(), record::setRoute);
    ifPresent(address.mailbox(), record::setMailbox);
    ifPresent(address.host(), record::setHost);
    return record.build();
  }

  private static List<EnvelopeAddress> addresses(List<AddressRecord> records) {
    return each(
        records,
        r ->
            new EnvelopeAddress(
                r.hasName() ? string(r.getName()) : null,
                r.hasRoute() ? string(r.getRoute()) : null,
                r.hasMailbox() ? string(r.getMailbox()) : null,
                r.hasHost() ? string(r.getHost()) : null));
  }

  private static ParameterRecord encode(MimeParameter parameter) {
    return ParameterRecord.newBuilder()
        .setName(octets(parameter.name()))
        .setValue(octets(parameter.value()))
        .build();
  }

  private static List<MimeParameter> parameters(List<ParameterRecord> records) {
    return each(records, r -> new MimeParameter(string(r.getName()), string(r.getValue())));
  }

  private static ByteString octets(String octets) {
    return ByteString.copyFrom(octets, StandardCharsets.ISO_8859_1);
  }

  static String string(ByteString octets) {
    return octets.toString(StandardCharsets.ISO_8859_1);
  }

  private static List<String> strings(List<ByteString> list) {
    return each(list, StructureCodec::string);
  }

  /** Most lists here are empty or of one: it is done for every message that is read. */
  private static <R, T> List<T> each(List<R> records, Function<R, T> decode) {
    return switch (records.size()) {
      case 0 -> List.of();
      case 1 -> List.of(decode.apply(records.getFirst()));
      default -> {
        List<T> all = new ArrayList<>(records.size());
        for (R each : records) {
          all.add(decode.apply(each));
        }
        yield List.copyOf(all);
      }
    };
  }

  private static void ifPresent(
      @Nullable String octets, java.util.function.Consumer<ByteString> setter) {
    if (octets != null) {
      setter.accept(octets(octets));
    }
  }
}
