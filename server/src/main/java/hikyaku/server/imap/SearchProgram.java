package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.text.MessageTexts;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.Messages;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.NumberSet;
import hikyaku.protocol.imap.SearchKey;
import hikyaku.protocol.imap.SequenceSet;
import hikyaku.protocol.mime.FoldedText;
import hikyaku.protocol.mime.FoldedTexts;
import hikyaku.protocol.mime.MessageText;
import hikyaku.protocol.mime.SentDate;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A search, ready to be run over a session's view. Most messages are decided by the columns of the
 * state alone, by briefs, or by an index of their texts; only the others are read, and of those the
 * text only if nothing cheaper decides.
 */
final class SearchProgram {
  /** So few messages are read at once, without asking an index. */
  private static final int FEW = 16;

  /**
   * Keys about texts for which an index is asked in one search; more of them narrow it no further.
   */
  private static final int MOST_LOOKUPS = 32;

  /** Names that are spelt alike in the header and in its decoded text. */
  private static final Pattern FIELD_NAME = Pattern.compile("[A-Z0-9-]+");

  /** What is known of a message that was not read. */
  private enum Answer {
    YES,
    NO,
    /** The message must be read. */
    OPEN;

    static Answer of(boolean yes) {
      return yes ? YES : NO;
    }
  }

  /** A key, compiled. */
  private sealed interface Test {
    /**
     * What the columns say of a message, the index, where it was asked, and the brief.
     *
     * @param brief null if it is not at hand
     */
    Answer known(int index, @Nullable Brief brief);

    /** Asked only where that leaves it open. */
    boolean read(SearchedMessage message) throws IOException;

    /** What reading costs; cheaper tests come first. */
    int cost();
  }

  private final Session session;
  private final Selected selected;
  private final View view;
  private final MailboxState state;
  private final Texts inText = new Texts(MessageText.Scope.TEXT);
  private final Texts inBody = new Texts(MessageText.Scope.BODY);
  private final List<Lookup> lookups = new ArrayList<>();

  /** Keys about texts that are FUZZY. */
  private final List<Fuzzy> fuzzy = new ArrayList<>();

  /** Whether briefs decide something. */
  private boolean briefly;

  private Test test = new Column(index -> true);

  /** Sets of messages that each message found is in. */
  private final List<Test> named = new ArrayList<>();

  private SearchProgram(Session session, Selected selected) {
    this.session = session;
    this.selected = selected;
    this.view = selected.view;
    this.state = view.state();
  }

  /**
   * Compiles a search for the view as it is now.
   *
   * @param selected the selected mailbox, or another one for keys that {@link #isOfSelected} does
   *     not hold for
   */
  static SearchProgram compile(Session session, Selected selected, SearchKey key)
      throws Targets.Invalid {
    SearchProgram program = new SearchProgram(session, selected);
    program.test = program.test(key, false);
    program.gatherNamed(key);
    return program;
  }

  private void gatherNamed(SearchKey key) throws Targets.Invalid {
    switch (key) {
      case SearchKey.And(var keys) -> {
        for (SearchKey each : keys) {
          gatherNamed(each);
        }
      }
      case SearchKey.Fuzzy(var inner) -> gatherNamed(inner);
      case SearchKey.Numbers _, SearchKey.Uids _, SearchKey.UidBound _ ->
          named.add(test(key, false));
      default -> {}
    }
  }

  static boolean usesModSeq(SearchKey key) {
    return uses(key, SearchKey.ModSeq.class::isInstance);
  }

  static boolean usesNumbers(SearchKey key) {
    return uses(key, SearchKey.Numbers.class::isInstance);
  }

  /** Whether it asks for what only the selected mailbox has: message numbers, what was saved. */
  static boolean isOfSelected(SearchKey key) {
    return uses(
        key,
        inner ->
            inner instanceof SearchKey.Numbers
                || inner instanceof SearchKey.Uids(SequenceSet.Saved _));
  }

