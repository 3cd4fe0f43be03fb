package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command.Returns;
import hikyaku.protocol.imap.Command.SearchReturn;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.PartialRange;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SequenceSet;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What SEARCH and SORT say of the messages they found, in their order: by the options behind RETURN
 * (RFC 4731, 5182, 5267, 9394) or without them.
 */
final class SearchAnswer {
  /**
   * Ranges of a result that is saved. They are part of the session's position, which is told after
   * each command: 64 KiB at most, where the gaps between UIDs are below 16,384. Reply: NO
   * [NOTSAVED].
   */
  static final int MOST_SAVED_RANGES = 16_384;

  private final Session session;
  private final View view;
  private final boolean uid;
  private final @Nullable Returns returns;
  private final int[] found;
  private final @Nullable Relevancy relevancy;

  /**
   * @param found indexes in the order of the results
   * @param relevancy of these, or null if it is not to be told
   */
  SearchAnswer(
      Session session,
      View view,
      boolean uid,
      @Nullable Returns returns,
      int[] found,
      @Nullable Relevancy relevancy) {
    this.session = session;
    this.view = view;
    this.uid = uid;
    this.returns = returns;
    this.found = found;
    this.relevancy = relevancy;
  }

  /** RFC 5182 §2.1: a search that fails leaves nothing saved, if it was to save. */
  static void failed(Session session, @Nullable Returns returns) {
    if (returns != null && returns.has(SearchReturn.SAVE)) {
      session.state.save(UidSet.EMPTY);
    }
  }

  private MailboxState state() {
    return view.state();
  }

  private boolean has(SearchReturn option) {
    return returns != null && returns.has(option);
  }

  private @Nullable PartialRange partial() {
    return returns == null ? null : returns.partial();
  }

  /**
   * Saves what is to be saved.
   *
   * @return whether it could be
   */
  boolean save() {
    if (has(SearchReturn.SAVE)) {
      UidSet.Builder builder = new UidSet.Builder();
      Arrays.stream(wanted()).sorted().forEach(index -> builder.add(state().uid(index)));
      UidSet uids = builder.build();
      boolean fits = uids.rangeCount() <= MOST_SAVED_RANGES;
      session.state.save(fits ? uids : UidSet.EMPTY);
      return fits;
    }
    return true;
  }

  static Reply notSaved() {
    return Reply.no(ResponseCode.Plain.NOTSAVED, "The result is too scattered to be saved");
  }

  private long told(int index) {
    return uid ? state().uid(index) : view.numberAt(index);
  }

  long[] told() {
    return told(found);
  }

  private long[] told(int[] indexes) {
    long[] told = new long[indexes.length];
    for (int i = 0; i < told.length; i++) {
      told[i] = told(indexes[i]);
    }
    return told;
  }

  /** Of the messages told; null if there are none. */
  @Nullable Long highestModSeq() {
    int[] wanted = wanted();
    return wanted.length == 0
        ? null
        : (Long) Arrays.stream(wanted).mapToLong(state()::modseq).max().orElseThrow();
  }

  /**
   * What the result options other than SAVE are about (RFC 5182 §2.4, RFC 9394 §3.2): everything,
   * or the ends and the page.
   */
  private int[] wanted() {
    boolean min = has(SearchReturn.MIN);
    boolean max = has(SearchReturn.MAX);
    PartialRange partial = partial();
    boolean all =
        has(SearchReturn.ALL) || has(SearchReturn.COUNT) || !(min || max || partial != null);
    if (all || found.length == 0) {
      return found;
    }
    IntStream.Builder wanted = IntStream.builder();
    if (min) {
      wanted.add(found[0]);
    }
    if (max) {
      wanted.add(found[found.length - 1]);
    }
    if (partial != null) {
      Arrays.stream(page(partial)).forEach(wanted);
    }
    return wanted.build().distinct().toArray();
  }

  private int[] page(PartialRange partial) {
    int from = partial.from(found.length);
    return Arrays.copyOfRange(found, from, Math.max(from, partial.to(found.length)));
  }

  /** Answers by ESEARCH. */
  void extended(String tag, boolean modSeq) throws IOException {
    extended(tag, null, modSeq);
  }

  /**
   * The same for a command that may search many mailboxes.
   *
   * @param where the one that this is of, or null
   */
  void extended(String tag, Data.@Nullable Where where, boolean modSeq) throws IOException {
    if (returns != null
        && returns.partial() == null
        && returns.options().size() == 1
        && returns.has(SearchReturn.SAVE)) {
      return;
    }
    boolean any = found.length > 0;
    PartialRange partial = partial();
    session.out.data(
        new Data.FoundExtended(
            tag,
            where,
            uid,
            any && has(SearchReturn.MIN) ? (Long) told(found[0]) : null,
            any && has(SearchReturn.MAX) ? (Long) told(found[found.length - 1]) : null,
            any && (returns == null || has(SearchReturn.ALL)) ? numbers(found) : null,
            partial == null ? null : new Data.Page(partial, numbers(page(partial))),
            has(SearchReturn.COUNT) ? (Long) (long) found.length : null,
            modSeq ? highestModSeq() : null,
            scores(partial == null ? found : page(partial))));
  }

  /** RFC 6203 §4: of each message, in the order of the results. */
  private @Nullable List<Integer> scores(int[] indexes) {
    Relevancy scored = relevancy;
    return scored == null || indexes.length == 0
        ? null
        : Arrays.stream(indexes).mapToObj(scored::of).toList();
  }

  private @Nullable SequenceSet numbers(int[] indexes) {
    return indexes.length == 0 ? null : SequenceSet.inOrder(told(indexes));
  }

  /** RFC 9051 §7.1: numbers may stand for messages that are gone. */
  static Reply completed(Session session, boolean uid, String command) {
    return session.state.inMailbox().view.hasGhosts() && !uid
        ? Reply.ok(ResponseCode.Plain.EXPUNGEISSUED, command + " completed")
        : Reply.ok(command + " completed");
  }
}
