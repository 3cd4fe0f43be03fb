package hikyaku.protocol.imap;

import hikyaku.protocol.imap.SearchKey.DateKind;
import hikyaku.protocol.imap.SearchKey.Relation;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * SEARCH, ESEARCH, SORT and THREAD (RFC 9051 §6.4.4, RFC 4731, 5032, 5182, 5256, 5267, 5957, 6203,
 * 7162, 7377, 8474, 8514, 9394, 9738).
 */
final class SearchParser {
  private final Cursor in;
  // Texts without a charset are UTF-8 as IMAP4rev2 has it; US-ASCII is a part of that.
  private Charset charset = StandardCharsets.UTF_8;

  /** Whether SORT or THREAD called it so. */
  private boolean utf8;

  private int keys;
  private boolean fuzzy;

  SearchParser(Cursor in) {
    this.in = in;
  }

  /** What follows the command's name. */
  Command search(boolean uid) throws SyntaxException {
    in.expectSp();
    return search(uid, returns());
  }

  private Command search(boolean uid, Command.@Nullable Returns returns) throws SyntaxException {
    boolean labelled = in.word("CHARSET");
    if (labelled) {
      in.expectSp();
      Charset known = charset(in.expectAstring("a charset"));
      if (known == null) {
        in.skipToEnd();
        return new Command.UnknownCharset(saves(returns));
      }
      charset = known;
      in.expectSp();
    }
    SearchKey key = conjunction(0);
    checkRelevancy(returns != null && returns.has(Command.SearchReturn.RELEVANCY));
    return new Command.Search(uid, returns, labelled, key);
  }

  /** What follows ESEARCH (RFC 7377 §2). */
  Command multi() throws SyntaxException {
    final Remembered remembered = in.remembered();
    in.expectSp();
    List<MailboxFilter> sources = new ArrayList<>();
    if (in.word("IN")) {
      in.expectSp();
      in.expect('(');
      FilterParser filters = new FilterParser(in);
      do {
        sources.add(filters.source());
      } while (in.take(' '));
      in.expect(')');
      in.expectSp();
    }
    return switch (search(true, returns())) {
      case Command.Search(_, var returns, boolean labelled, SearchKey key) ->
          new Command.MultiSearch(remembered, sources, returns, labelled, key);
      case Command unknown -> unknown;
    };
  }

  /** What follows the command's name. */
  Command sort(boolean uid) throws SyntaxException {
    in.expectSp();
    Command.Returns returns = returns();
    final List<SortKey> order = order();
    in.expectSp();
    if (!expectCharset()) {
      return new Command.UnknownCharset(saves(returns));
    }
    SearchKey key = conjunction(0);
    checkRelevancy(
        returns != null && returns.has(Command.SearchReturn.RELEVANCY)
            || order.stream().anyMatch(by -> by.criterion() == SortKey.Criterion.RELEVANCY));
    return new Command.Sort(uid, returns, order, utf8, key);
  }

  private static boolean saves(Command.@Nullable Returns returns) {
    return returns != null && returns.has(Command.SearchReturn.SAVE);
  }

  /** RFC 6203 §4, §6: there is none without FUZZY. */
  private void checkRelevancy(boolean wanted) throws SyntaxException {
    if (wanted && !fuzzy) {
      throw SyntaxException.bad("RELEVANCY without FUZZY");
    }
  }

  /** {@code sort-criteria}. */
  private List<SortKey> order() throws SyntaxException {
    List<SortKey> order = new ArrayList<>();
    in.expect('(');
    do {
      if (order.size() == in.limits().sortKeys()) {
        throw SyntaxException.limit("Too many sort criteria");
      }
      boolean reverse = in.word("REVERSE");
      if (reverse) {
        in.expectSp();
      }
      order.add(new SortKey(criterion(in.expectWord("a sort criterion")), reverse));
    } while (in.take(' '));
    in.expect(')');
    return order;
  }

  private static SortKey.Criterion criterion(String name) throws SyntaxException {
    for (SortKey.Criterion criterion : SortKey.Criterion.values()) {
      if (criterion.name().equals(name)) {
        return criterion;
      }
    }
    throw SyntaxException.bad("Unknown sort criterion");
  }

  /** What follows the command's name. */
  Command thread(boolean uid) throws SyntaxException {
    in.expectSp();
    Command.ThreadAlgorithm algorithm =
        switch (in.expectWord("an algorithm")) {
          case "ORDEREDSUBJECT" -> Command.ThreadAlgorithm.ORDEREDSUBJECT;
          case "REFERENCES" -> Command.ThreadAlgorithm.REFERENCES;
          default -> throw SyntaxException.bad("Unknown algorithm");
        };
    in.expectSp();
    return expectCharset()
        ? new Command.Threads(uid, algorithm, utf8, conjunction(0))
        : new Command.UnknownCharset(false);
  }

