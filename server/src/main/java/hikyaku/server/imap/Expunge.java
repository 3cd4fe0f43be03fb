package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.ExpungeOutcome;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

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
    UidSet named =
        switch (command.uids()) {
          case null -> null;
          case SequenceSet.Saved _ -> session.state.saved();
          case SequenceSet.Ranges ranges -> Targets.uids(selected.view, ranges);
        };
    MailboxState seen = selected.view.state();
    Portion<@Nullable UidSet> portion = portion(session, seen, named);
    ExpungeOutcome outcome = selected.mailbox().expungeDeleted(seen, portion.messages(), attempt);
    session.looking.after(selected, outcome.state());
    session.story().removed(session.origin(selected, seen), outcome.uids());
    session.updates.tell(true, uid);
    ResponseCode code =
        session.state.has(Extension.CONDSTORE) && !outcome.uids().isEmpty()
            ? new ResponseCode.HighestModSeq(selected.view.highestModseqTold())
            : null;
    return portion.completion(session, Reply.ok(code, "EXPUNGE completed"));
  }

  /** Of UID EXPUNGE alone: EXPUNGE has no limit, and CLOSE neither (RFC 9738 §3.1). */
  private static Portion<@Nullable UidSet> portion(
      Session session, MailboxState seen, @Nullable UidSet named) {
    MessageLimit limit = session.server.messageLimit;
    if (named == null || !limit.cutsShort()) {
      return Portion.whole(named);
    }
    Portion<UidSet> doomed = limit.of(session, Mailbox.deleted(seen, named));
    return doomed.isCutShort()
        ? new Portion<>(doomed.messages(), doomed.code())
        : Portion.whole(named);
  }
}
