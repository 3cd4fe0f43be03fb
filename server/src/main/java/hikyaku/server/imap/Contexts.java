package hikyaku.server.imap;

import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Condition;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SearchKey;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.protocol.imap.SortKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The searches of the selected mailbox that are kept up to date (RFC 5267 §4.3). What is removed
 * because it is expunged is told before the expunge, all else after what it follows from.
 */
final class Contexts {
  private final Session session;
  private final Selected selected;
  private final View view;

  Contexts(Session session, Selected selected) {
    this.session = session;
    this.selected = selected;
    this.view = selected.view;
  }

  // ---- beginning and end

  /** Whether a search of this tag is kept up to date already (RFC 5267 §4.3). */
  static boolean has(Session session, String tag) {
    return session.state.inMailbox().contexts.stream()
        .anyMatch(context -> context.tag().equals(tag));
  }

  static Reply tagReused() {
    return Reply.bad("A search of this tag is kept up to date");
  }

  /**
   * Keeps a search up to date from now on, or says that it is not.
   *
   * @param found indexes in the order of the results
   */
  static void begin(
      Session session,
      String tag,
      Command.Update update,
      boolean uid,
      SearchKey key,
      List<SortKey> order,
      int[] found)
      throws IOException {
    Selected selected = session.state.inMailbox();
    var limits = session.server.settings.limits();
    if (update.search() == null
        || found.length > limits.updateResults()
        || selected.contexts.size() >= limits.updates()
        || !Context.canBeKept(key, order)) {
      refuse(session, tag);
      return;
    }
    MailboxState state = selected.view.state();
    selected.contexts.add(
        new Context(
            tag,
            update.search(),
            uid,
            key,
            order,
            update.items(),
            IntStream.of(found).mapToObj(state::uid).toList()));
  }

  /** RFC 5267 §4.3.1. */
  static void refuse(Session session, String tag) throws IOException {
    session.out.untagged(
        new Reply(
            Condition.NO, new ResponseCode.NoUpdate(tag), "This search is not kept up to date"));
  }

  static Reply cancel(Session session, Command.CancelUpdate command) {
    session.state.inMailbox().contexts.removeIf(context -> command.tags().contains(context.tag()));
    return Reply.ok("CANCELUPDATE completed");
  }

  // ---- updates

  /** What is to be told of one context behind the news. */
  private record Change(Context after, List<Long> removed, List<Long> added, List<Long> order) {}

  /** What the news mean for the contexts. */
  final class Changes {
    private final List<Change> changes = new ArrayList<>();

    /** Tells it, the view having told its news. */
    void tell() throws IOException {
      for (Change change : changes) {
        Context context = change.after;
        if (context.results().size() > session.server.settings.limits().updateResults()) {
          selected.contexts.removeIf(one -> one.tag().equals(context.tag()));
          refuse(session, context.tag());
          continue;
        }
        replace(context);
        List<Data.Run> removed = runs(context, change.order, change.removed, true);
        List<Data.Run> added = runs(context, context.results(), change.added, false);
        session.out.data(new Data.FoundUpdate(context.tag(), context.uid(), removed, added));
      }
    }

    /** Contexts that want something of new messages, with these. */
    void fetchNew(long firstUid) throws IOException {
      for (Change change : changes) {
        int[] indexes =
            change.added.stream()
                .filter(uid -> uid >= firstUid)
                .mapToInt(view.state()::indexOf)
                .filter(index -> index >= 0)
                .sorted()
                .toArray();
        if (!change.after.items().isEmpty() && indexes.length > 0) {
          session.updates.fetchNew(selected, indexes, change.after.items());
        }
      }
    }
  }

  private void replace(Context context) {
    selected.contexts.replaceAll(one -> one.tag().equals(context.tag()) ? context : one);
  }

