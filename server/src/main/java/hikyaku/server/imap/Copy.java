package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Copied;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.server.imap.Places.Found;
import java.io.IOException;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** COPY and UID COPY (RFC 9051 §6.4.7), and what MOVE has in common with them. */
final class Copy {
  /** Octets of memory that a message takes until all are written, which is done at once, about. */
  static final int OCTETS = 4096;

  private Copy() {}

  /**
   * The messages and where they go, or why not.
   *
   * @param named the messages that the command names, with those that are gone
   * @param uids of these, those that go
   */
  record Plan(
      UidSet named, UidSet uids, @Nullable Found target, @Nullable Reply refusal, boolean ghosts) {
    /** Where they go, unless there is a refusal. */
    Found destination() {
      if (target == null) {
        throw new IllegalStateException("refused");
      }
      return target;
    }
  }

  /**
   * @param write what the command writes to the selected mailbox
   */
  static Plan plan(
      Session session, boolean uid, SequenceSet messages, String mailbox, Attempt write)
      throws Targets.Invalid {
    Selected selected = session.state.inMailbox();
    session.looking.before(selected, write);
    View view = selected.view;
    Targets targets = Targets.resolve(session, uid, messages);
    Optional<Found> found = session.places.known(mailbox).flatMap(session.places::look);
    if (found.isEmpty() || found.get().isHiddenTarget()) {
      Reply refusal = Reply.no(ResponseCode.Plain.TRYCREATE, "There is no such mailbox");
      return new Plan(UidSet.EMPTY, UidSet.EMPTY, null, refusal, false);
    }
    found.get().with(Right.INSERT);
    // A repeat may have taken away itself what it names.
    UidSet named = Targets.known(session, uid, messages);
    UidSet uids = write.isRepeat() ? named : targets.uids(view);
    return new Plan(named, uids, found.get(), null, targets.ghosts());
  }

  static Reply execute(Session session, Command.Copy command) throws IOException, Targets.Invalid {
    Attempt attempt = session.looking.attempt();
    Plan plan = plan(session, command.uid(), command.messages(), command.mailbox(), attempt);
    if (plan.refusal() != null) {
      return plan.refusal();
    }
    Selected selected = session.state.inMailbox();
    Mailbox target = plan.destination().mailbox();
    if (target.doneAt(attempt).isEmpty()) {
      if (plan.ghosts()) {
        // All or none: those that are gone cannot be copied (RFC 9051 §6.4.7).
        return Reply.no(ResponseCode.Plain.EXPUNGEISSUED, "Some of the messages no longer exist");
      }
      MailboxState now = selected.view.state();
      Reply refusal = session.server.messageLimit.refusalToCopy(session, now.present(plan.uids()));
      if (refusal != null) {
        return refusal;
      }
      Quotas.check(session, plan.destination().place(), now, plan.uids());
    }
    MailboxState seen = selected.view.state();
    Copied copied;
    try (Workspace.Space _ =
        session.server.workspace.take(plan.uids().size(), OCTETS, session::checkpoint)) {
      copied =
          selected
              .mailbox()
              .copy(
                  seen,
                  plan.uids(),
                  target,
                  kept(plan.destination()),
                  attempt,
                  session::checkpoint);
    }
    selected.bring(target, copied.to());
    session.story().copied(session.origin(selected, seen), plan.destination().told(), copied);
    if (target.log().equals(selected.mailbox().log())) {
      session.looking.after(selected);
    } else {
      session.looking.after(selected, seen);
    }
    return Reply.ok(code(plan.destination(), copied), "COPY completed");
  }

  /** Of the flags, those that may be set there go along (RFC 4314 §4). */
  static UnaryOperator<Flags> kept(Found target) {
    return flags -> FlagRights.kept(target.rights(), flags);
  }

  /** COPYUID, unless nothing was there to copy, or it is not for this client to know. */
  static @Nullable ResponseCode code(Found target, Copied copied) {
    return copied.from().isEmpty() || !target.tellsUids()
        ? null
        : new ResponseCode.CopyUid(
            copied.uidValidity(), Numbers.numbers(copied.from()), Numbers.numbers(copied.to()));
  }
}
