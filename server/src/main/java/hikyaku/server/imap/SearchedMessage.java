package hikyaku.server.imap;

import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.FoldedText;
import hikyaku.protocol.mime.FoldedTexts;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageText;
import hikyaku.protocol.mime.MimeLimits;
import hikyaku.protocol.mime.SentDate;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A message that a search reads. Its octets are opened only when they are asked for. */
final class SearchedMessage implements AutoCloseable {
  private final Session session;
  private final Mailbox mailbox;
  private final int index;
  private final NewMessage message;
  private final Instant saved;
  private @Nullable MessageContent content;
  private @Nullable HeaderFields prefix;
  private final Map<MessageText.Scope, BitSet> found = new EnumMap<>(MessageText.Scope.class);

  SearchedMessage(Session session, Mailbox mailbox, int index, StoredMessage stored) {
    this.session = session;
    this.mailbox = mailbox;
    this.index = index;
    this.message = stored.message();
    this.saved = stored.saved();
  }

  int index() {
    return index;
  }

  /** See {@link Session#checkpoint()}: a key may read the whole message. */
  void checkpoint() throws IOException {
    session.checkpoint();
  }

  /** The day of the Date field, as its sender counted. */
  Optional<LocalDate> sent() {
    SentDate sent = message.structure().sent();
    return Optional.ofNullable(sent).map(date -> LocalDate.ofEpochDay(date.epochDay()));
  }

  /** The day on which it came into the mailbox, in UTC. */
  LocalDate saved() {
    return LocalDate.ofInstant(saved, ZoneOffset.UTC);
  }

  boolean hasEmailId(String id) {
    return ObjectIds.emailId(message).equals(id);
  }

  boolean hasThreadId(String id) {
    return id.equals(ObjectIds.threadId(message));
  }

  /** Whether the envelope has this field (RFC 9051 §6.4.4 asks it for the address fields). */
  static boolean inEnvelope(String name) {
    return switch (name) {
      case "FROM", "TO", "CC", "BCC", "SUBJECT", "MESSAGE-ID", "IN-REPLY-TO" -> true;
      default -> false;
    };
  }

  boolean envelopeContains(String name, FoldedText text) {
    Envelope envelope = message.structure().envelope();
    return switch (name) {
      case "FROM" -> anyAddress(envelope.from(), text);
      case "TO" -> anyAddress(envelope.to(), text);
      case "CC" -> anyAddress(envelope.cc(), text);
      case "BCC" -> anyAddress(envelope.bcc(), text);
      case "SUBJECT" -> contains(envelope.subject(), text);
      case "MESSAGE-ID" -> contains(envelope.messageId(), text);
      case "IN-REPLY-TO" -> contains(envelope.inReplyTo(), text);
      default -> throw new IllegalArgumentException("not in the envelope: " + name);
    };
  }

  private static boolean contains(@Nullable String octets, FoldedText text) {
    return octets != null && text.isIn(EncodedWords.decode(octets));
  }

  private static boolean anyAddress(List<EnvelopeAddress> addresses, FoldedText text) {
    for (EnvelopeAddress address : addresses) {
      String name = address.name() == null ? "" : EncodedWords.decode(address.name());
      String mailbox = address.mailbox() == null ? "" : EncodedWords.decode(address.mailbox());
      String host = address.host() == null ? "" : "@" + EncodedWords.decode(address.host());
      if (text.isIn(name + " <" + mailbox + host + ">")) {
        return true;
      }
    }
    return false;
  }

  /** Whether a field of the header, those added at delivery included, holds the text. */
  boolean headerContains(String name, FoldedText text) throws IOException {
    for (HeaderField field : prefix().named(name)) {
      if (text.isIn(field.decoded())) {
        return true;
      }
    }
    return text().headerContains(name, text);
  }

  /** Which of the strings are in the message; it is read once for all of them. */
  BitSet containing(FoldedTexts texts, MessageText.Scope scope) throws IOException {
    BitSet known = found.get(scope);
    if (known == null) {
      FoldedTexts.Search search = texts.search();
      if (scope == MessageText.Scope.TEXT) {
        for (HeaderField field : prefix().all()) {
          search.whole(field.name() + ": " + field.decoded());
        }
      }
      text().search(search, scope);
      known = search.found();
      found.put(scope, known);
    }
    return known;
  }

  private HeaderFields prefix() {
    HeaderFields known = prefix;
    if (known == null) {
      known = HeaderFields.of(message.prefix().toByteArray());
      prefix = known;
    }
    return known;
  }

  private MessageText text() {
    MessageContent opened = content;
    if (opened == null) {
      opened = mailbox.open(message);
      content = opened;
    }
    MessageContent octets = opened;
    return new MessageText(
        message.structure(),
        (position, buffer, offset, length) ->
            octets.read(octets.blobOffset() + position, buffer, offset, length),
        MimeLimits.DEFAULT);
  }

  @Override
  public void close() {
    if (content != null) {
      content.close();
    }
  }
}