  static boolean uses(SearchKey key, Predicate<SearchKey> wanted) {
    return switch (key) {
      case SearchKey.And(var keys) -> keys.stream().anyMatch(each -> uses(each, wanted));
      case SearchKey.Or(var left, var right) -> uses(left, wanted) || uses(right, wanted);
      case SearchKey.Not(var inner) -> uses(inner, wanted);
      case SearchKey.Fuzzy(var inner) -> uses(inner, wanted);
      default -> wanted.test(key);
    };
  }

  /**
   * Indexes of the messages that have to be looked at, rising: all that were told, or those that
   * the search names by sets of messages, whatever else it asks of them.
   */
  int[] searched() {
    return IntStream.range(0, view.toldHere())
        .filter(index -> named.stream().allMatch(set -> set.known(index, null) == Answer.YES))
        .toArray();
  }

  /** Indexes of those found, rising, among some messages, told or not: their indexes, rising. */
  int[] run(int[] among) throws IOException {
    BitSet found = new BitSet();
    int[] open = decidedAtOnce(found, among);
    Mailbox mailbox = selected.mailbox();
    if (briefly) {
      open =
          decided(
              found,
              open,
              (indexes, action) -> mailbox.messages().keptBriefs(state, indexes, action));
    }
    if (open.length > FEW && !lookups.isEmpty()) {
      lookUp();
      open = decidedAtOnce(found, open);
    }
    if (briefly) {
      open =
          decided(
              found, open, (indexes, action) -> mailbox.messages().briefs(state, indexes, action));
    }
    mailbox
        .messages()
        .read(
            state,
            open,
            (index, stored) -> {
              try (SearchedMessage message = new SearchedMessage(session, mailbox, index, stored)) {
                found.set(index, test.read(message));
              }
            });
    return found.stream().toArray();
  }

  /** Hands over messages, or some of them, as far as they are known. */
  @FunctionalInterface
  private interface Source {
    void forEach(int[] indexes, Messages.BriefAction action) throws IOException;
  }

  /**
   * Decides messages by what is at hand of each.
   *
   * @param found gets those found
   * @return those that are still open
   */
  private int[] decidedAtOnce(BitSet found, int[] among) {
    int[] open = new int[among.length];
    int count = 0;
    for (int index : among) {
      switch (test.known(index, null)) {
        case YES -> found.set(index);
        case OPEN -> open[count++] = index;
        case NO -> {}
      }
    }
    return Arrays.copyOf(open, count);
  }

  /**
   * Decides messages by what is handed over of them, without reading them.
   *
   * @param found gets those found
   * @return those that are still open
   */
  private int[] decided(BitSet found, int[] among, Source source) throws IOException {
    BitSet open = new BitSet();
    for (int index : among) {
      open.set(index);
    }
    source.forEach(
        among,
        (index, brief) -> {
          session.checkpoint();
          Answer answer = test.known(index, brief);
          found.set(index, answer == Answer.YES);
          open.set(index, answer == Answer.OPEN);
        });
    return open.stream().toArray();
  }

  /**
   * How well messages fit what is FUZZY, each read once more: the mean of these keys.
   *
   * @param found what {@link #run} found
   */
  Relevancy relevancy(int[] found) throws IOException {
    int[] scores = new int[found.length];
    Arrays.fill(scores, fuzzy.isEmpty() ? Relevancy.WHOLE : 1);
    if (!fuzzy.isEmpty()) {
      selected
          .mailbox()
          .messages()
          .read(
              state,
              found,
              (index, stored) -> {
                try (SearchedMessage message =
                    new SearchedMessage(session, selected.mailbox(), index, stored)) {
                  int sum = 0;
                  for (Fuzzy key : fuzzy) {
                    sum += key.score(message);
                  }
                  int score = Math.max(1, sum / fuzzy.size());
                  scores[Arrays.binarySearch(found, index)] = score;
                }
              });
    }
    return new Relevancy(found, scores);
  }

  /** A FUZZY key about a text: the text itself, and its words. */
  private record Fuzzy(Reading.Judge whole, Reading.Judge words) {
    int score(SearchedMessage message) throws IOException {
      message.checkpoint();
      return whole.holds(message) ? Relevancy.WHOLE : words.holds(message) ? Relevancy.WORDS : 0;
    }
  }

