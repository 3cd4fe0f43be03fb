package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Right;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.Places.Place;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** DELETE (RFC 9051 §6.3.5). */
final class Delete {
  private Delete() {}

  static Reply execute(Session session, Command.Delete command) throws IOException {
    Place place = session.places.place(command.mailbox());
    Attempt attempt = session.looking.attempt();
    mayDelete(session, place, attempt);
    long deleted = place.mail().delete(place.name(), attempt);
    Selected selected = session.state.selected();
    if (selected != null
        && selected.mail.account().equals(place.mail().account())
        && selected.folder == deleted) {
      session.state.select(null);
      session.out.untagged(Reply.ok(ResponseCode.Plain.CLOSED, "Selected mailbox is deleted"));
    }
    OldName.tell(session, List.of("\\NonExistent"), place.canonical(), command.mailbox());
    return Reply.ok("DELETE completed");
  }

  /**
   * Whether a folder may go, or go by another name. One that is not there any more may have gone by
   * this very command, which then tells what became of it.
   *
   * @throws MailboxException if not
   */
  static void mayDelete(Session session, Place place, Attempt attempt) {
    if (!place.isOwn()) {
      Optional<Found> found = session.places.look(place);
      if (found.isPresent()) {
        found.get().with(Right.DELETE_FOLDER);
      } else if (!attempt.isRepeat()) {
        throw new MailboxException.Nonexistent();
      }
    }
  }
}
