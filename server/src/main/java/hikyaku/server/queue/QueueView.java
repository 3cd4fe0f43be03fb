package hikyaku.server.queue;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogStore;
import hikyaku.server.smtpclient.Relay;
import hikyaku.server.smtpclient.Route;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What waits, as the logs say it, whoever works them; and what an operator wants done with it. Each
 * question reads the logs: all of a part that another node works, and of those that this one works
 * what may be meant, as their folds tell.
 */
public final class QueueView {
  private static final int PAGE = 500;

  /** Entries that are read and not needed, if that saves reading once more. */
  private static final int NEAR = 16;

  /** Messages that one event tells of. */
  static final int ORDERED_AT_ONCE = 10_000;

  /**
   * Octets of one event that name messages and recipients, but for one message alone, which takes
   * fewer than its own entry did. Well below {@link LogStore#MAX_PAYLOAD}.
   */
  private static final int ORDERED_OCTETS = 1024 * 1024;

  private final LogStore logs;
  private final InstantSource clock;
  private final QueueSettings settings;
  private final WorkedParts worked;

  /** Where no node works the queue, and nothing has a rate. */
  public QueueView(LogStore logs, InstantSource clock) {
    this(logs, clock, QueueSettings.DEFAULTS, new WorkedParts());
  }

  /**
   * @param settings tell who waits for a rate
   * @param worked by this node
   */
  public QueueView(LogStore logs, InstantSource clock, QueueSettings settings, WorkedParts worked) {
    this.logs = logs;
    this.clock = clock;
    this.settings = settings;
    this.worked = worked;
  }

  /**
   * A message that waits.
   *
   * @param message as it came
   * @param arrived when
   * @param waiting those who wait, first those who were asked for
   * @param asked how many were asked for: all, unless it was by something of recipients
   * @param release the moment that its sender wants it to go; nothing for at once
   * @param givenUp from when on an attempt that fails is the last one
   */
  public record Waiting(
      Outgoing message,
      Instant arrived,
      List<Recipient> waiting,
      int asked,
      Optional<Instant> release,
      Instant givenUp) {
    private Stream<Recipient> recipients() {
      return waiting.stream().limit(asked);
    }

    /** Whether an operator keeps back all who were asked for. */
    public boolean held() {
      return recipients().allMatch(Recipient::held);
    }

    /**
     * The way that an operator wants it to go to those who were asked for; empty for that of the
     * configuration, or for several.
     */
    public String way() {
      List<String> ways = recipients().map(Recipient::way).distinct().toList();
      return ways.size() == 1 ? ways.getFirst() : "";
    }

    /** The most for any of those who were asked for. */
    public int attempts() {
      return recipients().mapToInt(Recipient::attempts).max().orElse(0);
    }

    /**
     * When the next of those who were asked for is due, of whom nobody is kept back if not all are,
     * at the earliest; nothing if one is to be tried at once.
     */
    public Optional<Instant> due() {
      boolean held = held();
      List<Recipient> going = recipients().filter(each -> held || !each.held()).toList();
      return going.stream().allMatch(each -> each.due().isPresent())
          ? going.stream().flatMap(each -> each.due().stream()).min(Comparator.naturalOrder())
          : Optional.empty();
    }

    /** Why the first of those who were asked for waits who was tried; empty if none was. */
    public String reason() {
      return recipients()
          .map(Recipient::reason)
          .filter(each -> !each.isEmpty())
          .findFirst()
          .orElse("");
    }
  }

  /**
   * Somebody for whom a message waits.
   *
   * @param place in the message's list
   * @param held whether an operator keeps it back
   * @param way the way that an operator wants it to go; empty for that of the configuration
   * @param due when it is due, at the earliest; nothing if it is to be tried at once
   * @param reason why it waits, as far as it was tried or its destination has a rate
   */
  public record Recipient(
      int place,
      Outgoing.To to,
      boolean held,
      String way,
      int attempts,
      Optional<Instant> due,
      String reason) {}

