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
    if (update != null && found.searched().isCutShort()) {
      // Of what was not looked at nothing could be told.
      Contexts.refuse(session, tag);
    } else if (update != null) {
      Contexts.begin(
          session, tag, update, command.uid(), command.key(), List.of(), found.indexes());
    }
    if (command.returns() != null || session.state.rev2()) {
      answer.extended(tag, modSeq);
    } else {
      session.out.data(
          new Data.Found(NumberSet.of(answer.told()), modSeq ? answer.highestModSeq() : null));
    }
    return found
        .searched()
        .completion(session, SearchAnswer.completed(session, command.uid(), "SEARCH"));
  }

  /**
   * What was found.
   *
   * @param indexes rising
   * @param relevancy null if nobody wants to know
   * @param searched among which
   */
  record Found(int[] indexes, @Nullable Relevancy relevancy, Portion<int[]> searched) {}

  /** Looks at the mailbox and finds. */
  static Found find(Session session, SearchKey key, Command.@Nullable Returns returns)
      throws IOException, Targets.Invalid {
    Selected selected = session.state.inMailbox();
    try {
      session.looking.after(selected);
      return find(session, selected, key, returns);
    } catch (RuntimeException e) {
      SearchAnswer.failed(session, returns);
      throw e;
    }
  }

  /** Finds in a mailbox that was looked at already, be it another than the selected one. */
  static Found find(Session session, Selected in, SearchKey key, Command.@Nullable Returns returns)
      throws IOException, Targets.Invalid {
    SearchProgram program = compile(session, in, key);
    Portion<int[]> searched =
        session.server.messageLimit.of(session, in.view.state(), program.searched());
    return run(program, searched, wantsRelevancy(returns));
  }

  /**
   * The same for what is of no use without all messages, and where it is said whether it matters
   * how well FUZZY keys fit.
   *
   * @throws Targets.Invalid if a command may not look at so many (RFC 9738 §3.3)
   */
  static Found findAll(
      Session session, SearchKey key, Command.@Nullable Returns returns, boolean relevancy)
      throws IOException, Targets.Invalid {
    Selected selected = session.state.inMailbox();
    try {
      session.looking.after(selected);
      SearchProgram program = compile(session, selected, key);
      int[] searched = program.searched();
      Reply refusal = session.server.messageLimit.refusal(session, searched.length);
      if (refusal != null) {
        SearchAnswer.failed(session, returns);
        throw new Targets.Invalid(refusal);
      }
      return run(program, Portion.whole(searched), relevancy);
    } catch (RuntimeException e) {
      SearchAnswer.failed(session, returns);
      throw e;
    }
  }

  private static SearchProgram compile(Session session, Selected in, SearchKey key)
      throws IOException, Targets.Invalid {
    if (SearchProgram.usesModSeq(key)) {
      session.updates.enableCondStore();
    }
    return SearchProgram.compile(session, in, key);
  }

  private static Found run(SearchProgram program, Portion<int[]> searched, boolean relevancy)
      throws IOException {
    int[] found = program.run(searched.messages());
    return new Found(found, relevancy ? program.relevancy(found) : null, searched);
  }

  static boolean wantsRelevancy(Command.@Nullable Returns returns) {
    return returns != null && returns.has(Command.SearchReturn.RELEVANCY);
  }

  /** RFC 9755 §3: who enabled UTF8=ACCEPT has said what charset texts are in. */
  static boolean speaksUtf8(Session session) {
    return session.state.has(SessionState.Extension.UTF8_ACCEPT);
  }

  static Reply charsetsConflict() {
    return Reply.bad("After ENABLE UTF8=ACCEPT texts are in UTF-8, as SORT and THREAD alone say");
  }

  /**
   * RFC 5182 §2.1: a search answered with NO leaves nothing saved, if it was to save. Which
   * charsets are known is not listed (RFC 9051 §6.4.4): they are those of the Java platform.
   */
  static Reply refuse(Session session, Command.UnknownCharset command) {
    if (speaksUtf8(session)) {
      return charsetsConflict();
    }
    if (command.saves()) {
      session.state.save(UidSet.EMPTY);
    }
    return Reply.no(ResponseCode.Plain.BADCHARSET, "Charset is not known");
  }
}