  private void lookUp() {
    List<BitSet> lacking =
        session.server.index.lacking(
            selected.mailbox().log(), state, lookups.stream().map(Lookup::wanted).toList());
    for (int i = 0; i < lacking.size(); i++) {
      lookups.get(i).lacking = lacking.get(i);
    }
  }

  // ---- tests

  /** Decided by the columns. */
  private record Column(IntPredicate holds) implements Test {
    @Override
    public Answer known(int index, @Nullable Brief brief) {
      return Answer.of(holds.test(index));
    }

    @Override
    public boolean read(SearchedMessage message) {
      return holds.test(message.index());
    }

    @Override
    public int cost() {
      return 0;
    }
  }

  /** What an index is asked for a key. */
  private static final class Lookup {
    private final List<FoldedText> wanted;
    private BitSet lacking = new BitSet();

    Lookup(List<FoldedText> wanted) {
      this.wanted = wanted;
    }

    /** Strings that a message must have if it is to be found; none is empty. */
    List<FoldedText> wanted() {
      return wanted;
    }
  }

  /** Decided by the brief, unless an index tells that the message cannot be meant. */
  private record Briefly(Lookup lookup, Judge judge) implements Test {
    @FunctionalInterface
    interface Judge {
      boolean holds(Brief brief);
    }

    @Override
    public Answer known(int index, @Nullable Brief brief) {
      if (lookup.lacking.get(index)) {
        return Answer.NO;
      }
      return brief == null ? Answer.OPEN : Answer.of(judge.holds(brief));
    }

    @Override
    public boolean read(SearchedMessage message) {
      return judge.holds(message.brief());
    }

    @Override
    public int cost() {
      return Reading.ENTRY;
    }
  }

  /** Decided by the message, unless an index tells that it cannot be meant. */
  private record Reading(int cost, Lookup lookup, Judge judge) implements Test {
    static final int ENTRY = 1;
    static final int HEADER = 2;
    static final int TEXT = 3;

    @FunctionalInterface
    interface Judge {
      boolean holds(SearchedMessage message) throws IOException;
    }

    @Override
    public Answer known(int index, @Nullable Brief brief) {
      return lookup.lacking.get(index) ? Answer.NO : Answer.OPEN;
    }

    @Override
    public boolean read(SearchedMessage message) throws IOException {
      message.checkpoint();
      return judge.holds(message);
    }
  }

  /** All of them, or one of them, the cheapest first. */
  private record Several(boolean all, List<Test> tests) implements Test {
    static Several of(boolean all, List<Test> tests) {
      List<Test> cheapestFirst = new ArrayList<>(tests);
      cheapestFirst.sort(Comparator.comparingInt(Test::cost));
      return new Several(all, cheapestFirst);
    }

    @Override
    public Answer known(int index, @Nullable Brief brief) {
      boolean open = false;
      for (Test test : tests) {
        Answer answer = test.known(index, brief);
        if (answer == Answer.of(!all)) {
          return answer;
        }
        open |= answer == Answer.OPEN;
      }
      return open ? Answer.OPEN : Answer.of(all);
    }

    @Override
    public boolean read(SearchedMessage message) throws IOException {
      for (Test test : tests) {
        if (test.read(message) != all) {
          return !all;
        }
      }
      return all;
    }

    @Override
    public int cost() {
      return tests.getLast().cost();
    }
  }

  private record Inverse(Test test) implements Test {
    @Override
    public Answer known(int index, @Nullable Brief brief) {
      return switch (test.known(index, brief)) {
        case YES -> Answer.NO;
        case NO -> Answer.YES;
        case OPEN -> Answer.OPEN;
      };
    }

    @Override
    public boolean read(SearchedMessage message) throws IOException {
      return !test.read(message);
    }

    @Override
    public int cost() {
      return test.cost();
    }
  }

  // ---- compiling

