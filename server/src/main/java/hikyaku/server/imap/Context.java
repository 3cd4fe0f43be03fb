package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.CommandReader;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.ImapLimits;
import hikyaku.protocol.imap.Remembered;
import hikyaku.protocol.imap.SearchKey;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.protocol.imap.SortKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A search that is kept up to date as long as its mailbox is selected (RFC 5267 §4.3).
 *
 * @param tag of the command, by which its updates are known
 * @param order empty for SEARCH
 * @param results UIDs in the order that the client has them in
 */
record Context(
    String tag,
    Remembered command,
    boolean uid,
    SearchKey key,
    List<SortKey> order,
    List<FetchItem> items,
    List<Long> results) {
  Context {
    results = List.copyOf(results);
  }

  /**
   * What another node needs to know.
   *
   * @param results UIDs
   */
  record State(String tag, Remembered command, List<Long> results) {}

  State state() {
    return new State(tag, command, results);
  }

  static Context carriedOn(State from, ImapLimits limits) {
    return switch (CommandReader.again(from.command(), limits)) {
      case Command.Search search ->
          new Context(
              from.tag(),
              from.command(),
              search.uid(),
              search.key(),
              List.of(),
              items(search.returns()),
              from.results());
      case Command.Sort sort ->
          new Context(
              from.tag(),
              from.command(),
              sort.uid(),
              sort.key(),
              sort.order(),
              items(sort.returns()),
              from.results());
      case Command _ -> throw new IllegalArgumentException("no search");
    };
  }

  private static List<FetchItem> items(Command.@Nullable Returns returns) {
    Command.Update update = returns == null ? null : returns.update();
    return update == null ? List.of() : update.items();
  }

  Context with(List<Long> newResults) {
    return new Context(tag, command, uid, key, order, items, newResults);
  }

  /** Whether results change places as nothing in the log does: no update can tell that. */
  static boolean canBeKept(SearchKey key, List<SortKey> order) {
    return order.stream().noneMatch(by -> by.criterion() == SortKey.Criterion.RELEVANCY)
        && !SearchProgram.uses(
            key,
            inner ->
                switch (inner) {
                  case SearchKey.Numbers _, SearchKey.Recent _, SearchKey.Within _ -> true;
                  case SearchKey.Uids(SequenceSet.Saved _) -> true;
                  case SearchKey.Uids(SequenceSet.Ranges ranges) -> ranges.hasStar();
                  default -> false;
                });
  }
}
