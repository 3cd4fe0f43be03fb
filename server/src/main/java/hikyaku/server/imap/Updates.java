package hikyaku.server.imap;

import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.News;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.FetchWriter;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.ResponseWriter;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The one place where a session is told what happened in its mailbox, and with it the only one
 * where its message numbers change.
 */
final class Updates {
  private static final List<String> SYSTEM_FLAGS =
      List.of("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft");

  private final Session session;
  private final ResponseWriter out;

  Updates(Session session) {
    this.session = session;
    this.out = session.out;
  }

  /** Tells all that is new, whatever the client wants: a command that took messages away. */
  void tell(boolean expungesAllowed, boolean uid) throws IOException {
    tell(expungesAllowed, uid, Notifying.OfSelected.USUAL);
  }

  /**
   * Tells what is new, as the command at hand sees the mailbox.
   *
   * @param expungesAllowed false while the client may be using message numbers
   * @param uid whether FETCH responses are to tell UIDs, as those of UID commands do
   * @param wanted what the client wants to be told
   */
  void tell(boolean expungesAllowed, boolean uid, Notifying.OfSelected wanted) throws IOException {
    Selected selected = session.state.selected();
    if (selected == null || !selected.rights.has(Right.READ) || !wanted.messages()) {
      return;
    }
    View view = selected.view;
    boolean fetches =
        !wanted.items().isEmpty()
            || selected.contexts.stream().anyMatch(context -> !context.items().isEmpty());
    if (fetches && session.looking.mustStayShort()) {
      return;
    }
    if (!session.looking.forNews(selected)) {
      return;
    }
    // Rights are not of the log: a repeat may find others, so the answer must come in one.
    boolean flags = selected.flagRightsChanged() && !fetches && session.looking.staysShort(view);
    if (!view.hasNews(expungesAllowed)) {
      if (flags) {
        flagsKnown(selected);
      }
      return;
    }
    if (selected.keywordsGrew() || flags) {
      flagsKnown(selected);
    }
    // Which session takes what is \Recent is known to one node only: no repeat could say the same.
    boolean takesRecent = !fetches && session.looking.staysShort(view);
    long newFrom = view.positions().appends();
    Contexts contexts = new Contexts(session, selected);
    if (expungesAllowed) {
      contexts.tellGone();
    }
    Contexts.Changes changes = contexts.changes();
    News news = view.tell(expungesAllowed);
    expunges(news);
    if (news.exists() >= 0) {
      exists(selected, takesRecent);
    } else if (!news.vanished().isEmpty()) {
      recent(selected);
    }
    if (!wanted.items().isEmpty() && news.exists() >= 0) {
      MailboxState state = view.state();
      fetchNew(
          selected,
          IntStream.range(state.countBelow(newFrom), state.size()).toArray(),
          wanted.items());
    }
    if (wanted.flags()) {
      for (int number : news.changed()) {
        changed(selected, number, uid);
      }
    }
    changes.fetchNew(newFrom);
    changes.tell();
    selected.forgetBrought();
  }

  /**
   * What is wanted of each new message, but of those that the client itself brought (RFC 5465
   * §5.2). None becomes \\Seen by it, and one that cannot be read keeps the others from nothing.
   */
  void fetchNew(Selected selected, int[] found, List<FetchItem> items) throws IOException {
    int[] indexes =
        IntStream.of(found)
            .filter(index -> !selected.isBrought(selected.view.state().uid(index)))
            .toArray();
    MessageFetch fetch = new MessageFetch(session, selected, items);
    if (!MessageFetch.needsMessage(items)) {
      for (int index : indexes) {
        fetchNew(fetch, index, null);
      }
      return;
    }
    selected
        .mailbox()
        .messages()
        .read(selected.view.state(), indexes, (index, stored) -> fetchNew(fetch, index, stored));
  }

  private void fetchNew(MessageFetch fetch, int index, @Nullable StoredMessage stored)
      throws IOException {
    try {
      fetch.write(index, stored);
    } catch (StoreException e) {
      session.failed("NOTIFY", e);
    } catch (MessageFetch.UnknownEncoding e) {
      // There is nothing that could be told of it.
    }
  }

  private void expunges(News news) throws IOException {
    if (session.state.has(Extension.QRESYNC) || session.state.has(Extension.UIDONLY)) {
      if (!news.vanished().isEmpty()) {
        out.data(new Data.Vanished(false, Numbers.numbers(news.vanished())));
      }
    } else {
      for (int number : news.expunged()) {
        out.data(new Data.Expunge(number));
      }
    }
  }

  /**
   * EXISTS, and RECENT for IMAP4rev1.
   *
   * @param takesRecent whether messages that are new to all sessions become \Recent in this one
   */
  void exists(Selected selected, boolean takesRecent) throws IOException {
    out.data(new Data.Exists(selected.view.size()));
    if (takesRecent && !session.state.rev2()) {
      selected.claimRecent();
    }
    recent(selected);
  }

