package hikyaku.server.imap;

import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.FetchWriter;
import hikyaku.protocol.imap.NumberSet;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.ResponseWriter;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import java.util.List;
import java.util.PrimitiveIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3, RFC 7162 §3.1.8, §3.2.5, RFC 8474 §4.2). */
final class Select {
  private static final Logger log = LoggerFactory.getLogger(Select.class);

  private Select() {}

  static Reply execute(Session session, Command.Select command) throws IOException {
    if (command.qResync() != null && !session.state.has(Extension.QRESYNC)) {
      return Reply.bad("QRESYNC is not enabled");
    }
    if (command.qResync() != null
        && command.qResync().knownNumbers() != null
        && session.state.has(Extension.UIDONLY)) {
      return Targets.uidRequired();
    }
    leave(session);
    Found found = session.places.find(command.mailbox()).with(Right.READ);
    Mailbox mailbox = found.mailbox();
    View view = View.open(mailbox, session.looking.open(mailbox, session::checkpoint));
    Rights rights = found.rights();
    // RFC 4314 §5.2: who can change nothing in it only looks.
    boolean readOnly =
        command.readOnly()
            || !rights.hasAny(
                Right.INSERT, Right.EXPUNGE, Right.SEEN, Right.DELETE_MESSAGES, Right.WRITE);
    Selected selected =
        new Selected(
            found.place().mail(),
            found.place().isOwn(),
            rights,
            found.folder().id(),
            view,
            readOnly);
    if (command.condStore()) {
      session.state.enable(Extension.CONDSTORE);
    }
    session.state.select(selected);
    log.atDebug()
        .addKeyValue("session", session.id())
        .addKeyValue("mailbox", found.shown())
        .addKeyValue("messages", view.size())
        .log("mailbox selected");
    MailboxState state = view.state();
    Changes changes =
        command.qResync() != null && command.qResync().uidValidity() == state.uidValidity()
            ? Changes.since(command.qResync(), state)
            : Changes.NONE;
    // What is \Recent is known to one node only: no repeat of a long answer could say the same.
    describe(
        session,
        selected,
        found.shown(),
        command.mailbox(),
        session.looking.staysShort(state, changes.count()));
    tell(session, selected, changes);
    return Reply.ok(
        readOnly ? ResponseCode.Plain.READ_ONLY : ResponseCode.Plain.READ_WRITE,
        command.readOnly() ? "EXAMINE completed" : "SELECT completed");
  }

  /** Closes the mailbox that is open, also when no other can be opened (RFC 9051 §6.3.2). */
  static void leave(Session session) throws IOException {
    if (session.state.selected() != null) {
      session.state.select(null);
      session.out.untagged(Reply.ok(ResponseCode.Plain.CLOSED, "Previous mailbox closed"));
    }
  }

  /**
   * @param asked the name as the client wrote it
   * @param takesRecent whether messages that are new to all sessions become \Recent in this one
   */
  private static void describe(
      Session session, Selected selected, String name, String asked, boolean takesRecent)
      throws IOException {
    ResponseWriter out = session.out;
    MailboxState state = selected.view.state();
    selected.keywordsGrew();
    session.updates.flagsKnown(selected);
    session.updates.exists(selected, takesRecent);
    if (!session.state.rev2() && !session.state.has(Extension.UIDONLY)) {
      firstUnseen(out, state);
    }
    out.untagged(Reply.ok(new ResponseCode.UidValidity(state.uidValidity()), "UIDs valid"));
    out.untagged(Reply.ok(new ResponseCode.UidNext(state.uidNext()), "Predicted next UID"));
    out.untagged(Reply.ok(new ResponseCode.HighestModSeq(state.seq()), "Highest"));
    String id = ObjectIds.mailboxId(selected.mailbox());
    out.untagged(Reply.ok(new ResponseCode.MailboxId(id), "Lasting id"));
    if (session.state.rev2()) {
      String oldName = name.equals(asked) ? null : asked;
      out.data(new Data.Listed(false, List.of(), FolderName.SEPARATOR, name, List.of(), oldName));
    }
  }

  private static void firstUnseen(ResponseWriter out, MailboxState state) throws IOException {
    if (state.unseen() == 0) {
      return;
    }
    int index = 0;
    while (state.flags(index).has(SystemFlag.SEEN)) {
      index++;
    }
    out.untagged(Reply.ok(new ResponseCode.Unseen(index + 1), "First unseen"));
  }

  /**
   * What happened since the client was here (RFC 7162 §3.2.5).
   *
   * @param changed indexes, rising
   */
  private record Changes(UidSet gone, int[] changed) {
    static final Changes NONE = new Changes(UidSet.EMPTY, new int[0]);

    static Changes since(Command.QResync known, MailboxState state) {
      UidSet all = state.uidNext() > 1 ? UidSet.range(1, state.uidNext() - 1) : UidSet.EMPTY;
      UidSet asked =
          known.knownUids() == null ? all : Numbers.uids(known.knownUids()).intersect(all);
      UidSet gone;
      if (state.knowsExpungesSince(known.modSeq())) {
        gone = state.expungedSince(known.modSeq()).intersect(asked);
      } else {
        // What the client has up to its last right pair of number and UID is still there.
        long intact = lastMatch(state, known);
        UidSet doubtful = intact == 0 ? asked : asked.minus(UidSet.range(1, intact));
        gone = doubtful.minus(state.uids());
      }
      return new Changes(gone, changedSince(state, known.modSeq(), asked));
    }

    long count() {
      return (long) gone.rangeCount() + changed.length;
    }
  }

  private static void tell(Session session, Selected selected, Changes changes) throws IOException {
    session.updates.vanishedEarlier(changes.gone);
    for (int index : changes.changed) {
      FetchWriter fetch = session.updates.fetch(selected, index, true);
      session.updates.flags(selected, index, fetch);
      fetch.end();
    }
  }

  private static int[] changedSince(MailboxState state, long modSeq, UidSet among) {
    java.util.stream.IntStream.Builder changed = java.util.stream.IntStream.builder();
    state.changedSince(
        modSeq,
        index -> {
          if (among.contains(state.uid(index))) {
            changed.add(index);
          }
        });
    return changed.build().toArray();
  }

  /** The highest UID given with a message number that it still has, or 0. */
  private static long lastMatch(MailboxState state, Command.QResync known) {
    NumberSet numbers = known.knownNumbers();
    NumberSet uids = known.numbersUids();
    if (numbers == null || uids == null) {
      return 0;
    }
    long match = 0;
    PrimitiveIterator.OfLong uid = uids.stream().iterator();
    PrimitiveIterator.OfLong number = numbers.stream().iterator();
    while (number.hasNext()) {
      long at = number.nextLong();
      long expected = uid.nextLong();
      if (at > state.size() || state.uid((int) at - 1) != expected) {
        break;
      }
      match = expected;
    }
    return match;
  }
}