  /**
   * @param about whether it is enough if all words of a text are there (RFC 6203 §3); what is no
   *     text is meant as it says
   */
  private Test test(SearchKey key, boolean about) throws Targets.Invalid {
    return switch (key) {
      case SearchKey.All _ -> new Column(index -> true);
      case SearchKey.And(var keys) -> {
        List<Test> tests = new ArrayList<>();
        for (SearchKey each : keys) {
          tests.add(test(each, about));
        }
        yield Several.of(true, tests);
      }
      case SearchKey.Or(var left, var right) ->
          Several.of(false, List.of(test(left, about), test(right, about)));
      case SearchKey.Not(var inner) -> new Inverse(test(inner, about));
      case SearchKey.Fuzzy(var inner) -> test(inner, true);
      case SearchKey.Flag(String flag, boolean set) -> flag(flag, set);
      case SearchKey.Recent(boolean recent, boolean unseen) ->
          new Column(index ->
              selected.isRecent(state.uid(index)) == recent
                  && !(unseen && state.flags(index).has(SystemFlag.SEEN)));
      case SearchKey.Numbers(SequenceSet set) -> numbers(set);
      case SearchKey.Uids(SequenceSet set) -> uids(set);
      case SearchKey.UidBound(boolean after, long uid) ->
          new Column(index -> after ? state.uid(index) > uid : state.uid(index) < uid);
      case SearchKey.Date date -> date(date);
      case SearchKey.Within within -> within(within);
      case SearchKey.Size(boolean larger, long octets) ->
          new Column(index -> larger ? state.octets(index) > octets : state.octets(index) < octets);
      case SearchKey.ModSeq modSeq -> new Column(index -> state.modseq(index) >= modSeq.atLeast());
      case SearchKey.InEnvelope(String name, String text) -> field(name, text, about, true);
      case SearchKey.Header(String name, String text) ->
          field(name, text, about, MessageTexts.isWholeInEnvelope(name));
      case SearchKey.EmailId(String id) ->
          new Reading(Reading.ENTRY, new Lookup(List.of()), message -> message.hasEmailId(id));
      case SearchKey.ThreadId(String id) ->
          briefly(new Lookup(List.of()), brief -> id.equals(ObjectIds.threadId(brief)));
      case SearchKey.AnyText(String text) -> text(text, about, inText);
      case SearchKey.Body(String text) -> text(text, about, inBody);
    };
  }

  private Test flag(String wire, boolean set) {
    Flags wanted = Store.flags(List.of(wire));
    return wanted.keywords().isEmpty()
        ? new Column(index -> (state.flags(index).system() & wanted.system()) != 0 == set)
        : new Column(index -> state.flags(index).hasKeyword(wire) == set);
  }

  private Test numbers(SequenceSet set) throws Targets.Invalid {
    return switch (set) {
      case SequenceSet.Saved _ -> uids(set);
      case SequenceSet.Ranges ranges -> {
        NumberSet numbers = Targets.searched(session, ranges);
        yield new Column(index -> numbers.contains(view.numberAt(index)));
      }
    };
  }

  private Test uids(SequenceSet set) {
    UidSet uids =
        switch (set) {
          case SequenceSet.Saved _ -> session.state.saved();
          case SequenceSet.Ranges ranges -> Targets.uids(view, ranges);
        };
    return new Column(index -> uids.contains(state.uid(index)));
  }

  private Test date(SearchKey.Date date) {
    return switch (date.kind()) {
      case INTERNAL -> new Column(index -> relates(state.internalDate(index).day(), date));
      case SENT -> briefly(new Lookup(List.of()), brief -> isSent(brief, date));
      case SAVED ->
          new Reading(
              Reading.ENTRY, new Lookup(List.of()), message -> relates(message.saved(), date));
    };
  }

  /**
   * RFC 5032. The clock is not of the log: where a long answer breaks off at one node, and a
   * message comes of age before another repeats it, the two differ, and the session ends.
   */
  private Test within(SearchKey.Within within) {
    long then = session.server.mail.clock().instant().getEpochSecond() - within.seconds();
    return new Column(index -> {
      long came = state.internalDate(index).seconds();
      return within.younger() ? came >= then : came <= then;
    });
  }

  /** By the day of the Date field, as its sender counted. */
  private static boolean isSent(Brief brief, SearchKey.Date date) {
    SentDate sent = brief.sent();
    return sent != null && relates(LocalDate.ofEpochDay(sent.epochDay()), date);
  }

