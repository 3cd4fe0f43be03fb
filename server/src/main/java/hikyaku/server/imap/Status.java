package hikyaku.server.imap;

import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.StatusItem;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.server.imap.Places.Found;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/** STATUS (RFC 9051 §6.3.11, RFC 8474 §4.3, RFC 9208 §4.1.4). */
final class Status {
  private Status() {}

  static Reply execute(Session session, Command.Status command) throws IOException {
    Found found = session.places.find(command.mailbox()).with(Right.READ);
    session.out.data(of(session, found, command.items()));
    return Reply.ok("STATUS completed");
  }

  /** The STATUS response for a folder as it is now. */
  static Data of(Session session, Found found, Set<StatusItem> items) throws IOException {
    if (items.contains(StatusItem.HIGHESTMODSEQ)) {
      session.updates.enableCondStore();
    }
    Mailbox mailbox = found.mailbox();
    MailboxState state = mailbox.refresh(session::checkpoint);
    Map<StatusItem, Long> values = new EnumMap<>(StatusItem.class);
    for (StatusItem item : items) {
      if (item != StatusItem.MAILBOXID) {
        values.put(item, value(session, mailbox, state, item));
      }
    }
    return new Data.Status(
        found.shown(),
        values,
        items.contains(StatusItem.MAILBOXID) ? ObjectIds.mailboxId(mailbox) : null);
  }

  private static long value(Session session, Mailbox mailbox, MailboxState state, StatusItem item) {
    return switch (item) {
      case MESSAGES -> state.size();
      case RECENT -> state.size() - state.countBelow(mailbox.recentFrom());
      case UIDNEXT -> state.uidNext();
      case UIDVALIDITY -> state.uidValidity();
      case UNSEEN -> state.unseen();
      case DELETED -> state.deleted();
      case DELETED_STORAGE -> state.deletedOctets();
      case SIZE -> state.octets();
      case HIGHESTMODSEQ -> state.seq();
      case APPENDLIMIT -> session.server.settings.appendLimit();
      case MAILBOXID -> throw new IllegalArgumentException("no number");
    };
  }
}
