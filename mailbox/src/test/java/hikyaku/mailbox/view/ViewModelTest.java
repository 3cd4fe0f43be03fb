package hikyaku.mailbox.view;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.TestMessages;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sessions on two nodes do everything at random on one mailbox, against a model: a plain map of
 * what the mailbox holds, and for each session the list of messages that its client believes in,
 * changed only by what the client was told.
 */
class ViewModelTest {
  private static final MailboxLimits LIMITS =
      new MailboxLimits(
          100,
          100,
          5,
          100,
          10,
          9_999,
          10,
          10,
          50,
          30,
          100_000,
          40,
          100,
          30,
          Duration.ZERO,
          10,
          Optional.of(2_000L));

  private final MemoryStore store = new MemoryStore();
  private final List<MailStore> nodes =
      List.of(
          new MailStore(store, Clock.systemUTC(), LIMITS),
          new MailStore(store, Clock.systemUTC(), LIMITS));

  /** What the mailbox holds. */
  private final TreeMap<Long, Flags> truth = new TreeMap<>();

  private final List<Session> sessions = new ArrayList<>();
  private Random random = new Random();
  private int names;

  /** What the mailbox held at some sequences. */
  private final TreeMap<Long, TreeMap<Long, Flags>> history = new TreeMap<>();

  private int lookedBack;

  /** A client's belief. */
  private final class Session {
    record Known(long uid, Flags flags) {}

    View view;
    final List<Known> known = new ArrayList<>();

    Session(MailStore node) {
      view = View.open(node.account("a").inbox());
      truth.forEach((uid, flags) -> known.add(new Known(uid, flags)));
      checkNumbers();
    }

    void tell(boolean expungesAllowed) {
      view.refresh();
      int before = known.size();
      News news = view.tell(expungesAllowed);
      List<Long> gone = new ArrayList<>();
      for (int number : news.expunged()) {
        gone.add(known.remove(number - 1).uid);
      }
      gone.sort(Comparator.naturalOrder());
      assertThat(UidSet.of(gone.stream().mapToLong(Long::longValue).toArray()))
          .isEqualTo(news.vanished());
      if (!expungesAllowed) {
        assertThat(known).hasSize(before);
      }
      if (news.exists() >= 0) {
        assertThat(news.exists()).isGreaterThan(known.size());
        for (int number = known.size() + 1; number <= news.exists(); number++) {
          int index = view.index(number);
          Flags flags = index < 0 ? Flags.NONE : view.state().flags(index);
          known.add(new Known(view.uid(number), flags));
        }
      }
      for (int number : news.changed()) {
        int index = view.index(number);
        known.set(number - 1, new Known(view.uid(number), view.state().flags(index)));
      }
      if (expungesAllowed) {
        TreeMap<Long, Flags> believed = new TreeMap<>();
        known.forEach(k -> believed.put(k.uid, k.flags));
        assertThat(believed).isEqualTo(truth);
      }
      checkNumbers();
    }

    void checkNumbers() {
      assertThat(view.size()).isEqualTo(known.size());
      for (int number = 1; number <= known.size(); number++) {
        Known k = known.get(number - 1);
        assertThat(view.uid(number)).isEqualTo(k.uid);
        assertThat(view.number(k.uid)).isEqualTo(number);
        int index = view.index(number);
        if (index >= 0) {
          assertThat(view.state().uid(index)).isEqualTo(k.uid);
          assertThat(view.numberAt(index)).isEqualTo(number);
        } else {
          assertThat(truth).doesNotContainKey(k.uid);
        }
      }
      assertThat(view.number(1_000_000)).isZero();
    }

    /** Carries the session on elsewhere, with nothing but its positions. */
    void move(MailStore node) {
      Mailbox there = node.account("a").inbox();
      if (there.refresh().knowsExpungesSince(view.positions().expunges())) {
        View attached = View.at(there, view.positions());
        attached.refresh();
        view.refresh();
        assertThat(attached.positions()).isEqualTo(view.positions());
        view = attached;
        checkNumbers();
      }
    }

