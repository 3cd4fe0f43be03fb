package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Folder;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.server.imap.Places.Place;
import java.io.IOException;
import java.util.List;

/** RENAME (RFC 9051 §6.3.6, RFC 4314 §4). A folder stays with its account. */
final class Rename {
  private Rename() {}

  static Reply execute(Session session, Command.Rename command) throws IOException {
    Place from = session.places.place(command.from());
    Place to = session.places.place(command.to());
    if (!from.owner().id().equals(to.owner().id())) {
      throw new MailboxException.NotAllowed("A mailbox cannot go to another user");
    }
    Attempt attempt = session.looking.attempt();
    if (!from.isOwn()) {
      if (Folder.INBOX.equalsIgnoreCase(from.name())) {
        throw new MailboxException.NotAllowed("Only its owner can rename an INBOX");
      }
      Delete.mayDelete(session, from, attempt);
      Create.mayCreate(session, to);
    }
    from.mail().rename(from.name(), to.name(), attempt);
    if (!from.canonical().equals(command.from()) || !to.canonical().equals(command.to())) {
      OldName.tellAnyway(session, List.of(), to.canonical(), command.from());
    }
    return Reply.ok("RENAME completed");
  }
}
