package hikyaku.mailbox.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.log.proto.StructureRecord;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.SentDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What sorting, threading and searching by header fields need of a message: its envelope, when it
 * was sent, what it refers to. It may be kept in memory, a few hundred octets each, and is decoded
 * only as far as it is asked. Used by one thread.
 */
public final class Brief {
  private final @Nullable SentDate sent;
  private final ByteString octets;
  private @Nullable Envelope envelope;
  private @Nullable List<String> references;

  private record Decoded(Envelope envelope, List<String> references) {}

  private Brief(@Nullable SentDate sent, ByteString octets) {
    this.sent = sent;
    this.octets = octets;
  }

  /** Of a message that was read whole. */
  public static Brief of(MessageStructure structure) {
    Brief brief = new Brief(structure.sent(), ByteString.EMPTY);
    brief.envelope = structure.envelope();
    brief.references = structure.references();
    return brief;
  }

  /**
   * A brief that was kept.
   *
   * @param octets what {@link #octets} gave
   */
  public static Brief of(@Nullable SentDate sent, ByteString octets) {
    return new Brief(sent, octets);
  }

  static Brief of(StructureRecord record) {
    return new Brief(StructureCodec.sent(record), StructureCodec.brief(record));
  }

  /** The Date field understood; null if it is absent or not to be understood. */
  public @Nullable SentDate sent() {
    return sent;
  }

  /** All but the date, to be kept; empty if it was made of a message that was read whole. */
  public ByteString octets() {
    return octets;
  }

  public Envelope envelope() {
    Envelope known = envelope;
    return known == null ? decoded().envelope() : known;
  }

  /** Message ids of References, as {@link MessageStructure#references}. */
  public List<String> references() {
    List<String> known = references;
    return known == null ? decoded().references() : known;
  }

  private Decoded decoded() {
    try {
      StructureRecord record = StructureRecord.parseFrom(octets);
      Decoded decoded =
          new Decoded(StructureCodec.envelope(record), StructureCodec.references(record));
      envelope = decoded.envelope();
      references = decoded.references();
      return decoded;
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a brief was kept broken", e);
    }
  }
}