    Mailbox mailbox() {
      return view.mailbox();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everySessionBelievesWhatIsTrue(long seed) {
    random = new Random(seed);
    for (int i = 0; i < 4; i++) {
      sessions.add(new Session(nodes.get(i % 2)));
    }
    for (int step = 0; step < 1_500; step++) {
      Session session = sessions.get(random.nextInt(sessions.size()));
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> append(session.mailbox());
        case 3, 4 -> flag(session);
        case 5 -> conditionalFlag(session.mailbox());
        case 6 -> {
          Attempt attempt = named();
          UidSet gone = session.mailbox().expungeDeleted(before(), null, attempt).uids();
          assertThat(gone).isEqualTo(deleted());
          gone.forEach(truth::remove);
          if (!gone.isEmpty()) {
            assertThat(elsewhere().expungeDeleted(before(), null, again(attempt)).uids())
                .isEqualTo(gone);
          }
        }
        case 7 -> {
          UidSet some = someUids();
          UidSet gone = session.mailbox().expunge(some, Attempt.ONLY);
          gone.forEach(uid -> assertThat(truth.remove(uid)).isNotNull());
          some.forEach(uid -> assertThat(truth).doesNotContainKey(uid));
        }
        case 8, 9 -> session.tell(random.nextBoolean());
        case 10 -> {
          session.move(nodes.get(random.nextInt(2)));
          lookBack();
        }
        default -> nodes.get(random.nextInt(2)).housekeeping();
      }
    }
    sessions.forEach(s -> s.tell(true));
    assertThat(lookedBack).isPositive();
    checkCold();
    assertThat(problems()).isEmpty();
  }

  /** An attempt of its own name. */
  private Attempt named() {
    return Attempt.first("attempt " + names++);
  }

  /** The same once more, by a node that cannot know whether it was made. */
  private Attempt again(Attempt first) {
    return random.nextBoolean()
        ? new Attempt(first.key(), Attempt.Phase.REPEAT)
        : new Attempt(first.key(), Attempt.Phase.OVER);
  }

  private Mailbox elsewhere() {
    return nodes.get(random.nextInt(2)).account("a").inbox();
  }

  /** The mailbox as it was is as it was then, if the log still tells. */
  private void lookBack() {
    long now = elsewhere().refresh().seq();
    history.put(now, new TreeMap<>(truth));
    Long floor = history.floorKey(now - random.nextInt(40));
    long then = floor == null ? now : floor;
    elsewhere()
        .stateAt(then)
        .ifPresent(state -> {
          assertThat(state.seq()).isEqualTo(then);
          assertThat(folded(state)).isEqualTo(history.get(then));
          lookedBack += then < now ? 1 : 0;
        });
  }

  private static TreeMap<Long, Flags> folded(MailboxState state) {
    TreeMap<Long, Flags> folded = new TreeMap<>();
    for (int index = 0; index < state.size(); index++) {
      folded.put(state.uid(index), state.flags(index));
    }
    return folded;
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    return problems;
  }

  private void append(Mailbox mailbox) {
    int count = 1 + random.nextInt(3);
    List<hikyaku.mailbox.log.NewMessage> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(TestMessages.message(store, "text " + random.nextInt(50), someFlags()));
    }
    Attempt attempt = named();
    Added added = mailbox.append(messages, attempt);
    assertThat(elsewhere().append(messages, again(attempt))).isEqualTo(added);
    List<Long> uids = new ArrayList<>();
    added.uids().forEach(uids::add);
    for (int i = 0; i < count; i++) {
      assertThat(truth.isEmpty() || truth.lastKey() < uids.get(i)).isTrue();
      truth.put(uids.get(i), messages.get(i).flags());
    }
  }

