package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.SortKey;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.SentDate;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SORT and UID SORT (RFC 5256 §3, RFC 5267 §3, RFC 5957, RFC 6203 §6, RFC 7162 §3.1.6). Texts are
 * compared by i;unicode-casemap. The briefs of the messages found are looked at once, whatever they
 * are sorted by, and only if the columns of the state do not have that.
 */
final class Sort {
  /**
   * So many times as many messages as are to be sorted may be known, for their order to be used: it
   * is walked through whole. What that takes of memory, sorting them would take.
   */
  private static final int MOST_KNOWN = 4;

  private final Session session;
  private final Selected selected;
  private final MailboxState state;
  private final List<SortKey> order;
  private final @Nullable Relevancy relevancy;

  /** Whether a message was sorted of which nothing is known, since it is gone from the log. */
  private boolean unknown;

  private Sort(
      Session session, Selected selected, List<SortKey> order, @Nullable Relevancy relevancy) {
    this.session = session;
    this.selected = selected;
    this.state = selected.view.state();
    this.order = order;
    this.relevancy = relevancy;
  }

  static Reply execute(Session session, String tag, Command.Sort command)
      throws IOException, Targets.Invalid {
    if (!command.utf8() && Search.speaksUtf8(session)) {
      return Search.charsetsConflict();
    }
    Command.Update update = command.returns() == null ? null : command.returns().update();
    if (update != null && Contexts.has(session, tag)) {
      return Contexts.tagReused();
    }
    boolean modSeq = SearchProgram.usesModSeq(command.key());
    boolean returned = Search.wantsRelevancy(command.returns());
    boolean sorts =
        command.order().stream().anyMatch(by -> by.criterion() == SortKey.Criterion.RELEVANCY);
    Search.Found found =
        Search.findAll(session, command.key(), command.returns(), returned || sorts);
    int[] sorted;
    try {
      sorted =
          new Sort(session, session.state.inMailbox(), command.order(), found.relevancy())
              .sorted(found.indexes());
    } catch (RuntimeException e) {
      SearchAnswer.failed(session, command.returns());
      throw e;
    }
    SearchAnswer answer =
        new SearchAnswer(
            session,
            session.state.inMailbox().view,
            command.uid(),
            command.returns(),
            sorted,
            returned ? found.relevancy() : null);
    if (!answer.save()) {
      return SearchAnswer.notSaved();
    }
    if (update != null) {
      Contexts.begin(session, tag, update, command.uid(), command.key(), command.order(), sorted);
    }
    if (command.returns() != null) {
      answer.extended(tag, modSeq);
    } else {
      session.out.data(new Data.Sorted(answer.told(), modSeq ? answer.highestModSeq() : null));
    }
    return SearchAnswer.completed(session, command.uid(), "SORT");
  }

  /** Messages by some criteria, of which relevancy is none. */
  static int[] sorted(Session session, Selected selected, List<SortKey> order, int[] indexes)
      throws IOException {
    return new Sort(session, selected, order, null).sorted(indexes);
  }

  private int[] sorted(int[] found) throws IOException {
    long each = SortColumn.octets(order);
    try (Workspace.Space space =
        session.server.workspace.take(found.length, each, session::checkpoint)) {
      return isKept(found) ? sortedByKept(found, space) : anew(found, space);
    }
  }

  /** Whether the order is worth to be kept, and is the same for all who ask. */
  private boolean isKept(int[] found) {
    return found.length >= KeptOrders.LEAST
        && order.stream().noneMatch(key -> key.criterion() == SortKey.Criterion.RELEVANCY)
        && needsBriefs();
  }

  /** Whether the columns of the state do not have all that is asked for. */
  private boolean needsBriefs() {
    return !order.stream().allMatch(key -> inColumns(key.criterion()));
  }

  /** The messages whose order is known are not sorted again, but for those near others. */
  private int[] sortedByKept(int[] found, Workspace.Space space) throws IOException {
    KeptOrders.Key key = new KeptOrders.Key(selected.mailbox().log(), state.uidValidity(), order);
    KeptOrder kept = session.server.orders.get(key);
    if (kept != null && Math.min(kept.size(), state.size()) / MOST_KNOWN > found.length) {
      return anew(found, space);
    }
    int[] known = kept == null ? new int[0] : kept.indexes(state.size(), state::uid);
    BitSet wanted = bits(found);
    BitSet others = (BitSet) wanted.clone();
    others.andNot(bits(known));
    if (others.cardinality() > found.length / 4) {
      int[] sorted = anew(found, space);
      if (found.length > known.length) {
        keep(key, sorted);
      }
      return sorted;
    }
    int[] sorted = known;
    if (!others.isEmpty()) {
      sorted = KeptOrder.merged(known, others.stream().toArray(), some -> anew(some, space));
      if (unknown) {
        return anew(found, space);
      }
    }
    if (!others.isEmpty() || (kept != null && known.length < kept.size() / 2)) {
      keep(key, sorted);
    }
    return Arrays.stream(sorted).filter(wanted::get).toArray();
  }

