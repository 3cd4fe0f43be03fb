package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.ImapUrl;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a URL of CATENATE refers to (RFC 4469 §3): a message as it is now, or a section of it. Where
 * it leads nowhere, for whatever reason, it is a bad one (§4.1): what may not be read cannot be
 * told from what is not there.
 */
final class Referred {
  private final Session session;
  private final ImapUrl url;

  Referred(Session session, ImapUrl url) {
    this.session = session;
    this.url = url;
  }

  /** What is asked before octets are copied. */
  @FunctionalInterface
  interface Room {
    /**
     * @param octets of them
     * @return null, or a refusal
     */
    @Nullable Reply refusal(long octets);
  }

  /**
   * Copies what is referred to.
   *
   * @return null, or why nothing was copied
   */
  @Nullable Reply copy(OctetSink sink, Room room) throws IOException {
    Mailbox mailbox = mailbox();
    if (mailbox == null) {
      return url.bad("There is no such mailbox");
    }
    MailboxState state = mailbox.refresh();
    if (url.uidValidity() != null && url.uidValidity() != state.uidValidity()) {
      return url.bad("The UIDs of the mailbox are others now");
    }
    int index = state.indexOf(url.uid());
    Optional<StoredMessage> stored =
        index < 0 ? Optional.empty() : mailbox.messages().read(state, index);
    if (stored.isEmpty()) {
      return url.bad("There is no such message");
    }
    NewMessage message = stored.get().message();
    try (MessageContent content = mailbox.messages().open(message)) {
      FetchItem.BodySection item = new FetchItem.BodySection(true, url.section(), url.partial());
      Extract extract = MessageFetch.section(item, message, content);
      if (extract == null) {
        return url.bad("The message has no such part");
      }
      Reply refusal = room.refusal(extract.length());
      if (refusal == null) {
        extract.content().writeTo(sink);
      }
      return refusal;
    }
  }

  private @Nullable Mailbox mailbox() {
    String name = url.mailbox();
    if (name != null) {
      try {
        return session.places.find(name).with(Right.READ).mailbox();
      } catch (MailboxException.Nonexistent | MailboxException.NotPermitted e) {
        return null;
      }
    }
    Selected selected = session.state.selected();
    if (selected == null) {
      return null;
    }
    session.places.refresh(selected);
    return selected.rights.has(Right.READ) ? selected.mailbox() : null;
  }
}
