package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.SearchReturn;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.NumberSet;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 7162 §3.1.5). */
final class Search {
  /**
   * Ranges of a result that is saved. They are part of the session's position, which is told after
   * each command: 64 KiB at most, where the gaps between UIDs are below 16,384. Reply: NO
   * [NOTSAVED].
   */
  static final int MOST_SAVED_RANGES = 16_384;

  private final Session session;
  private final String tag;
  private final Command.Search command;
  private final View view;

  private Search(Session session, String tag, Command.Search command) {
    this.session = session;
    this.tag = tag;
    this.command = command;
    this.view = session.state.inMailbox().view;
  }

  static Reply execute(Session session, String tag, Command.Search command)
      throws IOException, Targets.Invalid {
    return command.charset() && speaksUtf8(session)
        ? charsetsConflict()
        : new Search(session, tag, command).run();
  }

  /** RFC 9755 §3: who enabled UTF8=ACCEPT has said what charset texts are in. */
  private static boolean speaksUtf8(Session session) {
    return session.state.has(SessionState.Extension.UTF8_ACCEPT);
  }

  private static Reply charsetsConflict() {
    return Reply.bad("After ENABLE UTF8=ACCEPT a search has no CHARSET");
  }

  /** RFC 5182 §2.1: a search answered with NO leaves nothing saved, if it was to save. */
  static Reply refuse(Session session, Command.UnknownCharset command) {
    if (speaksUtf8(session)) {
      return charsetsConflict();
    }
    if (command.saves()) {
      session.state.save(UidSet.EMPTY);
    }
    return Reply.no(
        new ResponseCode.BadCharset(List.of("US-ASCII", "UTF-8")), "Charset is not known");
  }

  private Reply run() throws IOException, Targets.Invalid {
    boolean modSeq = SearchProgram.usesModSeq(command.key());
    if (modSeq) {
      session.updates.enableCondStore();
    }
    session.looking.after(session.state.inMailbox());
    SearchProgram program = SearchProgram.compile(session, command.key());
    boolean saves = returns(SearchReturn.SAVE);
    int[] found;
    try {
      found = program.run();
    } catch (RuntimeException e) {
      if (saves) {
        // RFC 5182 §2.1: a search that fails leaves nothing saved.
        session.state.save(UidSet.EMPTY);
      }
      throw e;
    }
    if (saves) {
      UidSet result = saved(found);
      if (result.rangeCount() > MOST_SAVED_RANGES) {
        session.state.save(UidSet.EMPTY);
        return Reply.no(ResponseCode.Plain.NOTSAVED, "The result is too scattered to be saved");
      }
      session.state.save(result);
    }
    if (command.returns() != null || session.state.rev2()) {
      extended(found, modSeq);
    } else {
      Long highest = modSeq && found.length > 0 ? boxed(highestModSeq(found)) : null;
      session.out.data(new Data.Found(told(found), highest));
    }
    return view.hasGhosts() && !command.uid()
        ? Reply.ok(ResponseCode.Plain.EXPUNGEISSUED, "SEARCH completed")
        : Reply.ok("SEARCH completed");
  }

  private boolean returns(SearchReturn option) {
    return command.returns() != null && command.returns().contains(option);
  }

  private MailboxState state() {
    return view.state();
  }

  private long told(int index) {
    return command.uid() ? state().uid(index) : view.numberAt(index);
  }

  private NumberSet told(int[] found) {
    NumberSet.Builder numbers = new NumberSet.Builder();
    for (int index : found) {
      numbers.add(told(index));
    }
    return numbers.build();
  }

  private long highestModSeq(int... found) {
    return Arrays.stream(found).mapToLong(state()::modseq).max().orElse(0);
  }

  /** RFC 5182 §2.4: with MIN or MAX alone only those are saved. */
  private UidSet saved(int[] found) {
    UidSet.Builder uids = new UidSet.Builder();
    for (int index : ends(found)) {
      uids.add(state().uid(index));
    }
    return uids.build();
  }

  /** What the result options other than SAVE are about: the ends, or everything. */
  private int[] ends(int[] found) {
    boolean min = returns(SearchReturn.MIN);
    boolean max = returns(SearchReturn.MAX);
    boolean all = returns(SearchReturn.ALL) || returns(SearchReturn.COUNT) || !(min || max);
    if (all || found.length == 0) {
      return found;
    }
    int first = found[0];
    int last = found[found.length - 1];
    if (min && max) {
      return first == last ? new int[] {first} : new int[] {first, last};
    }
    return new int[] {min ? first : last};
  }

  private void extended(int[] found, boolean modSeq) throws IOException {
    Set<SearchReturn> returns =
        command.returns() == null
            ? EnumSet.of(SearchReturn.ALL)
            : EnumSet.copyOf(command.returns());
    if (returns.equals(EnumSet.of(SearchReturn.SAVE))) {
      return;
    }
    boolean any = found.length > 0;
    session.out.data(
        new Data.FoundExtended(
            tag,
            command.uid(),
            any && returns.contains(SearchReturn.MIN) ? boxed(told(found[0])) : null,
            any && returns.contains(SearchReturn.MAX) ? boxed(told(found[found.length - 1])) : null,
            any && returns.contains(SearchReturn.ALL) ? told(found) : null,
            returns.contains(SearchReturn.COUNT) ? boxed(found.length) : null,
            any && modSeq ? boxed(highestModSeq(ends(found))) : null));
  }

  private static @Nullable Long boxed(long number) {
    return number;
  }
}
