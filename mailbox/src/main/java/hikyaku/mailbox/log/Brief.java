package hikyaku.mailbox.log;

import com.google.protobuf.ByteString;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.SentDate;
import java.io.IOException;
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
  private @Nullable Names names;
  private @Nullable Envelope envelope;

  /**
   * What of an envelope is no address, and the references: the most that threading needs.
   *
   * @param references message ids
   */
  record Names(
      @Nullable String subject,
      @Nullable String inReplyTo,
      @Nullable String messageId,
      List<String> references) {}

  private Brief(@Nullable SentDate sent, ByteString octets) {
    this.sent = sent;
    this.octets = octets;
  }

  /** Of a message that was read whole. */
  public static Brief of(MessageStructure structure) {
    Brief brief = new Brief(structure.sent(), ByteString.EMPTY);
    Envelope envelope = structure.envelope();
    brief.envelope = envelope;
    brief.names =
        new Names(
            envelope.subject(), envelope.inReplyTo(), envelope.messageId(), structure.references());
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

  /** The Date field understood; null if it is absent or not to be understood. */
  public @Nullable SentDate sent() {
    return sent;
  }

  /** All but the date, to be kept; empty if it was made of a message that was read whole. */
  public ByteString octets() {
    return octets;
  }

  /** As {@link Envelope#subject}, without the rest of the envelope. */
  public @Nullable String subject() {
    return names().subject();
  }

  /** By what its subject is sorted and threaded. */
  public ComparedSubject comparedSubject() {
    Names known = names;
    if (known != null) {
      return ComparedSubject.of(known.subject());
    }
    try {
      return BriefCodec.compared(octets);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** As {@link Envelope#inReplyTo}, without the rest of the envelope. */
  public @Nullable String inReplyTo() {
    return names().inReplyTo();
  }

  /** As {@link Envelope#messageId}, without the rest of the envelope. */
  public @Nullable String messageId() {
    return names().messageId();
  }

  /** Message ids of References, as {@link MessageStructure#references}. */
  public List<String> references() {
    return names().references();
  }

  public Envelope envelope() {
    Envelope known = envelope;
    if (known == null) {
      try {
        known = BriefCodec.envelope(octets);
      } catch (IOException e) {
        throw broken(e);
      }
      envelope = known;
    }
    return known;
  }

  private Names names() {
    Names known = names;
    if (known == null) {
      try {
        known = BriefCodec.names(octets);
      } catch (IOException e) {
        throw broken(e);
      }
      names = known;
    }
    return known;
  }

  private static IllegalStateException broken(IOException e) {
    return new IllegalStateException("a brief was kept broken", e);
  }
}
