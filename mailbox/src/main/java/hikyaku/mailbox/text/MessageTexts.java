package hikyaku.mailbox.text;

import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.FoldedSink;
import hikyaku.protocol.mime.FoldedText;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageText;
import hikyaku.protocol.mime.MimeLimits;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The texts of one message: of its envelope, of the fields added at delivery, and of its octets,
 * which are opened only when they are asked for. Used by one thread.
 */
public final class MessageTexts implements AutoCloseable {
  private static final Set<String> ENVELOPE =
      Set.of("FROM", "TO", "CC", "BCC", "SUBJECT", "MESSAGE-ID", "IN-REPLY-TO");

  private static final Set<String> WHOLE = Set.of("SUBJECT", "MESSAGE-ID", "IN-REPLY-TO");

  private final NewMessage message;
  private final Function<NewMessage, MessageContent> opener;
  private @Nullable MessageContent content;
  private @Nullable HeaderFields prefix;

  /**
   * @param opener opens the message's octets
   */
  public MessageTexts(NewMessage message, Function<NewMessage, MessageContent> opener) {
    this.message = message;
    this.opener = opener;
  }

  /**
   * Whether the envelope has this field as it stands in the header, where it may stand once (RFC
   * 5322 §3.6). Of addresses it has neither quotes nor comments, nor what makes a group of them.
   *
   * @param name in upper case
   */
  public static boolean isWholeInEnvelope(String name) {
    return WHOLE.contains(name);
  }

  /**
   * Whether a field of the envelope holds the text.
   *
   * @param name in upper case, of a field that the envelope has and that is searched for
   */
  public static boolean envelopeContains(Brief brief, String name, FoldedText text) {
    return fields(brief, name).anyMatch(text::isIn);
  }

  private static Stream<String> fields(Brief brief, String name) {
    return switch (name) {
      case "FROM" -> addresses(brief.envelope().from());
      case "TO" -> addresses(brief.envelope().to());
      case "CC" -> addresses(brief.envelope().cc());
      case "BCC" -> addresses(brief.envelope().bcc());
      case "SUBJECT" -> decoded(brief.subject());
      case "MESSAGE-ID" -> decoded(brief.messageId());
      case "IN-REPLY-TO" -> decoded(brief.inReplyTo());
      default -> throw new IllegalArgumentException("not in the envelope: " + name);
    };
  }

  private static Stream<String> decoded(@Nullable String octets) {
    return octets == null ? Stream.empty() : Stream.of(EncodedWords.decode(octets));
  }

  private static Stream<String> addresses(List<EnvelopeAddress> addresses) {
    return addresses.stream()
        .map(address -> {
          String name = address.name() == null ? "" : EncodedWords.decode(address.name());
          String mailbox = address.mailbox() == null ? "" : EncodedWords.decode(address.mailbox());
          String host = address.host() == null ? "" : "@" + EncodedWords.decode(address.host());
          return name + " <" + mailbox + host + ">";
        });
  }

  /** Whether a field of the header, those added at delivery included, holds the text. */
  public boolean headerContains(String name, FoldedText text) throws IOException {
    for (HeaderField field : prefix().named(name)) {
      if (text.isIn(field.decoded())) {
        return true;
      }
    }
    return text().headerContains(name, text);
  }

  /** Hands over what SEARCH TEXT or BODY looks at, until no more is needed. */
  public void search(FoldedSink sink, MessageText.Scope scope) throws IOException {
    if (scope == MessageText.Scope.TEXT) {
      for (HeaderField field : prefix().all()) {
        sink.whole(field.name() + ": " + field.decoded());
      }
    }
    text().search(sink, scope);
  }

  /**
   * Hands over every text that any of these methods looks at, until no more is needed. Of a header
   * field that is name, colon, blank and value.
   */
  public void everything(FoldedSink sink) throws IOException {
    Brief brief = Brief.of(message.structure());
    ENVELOPE.forEach(name -> fields(brief, name).forEach(sink::whole));
    search(sink, MessageText.Scope.TEXT);
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
      opened = opener.apply(message);
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
