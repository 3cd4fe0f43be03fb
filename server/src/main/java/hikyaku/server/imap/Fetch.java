package hikyaku.server.imap;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.FlagsOutcome;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.Messages;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.FetchItem.Plain;
import hikyaku.protocol.imap.PartialRange;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 7162 §3.1.4, §3.2.6, RFC 9394 §3.4). */
final class Fetch {
  private final Session session;
  private final Selected selected;
  private final Command.Fetch command;
  private boolean unreadable;

  /** The entry that set \Seen, and on which messages; their responses tell the flags. */
  private long marked;

  private UidSet markedUids = UidSet.EMPTY;
  private boolean unknownEncoding;

  private Fetch(Session session, Command.Fetch command) {
    this.session = session;
    this.selected = session.state.inMailbox();
    this.command = command;
  }

  static Reply execute(Session session, Command.Fetch command) throws IOException, Targets.Invalid {
    if (command.vanished() && !session.state.has(Extension.QRESYNC)) {
      return Reply.bad("QRESYNC is not enabled");
    }
    return new Fetch(session, command).run();
  }

  private Reply run() throws IOException, Targets.Invalid {
    boolean condStore = command.changedSince() != null || command.items().contains(Plain.MODSEQ);
    if (condStore) {
      session.updates.enableCondStore();
    }
    boolean marks =
        !selected.readOnly
            && selected.rights.has(Right.SEEN)
            && command.items().stream().anyMatch(Fetch::setsSeen);
    Attempt attempt = session.looking.attempt();
    if (marks) {
      session.looking.before(selected, attempt);
    } else {
      session.looking.after(selected);
    }
    View view = selected.view;
    Targets targets = Targets.resolve(session, command.uid(), command.messages());
    int[] indexes = targets.indexes();
    if (command.partial() != null) {
      PartialRange partial = command.partial();
      int from = partial.from(indexes.length);
      indexes = Arrays.copyOfRange(indexes, from, Math.max(from, partial.to(indexes.length)));
      Reply refusal = session.server.messageLimit.refusal(session, indexes.length);
      if (refusal != null) {
        return refusal;
      }
    }
    if (command.changedSince() != null) {
      // Of the page: it is chosen first (RFC 9394 §3.4).
      long since = command.changedSince();
      indexes = Arrays.stream(indexes).filter(i -> view.state().modseq(i) > since).toArray();
    }
    Portion<int[]> portion = portion(indexes);
    indexes = portion.messages();
    boolean seen = false;
    if (marks) {
      seen = markSeen(indexes, attempt);
      targets = Targets.resolve(session, command.uid(), command.messages());
    }
    if (command.changedSince() != null && command.vanished()) {
      vanished(command.changedSince());
    }
    write(indexes, items(seen), portion.isCutShort());
    if (!unreadable && !unknownEncoding) {
      view.own(marked, markedUids);
    }
    return portion.completion(session, completed(targets.ghosts()));
  }

  /**
   * What of these is dealt with. Where all count that are named, those count as well that are gone:
   * so a repeat has the same portion, whatever went meanwhile.
   */
  private Portion<int[]> portion(int[] indexes) throws Targets.Invalid {
    MessageLimit limit = session.server.messageLimit;
    MailboxState state = selected.view.state();
    if (!limit.cutsShort() || command.partial() != null || command.changedSince() != null) {
      // A page that has come here is small enough, and what has not changed is not dealt with.
      return limit.of(session, state, indexes);
    }
    Portion<UidSet> named =
        limit.of(session, Targets.known(session, command.uid(), command.messages()));
    return named.isCutShort()
        ? new Portion<>(
            Arrays.stream(indexes)
                .filter(index -> named.messages().contains(state.uid(index)))
                .toArray(),
            named.code())
        : Portion.whole(indexes);
  }

  private Reply completed(boolean ghosts) {
    if (unreadable) {
      return Reply.no(ResponseCode.Plain.UNAVAILABLE, "Some of the messages cannot be read now");
    }
    if (unknownEncoding) {
      return Reply.no(ResponseCode.Plain.UNKNOWN_CTE, "An encoding is not known");
    }
    // RFC 2180 §4.1 would allow NO, but some clients then give the whole mailbox up.
    return ghosts
        ? Reply.ok(ResponseCode.Plain.EXPUNGEISSUED, "Some of the messages no longer exist")
        : Reply.ok("FETCH completed");
  }