  /** Tells which results are about to be expunged, while they have their numbers. */
  void tellGone() throws IOException {
    for (Context context : List.copyOf(selected.contexts)) {
      List<Long> gone =
          context.results().stream().filter(uid -> !view.state().contains(uid)).toList();
      if (!gone.isEmpty()) {
        List<Data.Run> removed = runs(context, context.results(), gone, true);
        session.out.data(new Data.FoundUpdate(context.tag(), context.uid(), removed, List.of()));
        List<Long> left = new ArrayList<>(context.results());
        left.removeAll(new HashSet<>(gone));
        replace(context.with(left));
      }
    }
  }

  /** Finds out what news mean, before they are told: what fails leaves everything as it was. */
  Changes changes() throws IOException {
    Changes changes = new Changes();
    if (selected.contexts.isEmpty()) {
      return changes;
    }
    MailboxState state = view.state();
    int[] candidates =
        IntStream.range(0, state.size())
            .filter(index ->
                state.modseq(index) > view.positions().flags()
                    || state.uid(index) >= view.positions().appends())
            .toArray();
    for (Context context : selected.contexts) {
      Set<Long> known = new HashSet<>(context.results());
      Set<Long> matching = new HashSet<>();
      for (int index : program(context).run(candidates)) {
        matching.add(state.uid(index));
      }
      List<Long> removed = new ArrayList<>();
      List<Long> added = new ArrayList<>();
      for (int index : candidates) {
        long uid = state.uid(index);
        if (known.contains(uid) && !matching.contains(uid)) {
          removed.add(uid);
        } else if (!known.contains(uid) && matching.contains(uid)) {
          added.add(uid);
        }
      }
      if (!removed.isEmpty() || !added.isEmpty()) {
        List<Long> left = new ArrayList<>(context.results());
        left.removeAll(new HashSet<>(removed));
        changes.changes.add(
            new Change(
                context.with(inOrder(context, left, added)), removed, added, context.results()));
      }
    }
    return changes;
  }

  private SearchProgram program(Context context) {
    try {
      return SearchProgram.compile(session, selected, context.key());
    } catch (Targets.Invalid e) {
      throw new IllegalStateException("a context with message numbers", e);
    }
  }

  /** The results with those that come, each behind what it follows; ghosts stay where they are. */
  private List<Long> inOrder(Context context, List<Long> left, List<Long> added)
      throws IOException {
    if (added.isEmpty()) {
      return left;
    }
    List<Long> order = new ArrayList<>(left);
    if (context.order().isEmpty()) {
      order.addAll(added);
      Collections.sort(order);
      return order;
    }
    MailboxState state = view.state();
    int[] indexes =
        Stream.concat(left.stream(), added.stream())
            .mapToInt(state::indexOf)
            .filter(index -> index >= 0)
            .sorted()
            .toArray();
    Set<Long> coming = new HashSet<>(added);
    int at = 0;
    for (int index : Sort.sorted(session, selected, context.order(), indexes)) {
      long uid = state.uid(index);
      if (coming.contains(uid)) {
        order.add(at++, uid);
      } else {
        at = order.indexOf(uid) + 1;
      }
    }
    return order;
  }

  /**
   * Runs of some of the results, in the order in which they are removed, the last first, or added.
   */
  private List<Data.Run> runs(
      Context context, List<Long> results, List<Long> some, boolean lastFirst) {
    if (some.isEmpty()) {
      return List.of();
    }
    if (context.order().isEmpty()) {
      return List.of(new Data.Run(0, numbers(context, some)));
    }
    Set<Long> wanted = new HashSet<>(some);
    List<Data.Run> runs = new ArrayList<>();
    for (int at = 0; at < results.size(); at++) {
      if (wanted.contains(results.get(at))) {
        int end = at + 1;
        while (end < results.size() && wanted.contains(results.get(end))) {
          end++;
        }
        runs.add(new Data.Run(at + 1, numbers(context, results.subList(at, end))));
        at = end;
      }
    }
    return lastFirst ? runs.reversed() : runs;
  }

  private SequenceSet numbers(Context context, List<Long> uids) {
    return SequenceSet.inOrder(
        uids.stream().mapToLong(uid -> context.uid() ? uid : view.number(uid)).toArray());
  }
}
