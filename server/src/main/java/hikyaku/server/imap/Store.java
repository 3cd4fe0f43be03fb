package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.FlagsOutcome;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Condition;
import hikyaku.protocol.imap.FetchWriter;
import hikyaku.protocol.imap.NumberSet;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3). */
final class Store {
  private Store() {}

  static Reply execute(Session session, Command.Store command) throws IOException, Targets.Invalid {
    Selected selected = session.state.inMailbox();
    if (selected.readOnly) {
      return Reply.no("The mailbox is selected read-only");
    }
    if (command.unchangedSince() != null) {
      session.updates.enableCondStore();
    }
    List<String> named = FlagRights.kept(selected.rights, command.flags());
    boolean some =
        command.action() == Command.StoreAction.REPLACE
            ? FlagRights.all(selected.rights)
            : command.flags().isEmpty() || !named.isEmpty();
    if (!some) {
      // To replace flags is to change all of them.
      return Session.refusal(new MailboxException.NotPermitted());
    }
    View view = selected.view;
    final long told = view.positions().flags();
    Attempt attempt = session.looking.attempt();
    session.looking.before(selected, attempt);
    final MailboxState before = view.state();
    // With those that are gone: so a repeat has the same portion, whatever went meanwhile.
    Portion<UidSet> portion =
        session.server.messageLimit.of(
            session, Targets.known(session, command.uid(), command.messages()));
    UidSet uids = before.present(portion.messages());
    Flags flags = flags(named);
    FlagChange change =
        switch (command.action()) {
          case ADD -> FlagChange.add(flags);
          case REMOVE -> FlagChange.remove(flags);
          case REPLACE -> FlagChange.replace(flags);
        };
    long since = command.unchangedSince() == null ? -1 : command.unchangedSince();
    FlagsOutcome outcome = selected.mailbox().changeFlags(before, uids, change, since, attempt);
    session.looking.after(selected, outcome.state());
    boolean ghosts = Targets.resolve(session, command.uid(), command.messages()).ghosts();
    if (selected.keywordsGrew()) {
      session.updates.flagsKnown(selected);
    }
    UidSet stored = uids.minus(outcome.modified());
    answer(session, selected, command, stored, outcome, portion.isCutShort());
    view.own(
        outcome.seq(), command.silent() ? foreseen(view, before, told, stored, change) : stored);
    return portion.completion(session, completed(view, command, outcome, ghosts));
  }

  private static Reply completed(
      View view, Command.Store command, FlagsOutcome outcome, boolean ghosts) {
    if (!outcome.modified().isEmpty()) {
      // Also beside messages that are gone: there is no other way to learn of it (RFC 7162 §3.1.3).
      return new Reply(
          ghosts ? Condition.NO : Condition.OK,
          new ResponseCode.Modified(modified(view, command.uid(), outcome.modified())),
          "Conditional STORE left some messages alone");
    }
    return ghosts
        ? Reply.no(ResponseCode.Plain.EXPUNGEISSUED, "Some of the messages no longer exist")
        : Reply.ok("STORE completed");
  }

  /**
   * Those whose flags are what the client expects after its .SILENT: it knew the flags before, and
   * nobody else came between. The others are told after all (RFC 9051 §6.4.6).
   *
   * @param told flag changes up to here have been told
   */
  private static UidSet foreseen(
      View view, MailboxState before, long told, UidSet stored, FlagChange change) {
    MailboxState after = view.state();
    UidSet.Builder foreseen = new UidSet.Builder();
    before.forEachIndex(
        stored,
        index -> {
          long uid = before.uid(index);
          int now = after.indexOf(uid);
          boolean known = before.modseq(index) <= told;
          if (known && now >= 0 && after.flags(now).equals(change.apply(before.flags(index)))) {
            foreseen.add(uid);
          }
        });
    return foreseen.build();
  }

  /** Flags as the mailbox keeps them. */
  static Flags flags(List<String> wire) {
    int system = 0;
    List<String> keywords = new ArrayList<>();
    for (String flag : wire) {
      SystemFlag known = null;
      for (SystemFlag candidate : SystemFlag.values()) {
        if (candidate.wire().equals(flag)) {
          known = candidate;
        }
      }
      if (known == null) {
        keywords.add(flag);
      } else {
        system |= known.bit();
      }
    }
    return Flags.of(system, keywords);
  }

  /**
   * Tells the new flags, or under .SILENT the MODSEQ alone to those who keep it (RFC 7162 §3.1.3).
   *
   * @param backwards whether the last comes first, as RFC 9738 §3.1 has it where some are left
   */
  private static void answer(
      Session session,
      Selected selected,
      Command.Store command,
      UidSet stored,
      FlagsOutcome done,
      boolean backwards)
      throws IOException {
    boolean condStore = session.state.has(Extension.CONDSTORE);
    if (command.silent() && !condStore) {
      return;
    }
    View view = selected.view;
    List<Integer> indexes = new ArrayList<>();
    view.state().forEachIndex(stored, indexes::add);
    for (int index : backwards ? indexes.reversed() : indexes) {
      if (command.silent() && !tellsModSeq(command, view.state().modseq(index), done)) {
        continue;
      }
      FetchWriter fetch =
          session.updates.fetch(
              selected, index, command.uid() || condStore || session.state.rev2());
      if (command.silent()) {
        fetch.modSeq(view.state().modseq(index));
      } else {
        session.updates.flags(selected, index, fetch);
      }
      fetch.end();
    }
  }

  /**
   * Whether .SILENT tells a MODSEQ: a new one, and in a conditional command also that of a message
   * with nothing to change. One that others have changed since is told with its flags.
   */
  private static boolean tellsModSeq(Command.Store command, long modSeq, FlagsOutcome done) {
    Long since = command.unchangedSince();
    return modSeq == done.seq() || since != null && modSeq <= since;
  }

  private static NumberSet modified(View view, boolean uid, UidSet modified) {
    if (uid) {
      return Numbers.numbers(modified);
    }
    NumberSet.Builder numbers = new NumberSet.Builder();
    modified.forEach(one -> {
      int number = view.number(one);
      if (number > 0) {
        numbers.add(number);
      }
    });
    return numbers.build();
  }
}