  /**
   * Which messages are meant, and of their recipients which; null stands for any. It is one and the
   * same recipient who has the address and the domain, waits for the reason and is held. Addresses
   * and domains are compared without regard to case, and recipients' domains in either spelling.
   *
   * @param transaction the message's id
   * @param before that came before this moment
   * @param account the id of the account that sends them, or whose script does
   * @param reason a part of what keeps somebody waiting
   */
  public record Filter(
      @Nullable String transaction,
      @Nullable String sender,
      @Nullable String recipient,
      @Nullable String domain,
      @Nullable Instant before,
      boolean heldOnly,
      @Nullable String account,
      @Nullable String reason) {
    /** For whatever reason. */
    public Filter(
        @Nullable String transaction,
        @Nullable String sender,
        @Nullable String recipient,
        @Nullable String domain,
        @Nullable Instant before,
        boolean heldOnly,
        @Nullable String account) {
      this(transaction, sender, recipient, domain, before, heldOnly, account, null);
    }

    /** Those of an account, and of its scripts. */
    static Filter ofAccount(String account, boolean heldOnly) {
      return new Filter(null, null, null, null, null, heldOnly, account);
    }

    /** The parts that may have one. */
    private List<Integer> parts() {
      return transaction == null
          ? IntStream.range(0, Part.COUNT).boxed().toList()
          : List.of(Outbox.part(transaction));
    }

    boolean fits(Waiting waiting) {
      Outgoing message = waiting.message();
      return (transaction == null || transaction.equals(message.transaction()))
          && (sender == null || sender.equalsIgnoreCase(message.sender().toString()))
          && waiting.waiting().stream().anyMatch(this::isMeant)
          && (before == null || waiting.arrived().isBefore(before))
          && (account == null
              || account.equals(message.account())
              || account.equals(message.script()));
    }

    private boolean isMeant(Recipient each) {
      return (!heldOnly || each.held())
          && isRecipient(each)
          && isOfDomain(each)
          && isForReason(each);
    }

    private boolean isRecipient(Recipient each) {
      String written = each.to().address().toString();
      int at = written.lastIndexOf('@');
      return recipient == null
          || recipient.equalsIgnoreCase(written)
          || (recipient.lastIndexOf('@') == at
              && recipient.regionMatches(true, 0, written, 0, at + 1)
              && Likely.isSame(recipient.substring(at + 1), written.substring(at + 1)));
    }

    private boolean isOfDomain(Recipient each) {
      return domain == null || Likely.isSame(domain, each.to().address().domain());
    }

    private boolean isForReason(Recipient each) {
      return reason == null
          || each.reason().toLowerCase(Locale.ROOT).contains(reason.toLowerCase(Locale.ROOT));
    }

    /** The same, with those first who are asked for. */
    private Waiting ordered(Waiting fitting) {
      List<Recipient> waiting = new ArrayList<>();
      List<Recipient> others = new ArrayList<>();
      for (Recipient each : fitting.waiting()) {
        (isMeant(each) ? waiting : others).add(each);
      }
      int first = waiting.size();
      waiting.addAll(others);
      return new Waiting(
          fitting.message(),
          fitting.arrived(),
          List.copyOf(waiting),
          first,
          fitting.release(),
          fitting.givenUp());
    }
  }

  /**
   * Some of the messages that wait.
   *
   * @param messages in the order in which they came
   * @param all how many there are that fit
   */
  public record Found(List<Waiting> messages, long all) {}

  /** The oldest that fit, at most {@code limit} of them. */
  public Found find(Filter filter, int limit) {
    List<Waiting> found = new ArrayList<>();
    long[] all = {0};
    Likely likely = new Likely(filter);
    for (int part : filter.parts()) {
      Folded folded = fold(part, likely, limit);
      all[0] += folded.others;
      folded.states.values().stream()
          .map(State::view)
          .filter(filter::fits)
          .forEach(waiting -> {
            all[0]++;
            found.add(filter.ordered(waiting));
            trim(found, limit);
          });
    }
    found.sort(Comparator.comparing(Waiting::arrived));
    return new Found(List.copyOf(found.subList(0, Math.min(limit, found.size()))), all[0]);
  }

  /** Keeps a few times as many as are wanted at most. */
  private static void trim(List<Waiting> found, int limit) {
    if (found.size() >= 4 * limit + PAGE) {
      found.sort(Comparator.comparing(Waiting::arrived));
      found.subList(limit, found.size()).clear();
    }
  }

  /**
   * What an order was for.
   *
   * @param recipients of those messages, who are meant
   */
  public record Touched(long messages, long recipients) {
    private Touched and(List<QueueEvent.Meant> meant, Map<Long, State> states) {
      return new Touched(
          messages + meant.size(),
          recipients
              + meant.stream()
                  .mapToLong(each -> each.among(state(states, each).waiting).cardinality())
                  .sum());
    }
  }

  /**
   * Wants something done with all that fit: with those recipients of each message who are meant.
   * Durable when it returns; what a delivery is at meanwhile comes to its end. What its sender
   * wants later goes before its time only if it is named by its id: others than those who look
   * after the queue decided that.
   */
  public Touched order(Order order, Filter filter) {
    return order(order, null, filter, OrderStory.ADMINISTRATOR);
  }

  /**
   * The same.
   *
   * @param by who wants it, for the story of each message
   */
  Touched order(Order order, Filter filter, String by) {
    return order(order, null, filter, by);
  }