  /**
   * The charset that stands before the keys of SORT and THREAD, and the space behind it.
   *
   * @return whether it is known; if not, nothing more is read
   */
  private boolean expectCharset() throws SyntaxException {
    String name = in.expectAstring("a charset");
    utf8 = Text.equalsIgnoreCase(name, "UTF-8");
    Charset known = charset(name);
    if (known == null) {
      in.skipToEnd();
      return false;
    }
    charset = known;
    in.expectSp();
    return true;
  }

  /** Tries RETURN and what belongs to it. */
  private Command.@Nullable Returns returns() throws SyntaxException {
    if (!in.word("RETURN")) {
      return null;
    }
    in.expectSp();
    Command.Returns returns = returnOptions();
    in.expectSp();
    return returns;
  }

  private Command.Returns returnOptions() throws SyntaxException {
    Set<Command.SearchReturn> returns = EnumSet.noneOf(Command.SearchReturn.class);
    PartialRange partial = null;
    Command.Update update = null;
    boolean context = false;
    in.expect('(');
    if (!in.take(')')) {
      boolean more;
      do {
        more = false;
        switch (in.expectWord("a return option")) {
          case "MIN" -> returns.add(Command.SearchReturn.MIN);
          case "MAX" -> returns.add(Command.SearchReturn.MAX);
          case "ALL" -> returns.add(Command.SearchReturn.ALL);
          case "COUNT" -> returns.add(Command.SearchReturn.COUNT);
          case "SAVE" -> returns.add(Command.SearchReturn.SAVE);
          case "RELEVANCY" -> returns.add(Command.SearchReturn.RELEVANCY);
          // A hint, of which nothing is made.
          case "CONTEXT" -> context = true;
          case "UPDATE" -> {
            more = in.take(' ');
            List<FetchItem> items = List.of();
            if (more && in.peek() == '(') {
              items = new FetchParser(in).items();
              more = false;
            }
            update = new Command.Update(items, in.rememberedIfShort());
          }
          case "PARTIAL" -> {
            if (partial != null) {
              throw SyntaxException.bad("PARTIAL twice");
            }
            in.expectSp();
            partial = in.expectPartialRange();
          }
          default -> throw SyntaxException.bad("Unknown return option");
        }
      } while (more || in.take(' '));
      in.expect(')');
    }
    if (partial != null && returns.contains(Command.SearchReturn.ALL)) {
      throw SyntaxException.bad("ALL and PARTIAL exclude each other");
    }
    boolean nothing =
        returns.isEmpty() || returns.equals(EnumSet.of(Command.SearchReturn.RELEVANCY));
    if (nothing && partial == null && update == null && !context) {
      returns.add(Command.SearchReturn.ALL);
    }
    return new Command.Returns(returns, partial, update);
  }

  /** Null if it is not known. */
  private static @Nullable Charset charset(String name) {
    if (Text.equalsIgnoreCase(name, "US-ASCII")) {
      return StandardCharsets.UTF_8;
    }
    try {
      return Charset.forName(name);
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      return null;
    }
  }

  /** {@code search-key *(SP search-key)}. */
  private SearchKey conjunction(int depth) throws SyntaxException {
    SearchKey first = key(depth);
    if (in.peek() != ' ') {
      return first;
    }
    List<SearchKey> all = new ArrayList<>();
    all.add(first);
    while (in.take(' ')) {
      if (in.atEnd()) {
        break; // a trailing space
      }
      all.add(key(depth));
    }
    return all.size() == 1 ? first : new SearchKey.And(all);
  }