  private static boolean relates(LocalDate day, SearchKey.Date date) {
    return switch (date.relation()) {
      case BEFORE -> day.isBefore(date.day());
      case ON -> day.equals(date.day());
      case SINCE -> !day.isBefore(date.day());
    };
  }

  private Lookup lookup(List<FoldedText> wanted) {
    Lookup lookup = new Lookup(wanted);
    if (!wanted.isEmpty() && lookups.size() < MOST_LOOKUPS) {
      lookups.add(lookup);
    }
    return lookup;
  }

  /**
   * The field is to hold the text, or if it is FUZZY each of its words.
   *
   * @param inEnvelope whether it is that of the envelope, or else of the header
   */
  private Test field(String name, String text, boolean about, boolean inEnvelope) {
    List<String> words = about ? Words.of(text) : List.of(text);
    FoldedText whole = new FoldedText(text);
    List<FoldedText> folded = words.stream().map(FoldedText::new).toList();
    // The empty text asks for the field itself, and the envelope keeps none that says nothing.
    if (inEnvelope && !whole.isEmpty()) {
      Briefly.Judge wholly = brief -> MessageTexts.envelopeContains(brief, name, whole);
      Briefly.Judge inWords =
          brief ->
              folded.stream().allMatch(word -> MessageTexts.envelopeContains(brief, name, word));
      if (about) {
        fuzzy.add(
            new Fuzzy(
                message -> wholly.holds(message.brief()),
                message -> inWords.holds(message.brief())));
      }
      return briefly(lookup(folded), inWords);
    }
    List<FoldedText> wanted = new ArrayList<>();
    if (FIELD_NAME.matcher(name).matches()) {
      wanted.add(new FoldedText(name + ": "));
    }
    folded.stream().filter(word -> !word.isEmpty()).forEach(wanted::add);
    return reading(
        about,
        Reading.HEADER,
        wanted,
        message -> message.headerContains(name, whole),
        message -> {
          for (FoldedText word : folded) {
            if (!message.headerContains(name, word)) {
              return false;
            }
          }
          return true;
        });
  }

  private Test briefly(Lookup lookup, Briefly.Judge judge) {
    briefly = true;
    return new Briefly(lookup, judge);
  }

  private Test text(String text, boolean about, Texts texts) {
    List<String> words = about ? Words.of(text) : List.of(text);
    FoldedText whole = new FoldedText(text);
    if (whole.isEmpty()) {
      return new Column(index -> true);
    }
    List<FoldedText> folded = words.stream().map(FoldedText::new).toList();
    int[] numbers = folded.stream().mapToInt(texts::add).toArray();
    int number = words.size() == 1 ? numbers[0] : texts.add(whole);
    return reading(
        about,
        Reading.TEXT,
        folded,
        message -> texts.isIn(message, number),
        message -> texts.areIn(message, numbers));
  }

  /**
   * @param wanted strings that are in every message that is meant
   * @param words what decides
   */
  private Test reading(
      boolean about, int cost, List<FoldedText> wanted, Reading.Judge whole, Reading.Judge words) {
    if (about) {
      fuzzy.add(new Fuzzy(whole, words));
    }
    return new Reading(cost, lookup(wanted), words);
  }

  /** The texts looked for in one scope, for which a message is read once, however many they are. */
  private static final class Texts {
    private final MessageText.Scope scope;
    private final List<FoldedText> wanted = new ArrayList<>();
    private @Nullable FoldedTexts together;

    Texts(MessageText.Scope scope) {
      this.scope = scope;
    }

    int add(FoldedText text) {
      wanted.add(text);
      return wanted.size() - 1;
    }

    boolean isIn(SearchedMessage message, int number) throws IOException {
      return areIn(message, number);
    }

    boolean areIn(SearchedMessage message, int... numbers) throws IOException {
      FoldedTexts all = together;
      if (all == null) {
        all = new FoldedTexts(wanted);
        together = all;
      }
      BitSet found = message.containing(all, scope);
      return Arrays.stream(numbers).allMatch(found::get);
    }
  }
}
