package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.ExpungeOutcome;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;

/** EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9). */
final class Expunge {
  private Expunge() {}

  static Reply execute(Session session, Command.Expunge command) throws IOException {
    Selected selected = session.state.inMailbox();
    if (selected.readOnly) {
      return Reply.no("The mailbox is selected read-only");
    }
    if (!selected.rights.has(Right.EXPUNGE)) {
      return Session.refusal(new MailboxException.NotPermitted());
    }
    Attempt attempt = session.looking.attempt();
    session.looking.before(selected, attempt);
    boolean uid = command.uids() != null;
    UidSet among =
        switch (command.uids()) {
          case null -> null;
          case SequenceSet.Saved _ -> session.state.saved();
          case SequenceSet.Ranges ranges -> Targets.uids(selected.view, ranges);
        };
    MailboxState seen = selected.view.state();
    ExpungeOutcome outcome = selected.mailbox().expungeDeleted(seen, among, attempt);
    session.looking.after(selected, outcome.state());
    session.story().removed(session.origin(selected, seen), outcome.uids());
    session.updates.tell(true, uid);
    ResponseCode code =
        session.state.has(Extension.CONDSTORE) && !outcome.uids().isEmpty()
            ? new ResponseCode.HighestModSeq(selected.view.highestModseqTold())
            : null;
    return Reply.ok(code, "EXPUNGE completed");
  }
}
