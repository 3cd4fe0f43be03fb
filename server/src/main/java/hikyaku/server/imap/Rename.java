package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.Right;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.Places.Place;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** RENAME (RFC 9051 §6.3.6, RFC 4314 §4). A folder stays with its account. */
final class Rename {
  private Rename() {}

  static Reply execute(Session session, Command.Rename command) throws IOException {
    Place from = session.places.place(command.from());
    Attempt attempt = session.looking.attempt();
    if (!from.isOwn()) {
      mayKnow(session, from, attempt);
      if (isInbox(from)) {
        throw new MailboxException.NotAllowed("Only its owner can rename an INBOX");
      }
    }
    // Also to a user that there is not: nobody learns which there are.
    Place to =
        session
            .places
            .known(command.to())
            .filter(place -> place.owner().id().equals(from.owner().id()))
            .orElseThrow(
                () -> new MailboxException.NotAllowed("A mailbox cannot go to another user"));
    if (!from.isOwn()) {
      Delete.mayDelete(session, from, attempt);
      Create.mayCreate(session, to);
    }
    from.mail().rename(from.name(), to.name(), attempt);
    if (isInbox(from)) {
      leaveInbox(session, to);
    }
    if (!from.canonical().equals(command.from()) || !to.canonical().equals(command.to())) {
      OldName.tellAnyway(session, List.of(), to.canonical(), command.from());
    }
    return Reply.ok("RENAME completed");
  }

  private static boolean isInbox(Place place) {
    return FolderName.canonical(place.name()).equals(Folder.INBOX);
  }

  /**
   * INBOX is empty now and another mailbox (RFC 9051 §6.3.6). What a client that has it selected
   * does next is not meant for the messages that went.
   */
  private static void leaveInbox(Session session, Place to) throws IOException {
    Selected selected = session.state.selected();
    if (selected != null && session.places.look(to).filter(selected::is).isPresent()) {
      session.state.select(null);
      session.out.untagged(
          Reply.ok(
              ResponseCode.Plain.CLOSED, "The messages that were in INBOX have another mailbox"));
    }
  }

  /**
   * Before anything else is told of a folder of somebody else's. One that is not there any more may
   * have gone by this very command.
   */
  private static void mayKnow(Session session, Place from, Attempt attempt) {
    Optional<Found> found = session.places.look(from);
    if (found.isPresent()) {
      found.get().withAny(Right.LOOKUP, Right.DELETE_FOLDER);
    } else if (!attempt.isRepeat()) {
      throw new MailboxException.Nonexistent();
    }
  }
}