  private void flag(Session session) {
    FlagChange change = someChange();
    UidSet uids = someUids();
    Attempt attempt = named();
    Mailbox mailbox = session.mailbox();
    FlagsOutcome outcome = mailbox.changeFlags(mailbox.refresh(), uids, change, -1, attempt);
    repeated(outcome, elsewhere().changeFlags(before(), uids, change, -1, again(attempt)));
    uids.forEach(uid -> truth.computeIfPresent(uid, (u, flags) -> change.apply(flags)));
    assertThat(outcome.modified().isEmpty()).isTrue();
    if (random.nextBoolean()) {
      // As STORE without .SILENT does: the client gets the outcome as the command's own reply.
      session.tell(false);
    }
  }

  private void conditionalFlag(Mailbox mailbox) {
    MailboxState before = mailbox.refresh();
    long since = Math.max(0, before.seq() - random.nextInt(6));
    UidSet uids = someUids();
    FlagChange change = someChange();
    Attempt attempt = named();
    FlagsOutcome outcome = mailbox.changeFlags(before, uids, change, since, attempt);
    if (outcome.seq() > 0) {
      repeated(outcome, elsewhere().changeFlags(before(), uids, change, since, again(attempt)));
    }
    before.forEachIndex(
        uids,
        index -> {
          long uid = before.uid(index);
          boolean changedSince = before.modseq(index) > since;
          assertThat(outcome.modified().contains(uid)).isEqualTo(changedSince);
          if (!changedSince) {
            truth.put(uid, change.apply(truth.get(uid)));
          }
        });
  }

  private MailboxState before() {
    return elsewhere().refresh();
  }

  private void repeated(FlagsOutcome first, FlagsOutcome second) {
    assertThat(second.seq()).isEqualTo(first.seq());
    assertThat(second.changed()).isEqualTo(first.changed());
    elsewhere()
        .stateAt(first.seq() - 1)
        .ifPresent(_ -> assertThat(second.modified()).isEqualTo(first.modified()));
  }

  private UidSet deleted() {
    return UidSet.of(
        truth.entrySet().stream()
            .filter(e -> e.getValue().has(SystemFlag.DELETED))
            .mapToLong(java.util.Map.Entry::getKey)
            .toArray());
  }

  private UidSet someUids() {
    if (truth.isEmpty()) {
      return UidSet.of(1);
    }
    long last = truth.lastKey();
    long first = Math.max(1, last - random.nextInt(30));
    return UidSet.range(first, Math.min(last + 1, first + random.nextInt(6)));
  }

  private Flags someFlags() {
    List<String> keywords = new ArrayList<>();
    if (random.nextInt(3) == 0) {
      keywords.add("kw" + random.nextInt(4));
    }
    return Flags.of(random.nextInt(32) & ~SystemFlag.DELETED.bit(), keywords);
  }

  private FlagChange someChange() {
    Flags flags = Flags.of(random.nextInt(32), someFlags().keywords());
    return switch (random.nextInt(3)) {
      case 0 -> FlagChange.add(flags);
      case 1 -> FlagChange.remove(flags);
      default -> FlagChange.replace(flags);
    };
  }

  /** A node that knows nothing folds the same from snapshot and log. */
  private void checkCold() {
    try (MailStore cold = new MailStore(store, Clock.systemUTC(), LIMITS)) {
      MailboxState state = cold.account("a").inbox().refresh();
      TreeMap<Long, Flags> folded = new TreeMap<>();
      long octets = 0;
      int unseen = 0;
      for (int index = 0; index < state.size(); index++) {
        folded.put(state.uid(index), state.flags(index));
        octets += state.octets(index);
        unseen += state.flags(index).has(SystemFlag.SEEN) ? 0 : 1;
        assertThat(state.indexOf(state.uid(index))).isEqualTo(index);
      }
      assertThat(folded).isEqualTo(truth);
      assertThat(state.octets()).isEqualTo(octets);
      assertThat(state.unseen()).isEqualTo(unseen);
      assertThat(cold.account("a").usage().count()).isEqualTo(truth.size());
      assertThat(cold.account("a").usage().octets()).isEqualTo(octets);
    }
  }
}
