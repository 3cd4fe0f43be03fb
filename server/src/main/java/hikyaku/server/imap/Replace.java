package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Added;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.Replaced;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.CommandReader;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * REPLACE and UID REPLACE (RFC 8508). What goes is looked up before the message is taken in, which
 * may need the room of it; {@link AppendIntake} brings the message.
 */
final class Replace {
  private final Session session;
  private final Attempt attempt;
  private final Found there;
  private final Mailbox target;

  /** The message that goes. */
  private long uid;

  /** Whether an attempt before this one has written. */
  private boolean done;

  /** Messages and octets that go from the account that the new message comes to. */
  private long freedMessages;

  private long freedOctets;

  /**
   * @param there where the message goes
   * @param target the mailbox of that
   */
  Replace(Session session, Attempt attempt, Found there, Mailbox target) {
    this.session = session;
    this.attempt = attempt;
    this.there = there;
    this.target = target;
  }

  private boolean isWithin(Selected selected) {
    return target.log().equals(selected.mailbox().log());
  }

  /** Finds what goes, or says why the command is refused. */
  @Nullable Reply begin(CommandReader.Purpose.Replace command) {
    Selected selected = session.state.selected();
    if (selected == null) {
      return Reply.bad("Select a mailbox first");
    }
    if (!command.uid() && session.state.has(Extension.UIDONLY)) {
      return Targets.uidRequired();
    }
    if (selected.readOnly) {
      return Reply.no("The mailbox is selected read-only");
    }
    // RFC 8508 §4.1: what MOVE needs is needed here.
    session.places.refresh(selected);
    if (!selected.mayBeMovedFrom()) {
      return Session.refusal(new MailboxException.NotPermitted());
    }
    boolean within = isWithin(selected);
    session.looking.before(selected, within ? attempt : Mailbox.leaving(attempt));
    Targets targets;
    try {
      targets = Targets.resolve(session, command.uid(), command.replaced());
    } catch (Targets.Invalid e) {
      return e.reply();
    }
    if (targets.indexes().length != 1) {
      return gone();
    }
    int index = targets.indexes()[0];
    uid = selected.view.state().uid(index);
    done = target.doneAt(within ? attempt : attempt.part("+")).isPresent();
    if (there.place().owner().id().equals(selected.mail.account())) {
      freedMessages = 1;
      freedOctets = selected.view.state().octets(index);
    }
    return null;
  }

  boolean isDone() {
    return done;
  }

  /**
   * Only what is taken in addition counts (RFC 8508 §3.4), if it is the same account's.
   *
   * @param octets of the new message, as far as is known
   * @throws MailboxException.OverQuota if there is no room for them
   */
  void checkRoom(long octets) {
    Quotas.check(session, there.place(), 1 - freedMessages, octets - freedOctets);
  }

  private static Reply gone() {
    return Reply.no(ResponseCode.Plain.NONEXISTENT, "There is no such message any more");
  }

  /** The message has come. */
  Reply finish(Command.Replace command, NewMessage message) throws IOException {
    Selected selected = session.state.inMailbox();
    MailboxState seen = selected.view.state();
    Replaced replaced = selected.mailbox().replace(seen, uid, message, target, attempt);
    session.looking.after(selected, replaced.state());
    Added added = replaced.added();
    if (added == null) {
      return gone();
    }
    if (!done) {
      // Of what an attempt before has written the message has not come again.
      session.story().appended(List.of(message), there.told(), added.uids());
      session.story().removed(session.origin(selected, seen), UidSet.of(uid));
    }
    selected.bring(target, added.uids());
    session.server.metrics.appended.increment();
    // RFC 8508 §4.3: before the expunge.
    session.out.untagged(AppendIntake.reply(there, added, "Replacement message ready"));
    session.updates.tell(true, command.uid());
    ResponseCode code =
        session.state.has(Extension.CONDSTORE)
            ? new ResponseCode.HighestModSeq(selected.view.highestModseqTold())
            : null;
    return Reply.ok(code, "REPLACE completed");
  }
}