  /**
   * Wants all that fit to go by a server. Durable when it returns.
   *
   * @param relay as in {@link QueueSettings#relay}
   * @throws IllegalArgumentException with a sentence for the operator, if that is no server
   */
  public Touched reroute(String relay, Filter filter) {
    return order(Order.REROUTE, Relay.parse(relay), filter, OrderStory.ADMINISTRATOR);
  }

  private Touched order(Order order, @Nullable Relay relay, Filter filter, String by) {
    Touched touched = new Touched(0, 0);
    OrderStory story = new OrderStory(order, relay, by);
    Likely likely = new Likely(filter);
    for (int part : filter.parts()) {
      Map<Long, State> states = fold(part, likely, Integer.MAX_VALUE).states;
      List<QueueEvent.Meant> meant = meant(states, order, filter);
      for (List<QueueEvent.Meant> some : gathered(meant)) {
        Append append =
            Append.to(
                Part.log(part),
                List.of(QueueCodec.ordered(new QueueEvent.Ordered(some, order, relay))));
        Appended unused = logs.append(append).orThrow();
        touched = touched.and(some, states);
        for (QueueEvent.Meant each : some) {
          State state = state(states, each);
          story.tell(state.message, each.among(state.waiting));
        }
      }
    }
    story.end();
    return touched;
  }

  /** What is meant, by as much as one event tells of. */
  static List<List<QueueEvent.Meant>> gathered(List<QueueEvent.Meant> meant) {
    List<List<QueueEvent.Meant>> all = new ArrayList<>();
    int from = 0;
    int octets = 0;
    for (int i = 0; i < meant.size(); i++) {
      int more = QueueCodec.octets(meant.get(i));
      if (i > from && (i - from == ORDERED_AT_ONCE || octets + more > ORDERED_OCTETS)) {
        all.add(meant.subList(from, i));
        from = i;
        octets = 0;
      }
      octets += more;
    }
    if (from < meant.size()) {
      all.add(meant.subList(from, meant.size()));
    }
    return all;
  }

  private static State state(Map<Long, State> states, QueueEvent.Meant meant) {
    return Objects.requireNonNull(states.get(meant.id()));
  }

  private List<QueueEvent.Meant> meant(Map<Long, State> states, Order order, Filter filter) {
    List<QueueEvent.Meant> meant = new ArrayList<>();
    states.forEach((id, state) -> {
      Waiting view = state.view();
      if (!filter.fits(view)) {
        return;
      }
      BitSet places = new BitSet();
      view.waiting().stream().filter(filter::isMeant).forEach(each -> places.set(each.place()));
      if (filter.transaction != null || !state.isEarly(order, clock.instant(), places)) {
        meant.add(
            places.equals(state.waiting)
                ? QueueEvent.Meant.whole(id)
                : new QueueEvent.Meant(id, places.stream().toArray()));
      }
    });
    return meant;
  }

  /**
   * @param others how many more wait that are meant, all of them younger
   */
  private record Folded(Map<Long, State> states, long others) {}

  /** What waits in a part, with all of it that may be meant. */
  private Folded fold(int part, Likely which, int limit) {
    return worked
        .told(logs, part, which, limit)
        .map(told -> new Folded(fold(part, told.entries()), told.others()))
        .orElseGet(() -> new Folded(fold(part), 0));
  }

  /**
   * @param entries that are told, in rising order
   */
  private Map<Long, State> fold(int part, long[] entries) {
    Map<Long, State> states = new LinkedHashMap<>();
    int next = 0;
    while (next < entries.length) {
      int last = next;
      while (last + 1 < entries.length
          && entries[last + 1] - entries[last] <= NEAR
          && entries[last + 1] - entries[next] < PAGE) {
        last++;
      }
      for (Entry entry : logs.read(Part.log(part), entries[next] - 1, entries[last], PAGE)) {
        if (Arrays.binarySearch(entries, next, last + 1, entry.seq()) >= 0) {
          apply(states, entry);
        }
      }
      next = last + 1;
    }
    return states;
  }

  private Map<Long, State> fold(int part) {
    Map<Long, State> states = new LinkedHashMap<>();
    long seq = 0;
    List<Entry> page;
    do {
      page = logs.read(Part.log(part), seq, Long.MAX_VALUE, PAGE);
      for (Entry entry : page) {
        seq = entry.seq();
        apply(states, entry);
      }
    } while (page.size() == PAGE);
    return states;
  }

