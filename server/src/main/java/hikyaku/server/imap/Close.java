package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.view.ExpungeOutcome;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Reply;

/** CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2). */
final class Close {
  private Close() {}

  /** Takes away what is marked as deleted, and tells nobody of it here. */
  static Reply execute(Session session) {
    Selected selected = session.state.inMailbox();
    if (!selected.readOnly) {
      session.places.refresh(selected);
    }
    // Without the right to, nothing is taken away (RFC 4314 §4).
    if (!selected.readOnly && selected.rights.has(Right.EXPUNGE)) {
      Attempt attempt = session.looking.attempt();
      session.looking.before(selected, attempt);
      MailboxState seen = selected.view.state();
      ExpungeOutcome outcome = selected.mailbox().expungeDeleted(seen, null, attempt);
      session.story().removed(session.origin(selected, seen), outcome.uids());
    }
    session.state.select(null);
    return Reply.ok("CLOSE completed");
  }

  static Reply unselect(Session session) {
    session.state.select(null);
    return Reply.ok("UNSELECT completed");
  }
}