  private SearchKey key(int depth) throws SyntaxException {
    if (++keys > in.limits().searchKeys()) {
      throw SyntaxException.limit("Too many search keys");
    }
    if (depth > in.limits().searchDepth()) {
      throw SyntaxException.limit("Search keys nested too deeply");
    }
    if (in.take('(')) {
      SearchKey inner = conjunction(depth + 1);
      in.expect(')');
      return inner;
    }
    if (in.atSequenceSet()) {
      return new SearchKey.Numbers(in.expectSequenceSet());
    }
    String name = in.expectWord("a search key");
    SearchKey plain = plainKey(name);
    if (plain != null) {
      return plain;
    }
    in.expectSp();
    return switch (name) {
      case "NOT" -> new SearchKey.Not(key(depth + 1));
      case "FUZZY" -> {
        fuzzy = true;
        yield new SearchKey.Fuzzy(key(depth + 1));
      }
      case "OR" -> {
        SearchKey left = key(depth + 1);
        in.expectSp();
        yield new SearchKey.Or(left, key(depth + 1));
      }
      case "KEYWORD" -> new SearchKey.Flag(in.expectKeyword(), true);
      case "UNKEYWORD" -> new SearchKey.Flag(in.expectKeyword(), false);
      case "BEFORE" -> date(DateKind.INTERNAL, Relation.BEFORE);
      case "ON" -> date(DateKind.INTERNAL, Relation.ON);
      case "SINCE" -> date(DateKind.INTERNAL, Relation.SINCE);
      case "SENTBEFORE" -> date(DateKind.SENT, Relation.BEFORE);
      case "SENTON" -> date(DateKind.SENT, Relation.ON);
      case "SENTSINCE" -> date(DateKind.SENT, Relation.SINCE);
      case "SAVEDBEFORE" -> date(DateKind.SAVED, Relation.BEFORE);
      case "SAVEDON" -> date(DateKind.SAVED, Relation.ON);
      case "SAVEDSINCE" -> date(DateKind.SAVED, Relation.SINCE);
      case "EMAILID" -> new SearchKey.EmailId(in.expectObjectId());
      case "THREADID" -> new SearchKey.ThreadId(in.expectObjectId());
      case "BCC", "CC", "FROM", "SUBJECT", "TO" -> new SearchKey.InEnvelope(name, text());
      case "HEADER" -> {
        String field = Text.upper(in.expectAstring("a header field name"));
        in.expectSp();
        yield new SearchKey.Header(field, text());
      }
      case "BODY" -> new SearchKey.Body(text());
      case "TEXT" -> new SearchKey.AnyText(text());
      case "LARGER" -> new SearchKey.Size(true, in.expectNumber64());
      case "SMALLER" -> new SearchKey.Size(false, in.expectNumber64());
      case "OLDER" -> new SearchKey.Within(false, in.expectNzNumber());
      case "YOUNGER" -> new SearchKey.Within(true, in.expectNzNumber());
      case "UID" -> new SearchKey.Uids(in.expectSequenceSet());
      case "UIDAFTER" -> new SearchKey.UidBound(true, in.expectNzNumber());
      case "UIDBEFORE" -> new SearchKey.UidBound(false, in.expectNzNumber());
      case "MODSEQ" -> modSeq();
      default -> throw SyntaxException.bad("Unknown search key");
    };
  }

  private static @Nullable SearchKey plainKey(String name) {
    return switch (name) {
      // Every mailbox here has save dates.
      case "ALL", "SAVEDATESUPPORTED" -> new SearchKey.All();
      case "ANSWERED" -> new SearchKey.Flag(Flags.ANSWERED, true);
      case "UNANSWERED" -> new SearchKey.Flag(Flags.ANSWERED, false);
      case "DELETED" -> new SearchKey.Flag(Flags.DELETED, true);
      case "UNDELETED" -> new SearchKey.Flag(Flags.DELETED, false);
      case "DRAFT" -> new SearchKey.Flag(Flags.DRAFT, true);
      case "UNDRAFT" -> new SearchKey.Flag(Flags.DRAFT, false);
      case "FLAGGED" -> new SearchKey.Flag(Flags.FLAGGED, true);
      case "UNFLAGGED" -> new SearchKey.Flag(Flags.FLAGGED, false);
      case "SEEN" -> new SearchKey.Flag(Flags.SEEN, true);
      case "UNSEEN" -> new SearchKey.Flag(Flags.SEEN, false);
      case "NEW" -> new SearchKey.Recent(true, true);
      case "OLD" -> new SearchKey.Recent(false, false);
      case "RECENT" -> new SearchKey.Recent(true, false);
      default -> null;
    };
  }

  private SearchKey.Date date(DateKind kind, Relation relation) throws SyntaxException {
    boolean quoted = in.take('"');
    LocalDate day = Dates.expectDate(in);
    if (quoted) {
      in.expect('"');
    }
    return new SearchKey.Date(kind, relation, day);
  }

  private SearchKey.ModSeq modSeq() throws SyntaxException {
    String entry = null;
    if (!in.atDigit()) {
      entry = in.expectString("an entry name");
      in.expectSp();
      switch (in.expectWord("an entry type")) {
        case "PRIV", "SHARED", "ALL" -> {}
        default -> throw SyntaxException.bad("Unknown entry type");
      }
      in.expectSp();
    }
    return new SearchKey.ModSeq(entry, in.expectNumber64());
  }

  private String text() throws SyntaxException {
    String octets = in.expectAstring("a text");
    try {
      byte[] bytes = octets.getBytes(StandardCharsets.ISO_8859_1);
      return charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw SyntaxException.bad("Search text does not fit its charset");
    }
  }
}