  private void apply(Map<Long, State> states, Entry entry) {
    switch (QueueCodec.read(entry)) {
      case QueueEvent.Opened _ -> {}
      case QueueEvent.Queued(Outgoing message) ->
          states.put(entry.firstId(), new State(message, entry.time()));
      case QueueEvent.Tried tried -> {
        State state = states.get(tried.id());
        if (state != null && state.tried(tried)) {
          states.remove(tried.id());
        }
      }
      case QueueEvent.Ordered ordered -> {
        for (QueueEvent.Meant meant : ordered.meant()) {
          State state = states.get(meant.id());
          if (state != null && state.ordered(ordered, meant, entry.time())) {
            states.remove(meant.id());
          }
        }
      }
    }
  }

  /** A message while the log is read. */
  private final class State {
    private final Outgoing message;
    private final Instant arrived;
    private final BitSet waiting;

    /** Those who are due as soon as the sender wants it, whatever came of earlier attempts. */
    private final BitSet atOnce;

    private final QueueEvent.@Nullable Tried[] tried;

    /** Those who are kept back. */
    private final BitSet held;

    /** Those who go though the sender wants the others later still. */
    private final BitSet early;

    private final Map<Integer, Relay> ways = new HashMap<>(0);

    /** As in {@link Outgoing.Terms}, unless an operator wants it earlier. */
    private long release;

    /** From when on its time counts, as in {@link Job.Message#begins}. */
    private Instant begins;

    State(Outgoing message, Instant arrived) {
      this.message = message;
      this.arrived = arrived;
      int recipients = message.recipients().size();
      this.waiting = new BitSet(recipients);
      this.atOnce = new BitSet(recipients);
      this.held = new BitSet(recipients);
      this.early = new BitSet(recipients);
      this.tried = new QueueEvent.Tried[recipients];
      waiting.set(0, recipients);
      release = message.terms().release();
      begins = arrived.toEpochMilli() < release ? Instant.ofEpochMilli(release) : arrived;
      atOnce.set(0, recipients);
    }

    /** Whether some would go before the time that their sender wants. */
    boolean isEarly(Order order, Instant now, BitSet places) {
      return now.toEpochMilli() < release && order.isEarly(places.intersects(held));
    }

    /** Whether nobody waits any more. */
    boolean ordered(QueueEvent.Ordered ordered, QueueEvent.Meant meant, Instant now) {
      BitSet places = meant.among(waiting);
      boolean goes = isEarly(ordered.order(), now, places);
      switch (ordered.order()) {
        case HOLD -> held.or(places);
        case RELEASE -> {
          held.andNot(places);
          atOnce.or(places);
        }
        case RETRY -> atOnce.or(places);
        case REROUTE -> {
          atOnce.or(places);
          Relay relay = Objects.requireNonNull(ordered.relay());
          places.stream().forEach(place -> ways.put(place, relay));
        }
        case DELETE -> waiting.andNot(places);
      }
      if (goes && places.equals(waiting)) {
        release = 0;
        begins = now;
      } else if (goes) {
        early.or(places);
      } else if (ordered.order() != Order.RETRY) {
        early.andNot(places);
      }
      return waiting.isEmpty();
    }

    /** Whether that was all. */
    boolean tried(QueueEvent.Tried attempt) {
      for (int place : attempt.settled()) {
        waiting.clear(place);
      }
      for (int place : attempt.waiting()) {
        tried[place] = attempt;
        atOnce.set(place, attempt.due() == 0);
      }
      return waiting.isEmpty();
    }

    private Recipient recipient(int place) {
      QueueEvent.Tried last = tried[place];
      return new Recipient(
          place,
          message.recipients().get(place),
          held.get(place),
          ways.containsKey(place) ? String.valueOf(ways.get(place)) : "",
          last == null ? 0 : last.attempts(),
          time(last == null || atOnce.get(place) ? release(place) : last.due()),
          last == null ? untried(place) : last.reason());
    }

    /** Why somebody waits for whom it was not tried. */
    private String untried(int place) {
      Outgoing.To to = message.recipients().get(place);
      if (held.get(place) || to.here() || release(place) > clock.millis()) {
        return "";
      }
      Relay way = ways.get(place);
      Route route =
          way == null
              ? settings.route(to.address().domain(), message.reversePath())
              : new Route.Named(way);
      return settings.rate(route).map(rate -> "waits for its rate, " + rate).orElse("");
    }

    private long release(int place) {
      return early.get(place) ? 0 : release;
    }

    /** 0 is for at once. */
    private static Optional<Instant> time(long millis) {
      return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    Waiting view() {
      List<Recipient> recipients = waiting.stream().mapToObj(this::recipient).toList();
      return new Waiting(message, arrived, recipients, recipients.size(), time(release), givenUp());
    }

    private Instant givenUp() {
      Instant end = begins.plus(settings.lifetime());
      Outgoing.Deadline by = message.terms().by();
      return by != null && by.returned() && by.time().isBefore(end) ? by.time() : end;
    }
  }
}