  /** RECENT, which IMAP4rev1 has whenever the number of messages changes (RFC 3501 §7.3.2). */
  private void recent(Selected selected) throws IOException {
    if (!session.state.rev2()) {
      out.data(new Data.Recent(selected.recentCount()));
    }
  }

  private void changed(Selected selected, int number, boolean uid) throws IOException {
    int index = selected.view.index(number);
    if (index < 0) {
      return;
    }
    // RFC 7162 §3.2.4 wants UIDs under QRESYNC; with IMAP4rev2 and CONDSTORE they do no harm.
    FetchWriter fetch =
        fetch(
            selected, index, uid || session.state.rev2() || session.state.has(Extension.CONDSTORE));
    flags(selected, index, fetch);
    fetch.end();
  }

  /**
   * Begins the FETCH response of a message, or UIDFETCH to who uses no message numbers.
   *
   * @param uid whether it tells the UID
   */
  FetchWriter fetch(Selected selected, int index, boolean uid) {
    long theUid = selected.view.state().uid(index);
    if (session.state.has(Extension.UIDONLY)) {
      return out.uidFetch(theUid);
    }
    FetchWriter fetch = out.fetch(selected.view.numberAt(index));
    return uid ? fetch.uid(theUid) : fetch;
  }

  /**
   * A message's flags, and its MODSEQ if the client keeps those, for a FETCH that the client did
   * not ask for.
   */
  void flags(Selected selected, int index, FetchWriter fetch) {
    fetch.flags(toldFlags(selected, selected.view.state(), index).wire());
    if (session.state.has(Extension.CONDSTORE)) {
      fetch.modSeq(selected.view.state().modseq(index));
    }
  }

  /**
   * The flags of a message as they are told.
   *
   * @param recent whether \Recent is among them, which it never is for IMAP4rev2
   */
  record ToldFlags(Flags flags, boolean recent) {
    List<String> wire() {
      List<String> told = Updates.wire(flags);
      if (recent) {
        told.add("\\Recent");
      }
      return told;
    }
  }

  ToldFlags toldFlags(Selected selected, MailboxState state, int index) {
    return new ToldFlags(
        state.flags(index), !session.state.rev2() && selected.isRecent(state.uid(index)));
  }

  private static List<String> wire(Flags flags) {
    List<String> told = new ArrayList<>();
    for (SystemFlag flag : SystemFlag.values()) {
      if (flags.has(flag)) {
        told.add(flag.wire());
      }
    }
    told.addAll(flags.keywords());
    return told;
  }

  /** FLAGS and PERMANENTFLAGS. */
  void flagsKnown(Selected selected) throws IOException {
    selected.flagRightsTold();
    List<String> flags = new ArrayList<>(SYSTEM_FLAGS);
    flags.addAll(selected.view.state().keywords());
    out.data(new Data.Flags(flags));
    ResponseCode permanent =
        selected.readOnly
            ? new ResponseCode.PermanentFlags(List.of(), false)
            : new ResponseCode.PermanentFlags(
                FlagRights.kept(selected.rights, flags), mayMakeKeywords(selected));
    out.untagged(Reply.ok(permanent, selected.readOnly ? "Read-only" : "Flags permitted"));
  }

  /** RFC 9051 §7.1: a mailbox that has as many keywords as it may have takes no others. */
  private boolean mayMakeKeywords(Selected selected) {
    int most = session.server.mail.limits().keywords();
    return selected.rights.has(Right.WRITE) && selected.view.state().keywords().size() < most;
  }

  /**
   * Turns CONDSTORE on. If a mailbox is open, its client learns where it stands (RFC 7162 §3.1).
   */
  void enableCondStore() throws IOException {
    if (!session.state.enable(Extension.CONDSTORE)) {
      return;
    }
    Selected selected = session.state.selected();
    if (selected != null) {
      out.untagged(
          Reply.ok(
              new ResponseCode.HighestModSeq(selected.view.highestModseqTold()),
              "CONDSTORE is on"));
    }
  }

  /**
   * While messages are gone of which the client must not hear yet, it learns up to where it knows
   * everything: it may have seen higher MODSEQs (RFC 7162 §3.2).
   */
  void tellDelayed() throws IOException {
    Selected selected = session.state.selected();
    if (selected != null && session.state.has(Extension.QRESYNC) && selected.view.hasGhosts()) {
      out.untagged(
          Reply.ok(
              new ResponseCode.HighestModSeq(selected.view.highestModseqTold()),
              "Some messages are gone, which is told later"));
    }
  }

  /** VANISHED (EARLIER), if there is anything to tell (RFC 7162 §3.2.10). */
  void vanishedEarlier(UidSet uids) throws IOException {
    if (!uids.isEmpty()) {
      out.data(new Data.Vanished(true, Numbers.numbers(uids)));
    }
  }
}
