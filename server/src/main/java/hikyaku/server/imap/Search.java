package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.NumberSet;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SearchKey;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 6203, RFC 7162 §3.1.5, RFC 9394).
 */
final class Search {
  private Search() {}

  static Reply execute(Session session, String tag, Command.Search command)
      throws IOException, Targets.Invalid {
    if (command.charset() && speaksUtf8(session)) {
      return charsetsConflict();
    }
    Command.Update update = command.returns() == null ? null : command.returns().update();
    if (update != null && Contexts.has(session, tag)) {
      return Contexts.tagReused();
    }
    boolean modSeq = SearchProgram.usesModSeq(command.key());
    Found found = find(session, command.key(), command.returns());
    SearchAnswer answer =
        new SearchAnswer(
            session,
            session.state.inMailbox().view,
            command.uid(),
            command.returns(),
            found.indexes(),
            found.relevancy());
    if (!answer.save()) {
      return SearchAnswer.notSaved();
    }
    if (update != null) {
      Contexts.begin(
          session, tag, update, command.uid(), command.key(), List.of(), found.indexes());
    }
    if (command.returns() != null || session.state.rev2()) {
      answer.extended(tag, modSeq);
    } else {
      session.out.data(
          new Data.Found(NumberSet.of(answer.told()), modSeq ? answer.highestModSeq() : null));
    }
    return SearchAnswer.completed(session, command.uid(), "SEARCH");
  }

  /**
   * What was found.
   *
   * @param indexes rising
   * @param relevancy null if nobody wants to know
   */
  record Found(int[] indexes, @Nullable Relevancy relevancy) {}

  /** Looks at the mailbox and finds. */
  static Found find(Session session, SearchKey key, Command.@Nullable Returns returns)
      throws IOException, Targets.Invalid {
    return find(
        session, key, returns, returns != null && returns.has(Command.SearchReturn.RELEVANCY));
  }

  /** Finds in a mailbox that was looked at already, be it another than the selected one. */
  static Found find(Session session, Selected in, SearchKey key, Command.@Nullable Returns returns)
      throws IOException, Targets.Invalid {
    if (SearchProgram.usesModSeq(key)) {
      session.updates.enableCondStore();
    }
    SearchProgram program = SearchProgram.compile(session, in, key);
    int[] found = program.run();
    boolean relevancy = returns != null && returns.has(Command.SearchReturn.RELEVANCY);
    return new Found(found, relevancy ? program.relevancy(found) : null);
  }

  /** The same, where it is said whether it matters how well FUZZY keys fit. */
  static Found find(
      Session session, SearchKey key, Command.@Nullable Returns returns, boolean relevancy)
      throws IOException, Targets.Invalid {
    if (SearchProgram.usesModSeq(key)) {
      session.updates.enableCondStore();
    }
    Selected selected = session.state.inMailbox();
    try {
      session.looking.after(selected);
      SearchProgram program = SearchProgram.compile(session, selected, key);
      int[] found = program.run();
      return new Found(found, relevancy ? program.relevancy(found) : null);
    } catch (RuntimeException e) {
      SearchAnswer.failed(session, returns);
      throw e;
    }
  }

  /** RFC 9755 §3: who enabled UTF8=ACCEPT has said what charset texts are in. */
  static boolean speaksUtf8(Session session) {
    return session.state.has(SessionState.Extension.UTF8_ACCEPT);
  }

  static Reply charsetsConflict() {
    return Reply.bad("After ENABLE UTF8=ACCEPT a search has no CHARSET");
  }

  /** RFC 5182 §2.1: a search answered with NO leaves nothing saved, if it was to save. */
  static Reply refuse(Session session, Command.UnknownCharset command) {
    if (command.optional() && speaksUtf8(session)) {
      return charsetsConflict();
    }
    if (command.saves()) {
      session.state.save(UidSet.EMPTY);
    }
    return Reply.no(
        new ResponseCode.BadCharset(List.of("US-ASCII", "UTF-8")), "Charset is not known");
  }
}