  private void keep(KeptOrders.Key key, int[] sorted) {
    if (!unknown) {
      session.server.orders.put(key, KeptOrder.of(sorted, state.size(), state::uid));
    }
  }

  private static BitSet bits(int[] indexes) {
    BitSet bits = new BitSet();
    for (int index : indexes) {
      bits.set(index);
    }
    return bits;
  }

  private int[] anew(int[] found, Workspace.Space space) throws IOException {
    long rows = found.length * SortColumn.octetsWithoutTexts(order);
    List<SortColumn> columns =
        order.stream().map(key -> new SortColumn(key, found.length)).toList();
    if (!needsBriefs()) {
      for (int row = 0; row < found.length; row++) {
        fill(columns, row, found[row], null);
      }
    } else {
      // Of a message that is gone from the log nothing is known: it is as if all were empty.
      int[] row = new int[1];
      int[] told = new int[1];
      selected
          .mailbox()
          .messages()
          .briefs(
              state,
              found,
              (index, brief) -> {
                session.checkpoint();
                row[0] = Arrays.binarySearch(found, row[0], found.length, index);
                fill(columns, row[0], index, brief);
                told[0]++;
                space.atLeast(rows + octetsOfTexts(columns));
              });
      unknown |= told[0] < found.length;
    }
    int[] sorted = RowOrder.of(columns, found.length);
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = found[sorted[i]];
    }
    return sorted;
  }

  private static long octetsOfTexts(List<SortColumn> columns) {
    long octets = 0;
    for (SortColumn column : columns) {
      octets += column.octetsOfTexts();
    }
    return octets;
  }

  private static boolean inColumns(SortKey.Criterion criterion) {
    return switch (criterion) {
      case ARRIVAL, RELEVANCY, SIZE -> true;
      case CC, DATE, DISPLAYFROM, DISPLAYTO, FROM, SUBJECT, TO -> false;
    };
  }

  private void fill(List<SortColumn> columns, int row, int index, @Nullable Brief brief) {
    for (SortColumn column : columns) {
      switch (column.criterion()) {
        case ARRIVAL -> column.set(row, state.internalDate(index).seconds());
        case RELEVANCY -> column.set(row, relevancy == null ? 0 : -relevancy.of(index));
        case SIZE -> column.set(row, state.octets(index));
        default -> {
          if (brief != null) {
            fill(column, row, index, brief);
          }
        }
      }
    }
  }

  private void fill(SortColumn column, int row, int index, Brief brief) {
    switch (column.criterion()) {
      case ARRIVAL, RELEVANCY, SIZE -> throw new IllegalStateException("not in the entry");
      case DATE -> column.set(row, sent(state, index, brief));
      case SUBJECT -> column.set(row, brief.comparedSubject().folded());
      case CC -> column.set(row, mailbox(brief.envelope().cc()));
      case FROM -> column.set(row, mailbox(brief.envelope().from()));
      case TO -> column.set(row, mailbox(brief.envelope().to()));
      case DISPLAYFROM -> column.set(row, display(brief.envelope().from()));
      case DISPLAYTO -> column.set(row, display(brief.envelope().to()));
    }
  }

  /** RFC 5256 §2.2: what the message says, or else when it came; seconds in UTC. */
  static long sent(MailboxState state, int index, Brief brief) {
    SentDate sent = brief.sent();
    return sent == null ? state.internalDate(index).seconds() : sent.epochSecond();
  }

  /** The local part of the first address, or the name of a group that stands first. */
  private static String mailbox(List<EnvelopeAddress> addresses) {
    return addresses.isEmpty() ? "" : decoded(addresses.getFirst().mailbox());
  }

  /** RFC 5957 §3: the name, or else the address, of the first address or group. */
  private static String display(List<EnvelopeAddress> addresses) {
    if (addresses.isEmpty()) {
      return "";
    }
    EnvelopeAddress first = addresses.getFirst();
    String name = decoded(first.name());
    if (!name.isEmpty()) {
      return name;
    }
    String mailbox = decoded(first.mailbox());
    return first.isAddress() ? mailbox + "@" + decoded(first.host()) : mailbox;
  }

  private static String decoded(@Nullable String octets) {
    return octets == null ? "" : EncodedWords.decode(octets);
  }
}
