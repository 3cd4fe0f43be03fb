package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.text.MessageTexts;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.mime.FoldedText;
import hikyaku.protocol.mime.FoldedTexts;
import hikyaku.protocol.mime.MessageText;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;

/** A message that a search reads. Its octets are opened only when they are asked for. */
final class SearchedMessage implements AutoCloseable {
  private final Session session;
  private final int index;
  private final NewMessage message;
  private final Brief brief;
  private final Instant saved;
  private final MessageTexts texts;
  private final Map<MessageText.Scope, BitSet> found = new EnumMap<>(MessageText.Scope.class);

  SearchedMessage(Session session, Mailbox mailbox, int index, StoredMessage stored) {
    this.session = session;
    this.index = index;
    this.message = stored.message();
    this.brief = Brief.of(message.structure());
    this.saved = stored.saved();
    this.texts = new MessageTexts(message, mailbox.messages()::open);
  }

  int index() {
    return index;
  }

  /** See {@link Session#checkpoint()}: a key may read the whole message. */
  void checkpoint() throws IOException {
    session.checkpoint();
  }

  Brief brief() {
    return brief;
  }

  /** The day on which it came into the mailbox, in UTC. */
  LocalDate saved() {
    return LocalDate.ofInstant(saved, ZoneOffset.UTC);
  }

  boolean hasEmailId(String id) {
    return ObjectIds.emailId(message).equals(id);
  }

  boolean headerContains(String name, FoldedText text) throws IOException {
    return texts.headerContains(name, text);
  }

  /** Which of the strings are in the message; it is read once for all of them. */
  BitSet containing(FoldedTexts wanted, MessageText.Scope scope) throws IOException {
    BitSet known = found.get(scope);
    if (known == null) {
      FoldedTexts.Search search = wanted.search();
      texts.search(search, scope);
      known = search.found();
      found.put(scope, known);
    }
    return known;
  }

  @Override
  public void close() {
    texts.close();
  }
}