  /** Expunges that the client has missed, among those it asks for. */
  private void vanished(long since) throws IOException {
    MailboxState state = selected.view.state();
    UidSet asked =
        switch (command.messages()) {
          case SequenceSet.Saved _ -> session.state.saved();
          case SequenceSet.Ranges ranges -> Targets.uids(selected.view, ranges);
        };
    UidSet gone;
    if (state.knowsExpungesSince(since)) {
      gone = state.expungedSince(since).intersect(asked);
    } else {
      UidSet used = state.uidNext() > 1 ? UidSet.range(1, state.uidNext() - 1) : UidSet.EMPTY;
      gone = asked.intersect(used).minus(state.uids());
    }
    // What this session still shows as a message is told as expunged in its time.
    UidSet.Builder told = new UidSet.Builder();
    gone.forEach(uid -> {
      if (selected.view.number(uid) == 0) {
        told.add(uid);
      }
    });
    session.updates.vanishedEarlier(told.build());
  }

  /** The items asked for, with those that must come along. */
  private List<FetchItem> items(boolean seen) {
    List<FetchItem> items = new ArrayList<>(command.items());
    // RFC 7162 §3.2.4: flags that were not asked for come with UID and MODSEQ.
    boolean uid = command.uid() || seen && session.state.has(Extension.CONDSTORE);
    if (uid && !session.state.has(Extension.UIDONLY) && !items.contains(Plain.UID)) {
      items.addFirst(Plain.UID);
    }
    if (seen && !items.contains(Plain.FLAGS)) {
      items.add(Plain.FLAGS);
    }
    boolean modSeq =
        command.changedSince() != null || seen && session.state.has(Extension.CONDSTORE);
    if (modSeq && !items.contains(Plain.MODSEQ)) {
      items.add(Plain.MODSEQ);
    }
    return items;
  }

  private static boolean setsSeen(FetchItem item) {
    return switch (item) {
      case Plain.RFC822, Plain.RFC822_TEXT -> true;
      case Plain _, FetchItem.BinarySize _ -> false;
      case FetchItem.BodySection body -> !body.peek();
      case FetchItem.Binary binary -> !binary.peek();
    };
  }

  /**
   * Sets \\Seen where the items ask for it, before anything is told: a store that cannot write
   * refuses the command as a whole.
   *
   * @param indexes become those of the state afterwards; messages that went meanwhile get a
   *     negative one
   * @return whether any message got it
   */
  private boolean markSeen(int[] indexes, Attempt attempt) {
    View view = selected.view;
    MailboxState before = view.state();
    UidSet.Builder unseen = new UidSet.Builder();
    for (int index : indexes) {
      if (!before.flags(index).has(SystemFlag.SEEN)) {
        unseen.add(before.uid(index));
      }
    }
    long[] uids = Arrays.stream(indexes).mapToLong(before::uid).toArray();
    FlagChange change = FlagChange.add(Flags.of(SystemFlag.SEEN));
    FlagsOutcome outcome =
        selected.mailbox().changeFlags(before, unseen.build(), change, -1, attempt);
    session.looking.after(selected, outcome.state());
    marked = outcome.seq();
    markedUids = outcome.changed();
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = view.state().indexOf(uids[i]);
    }
    return marked > 0;
  }

  /**
   * @param backwards whether the last comes first, as RFC 9738 §3.1 has it where some are left
   */
  private void write(int[] wanted, List<FetchItem> items, boolean backwards) throws IOException {
    MessageFetch fetch = new MessageFetch(session, selected, items);
    int[] indexes = Arrays.stream(wanted).filter(index -> index >= 0).toArray();
    if (MessageFetch.needsMessage(items)) {
      Messages messages = selected.mailbox().messages();
      Messages.MessageAction action = (index, stored) -> write(fetch, index, stored);
      if (backwards) {
        messages.readBackwards(selected.view.state(), indexes, action);
      } else {
        messages.read(selected.view.state(), indexes, action);
      }
    } else {
      for (int i = 0; i < indexes.length; i++) {
        write(fetch, indexes[backwards ? indexes.length - 1 - i : i], null);
      }
    }
  }

  /** One message that cannot be read does not keep the others back. */
  private void write(MessageFetch fetch, int index, @Nullable StoredMessage stored)
      throws IOException {
    session.checkpoint();
    try {
      fetch.write(index, stored);
    } catch (StoreException e) {
      session.failed("FETCH", e);
      unreadable = true;
    } catch (MessageFetch.UnknownEncoding e) {
      unknownEncoding = true;
    }
  }
}
