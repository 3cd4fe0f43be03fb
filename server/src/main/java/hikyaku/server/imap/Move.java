package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Copied;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;

/** MOVE and UID MOVE (RFC 6851). */
final class Move {
  private Move() {}

  static Reply execute(Session session, Command.Move command) throws IOException, Targets.Invalid {
    Selected selected = session.state.inMailbox();
    if (selected.readOnly) {
      return Reply.no("The mailbox is selected read-only");
    }
    if (!selected.mayBeMovedFrom()) {
      return Session.refusal(new MailboxException.NotPermitted());
    }
    Attempt attempt = session.looking.attempt();
    Copy.Plan plan =
        Copy.plan(
            session,
            command.uid(),
            command.messages(),
            command.mailbox(),
            Mailbox.leaving(attempt));
    if (plan.refusal() != null) {
      return plan.refusal();
    }
    // With those that are gone: so a repeat has the same portion, whatever went meanwhile.
    Portion<UidSet> portion = session.server.messageLimit.of(session, plan.named());
    UidSet uids = plan.uids().intersect(portion.messages());
    Found target = plan.destination();
    if (!target.place().owner().id().equals(selected.mail.account()) && !attempt.isRepeat()) {
      // What moves within an account takes no room.
      Quotas.check(session, target.place(), selected.view.state(), uids);
    }
    MailboxState seen = selected.view.state();
    Copied moved;
    try (Workspace.Space _ =
        session.server.workspace.take(uids.size(), Copy.OCTETS, session::checkpoint)) {
      moved =
          selected
              .mailbox()
              .move(seen, uids, target.mailbox(), Copy.kept(target), attempt, session::checkpoint);
    }
    session.story().moved(session.origin(selected, seen), target.told(), moved);
    session.looking.after(selected);
    selected.bring(target.mailbox(), moved.to());
    ResponseCode copyUid = Copy.code(target, moved);
    if (copyUid != null) {
      // RFC 6851 §4.3: before the expunges, since it names messages by UIDs that go now.
      session.out.untagged(Reply.ok(copyUid, "Moved"));
    }
    session.updates.tell(true, command.uid());
    ResponseCode code =
        session.state.has(Extension.CONDSTORE) && !moved.from().isEmpty()
            ? new ResponseCode.HighestModSeq(selected.view.highestModseqTold())
            : null;
    if (plan.ghosts()) {
      if (code != null) {
        // RFC 6851 §4.4: in an OK, which the completion is not.
        session.out.untagged(Reply.ok(code, "Moved those that exist"));
      }
      return portion.completion(
          session,
          Reply.no(ResponseCode.Plain.EXPUNGEISSUED, "Some of the messages no longer exist"));
    }
    return portion.completion(session, Reply.ok(code, "MOVE completed"));
  }
}
