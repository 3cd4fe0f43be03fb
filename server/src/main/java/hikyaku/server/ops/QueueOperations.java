package hikyaku.server.ops;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.queue.Order;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import hikyaku.server.queue.QueueView.Filter;
import hikyaku.server.queue.QueueView.Found;
import hikyaku.server.queue.QueueView.Waiting;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What waits to go out, and what is to be done with it. */
public final class QueueOperations implements AdminApi.Group {
  /** Messages of an answer, if it is not said how many. */
  private static final long USUAL = 100;

  private static final long MOST = 10_000;

  private final QueueView queue;
  private final Directory directory;
  private final InstantSource clock;

  public QueueOperations(QueueView queue, Directory directory, InstantSource clock) {
    this.queue = queue;
    this.directory = directory;
    this.clock = clock;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "queue", this::list);
    table.add("GET", "queue/*", this::show);
    table.add("POST", "queue/*", this::order);
  }

  private AdminResponse list(AdminRequest request) throws AdminException {
    Filter filter =
        new Wanted(
                null,
                request.parameter("sender").orElse(null),
                request.parameter("recipient").orElse(null),
                request.parameter("domain").orElse(null),
                request.parameter("account").orElse(null),
                request.parameter("reason").orElse(null),
                request.number("older", 0),
                request.parameter("held").isPresent(),
                true,
                null)
            .filter(directory, clock);
    int limit = (int) Math.clamp(request.number("limit", USUAL), 1, MOST);
    Found found = queue.find(filter, limit);
    return AdminResponse.ok(
        new Listing(found.all(), found.messages().stream().map(this::view).toList()));
  }

  private AdminResponse show(AdminRequest request) throws AdminException {
    String id = request.part(1);
    Filter filter = new Filter(id, null, null, null, null, false, null);
    return queue.find(filter, 1).messages().stream()
        .findFirst()
        .map(waiting -> AdminResponse.ok(view(waiting)))
        .orElseThrow(() -> AdminException.notFound("nothing in the queue has the id " + id));
  }

  private AdminResponse order(AdminRequest request) throws AdminException {
    Order order =
        Arrays.stream(Order.values())
            .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(request.part(1)))
            .findFirst()
            .orElseThrow(() ->
                AdminException.notFound("nothing called " + request.part(1) + " can be done"));
    Wanted wanted = request.json(Wanted.class);
    if (wanted.isEverything() && !wanted.all) {
      throw AdminException.badRequest("say which messages, or that all are meant");
    }
    if ((order == Order.REROUTE) != (wanted.to != null)) {
      throw AdminException.badRequest("say the way of a new way, and of nothing else");
    }
    Filter filter = wanted.filter(directory, clock);
    if (wanted.to == null) {
      return AdminResponse.ok(Done.of(queue.order(order, filter)));
    }
    try {
      return AdminResponse.ok(Done.of(queue.reroute(wanted.to, filter)));
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Which messages are meant; null and 0 stand for any.
   *
   * @param sender in angle brackets or without; {@code <>} for none
   * @param account the address of who sends them, or whose script does
   * @param reason a part of what keeps somebody waiting, in whichever case
   * @param older came longer ago than so many milliseconds
   * @param held only those that are held
   * @param all whether nothing else need be said
   * @param to the way of a new way; null for any other order
   */
  public record Wanted(
      @Nullable String id,
      @Nullable String sender,
      @Nullable String recipient,
      @Nullable String domain,
      @Nullable String account,
      @Nullable String reason,
      long older,
      boolean held,
      boolean all,
      @Nullable String to) {
    private boolean isEverything() {
      return id == null
          && sender == null
          && recipient == null
          && domain == null
          && account == null
          && reason == null
          && older == 0
          && !held;
    }

    private Filter filter(Directory directory, InstantSource clock) throws AdminException {
      if (older < 0 || older > Duration.ofDays(36_500).toMillis()) {
        throw AdminException.badRequest("nothing is so old");
      }
      return new Filter(
          id,
          bare(sender),
          bare(recipient),
          domain,
          older == 0 ? null : clock.instant().minusMillis(older),
          held,
          account == null ? null : id(directory, DomainOperations.address(account)),
          reason);
    }

    /** As lists have it, or as envelopes do: {@code <>} is for mail without a sender. */
    private static @Nullable String bare(@Nullable String address) {
      return address != null && address.startsWith("<") && address.endsWith(">")
          ? address.substring(1, address.length() - 1)
          : address;
    }

    private static String id(Directory directory, Address account) throws AdminException {
      return directory
          .accountByAddress(account)
          .map(Account::id)
          .orElseThrow(() -> AdminException.notFound("there is no account " + account));
    }
  }

  private View view(Waiting waiting) {
    Outgoing message = waiting.message();
    String account = message.script().isEmpty() ? message.account() : message.script();
    String address =
        account.isEmpty()
            ? ""
            : directory.account(account).map(each -> each.primary().toString()).orElse("");
    return View.of(waiting, address);
  }

  /**
   * What an order was for.
   *
   * @param recipients of those messages, who were meant
   */
  public record Done(long messages, long recipients) {
    static Done of(QueueView.Touched touched) {
      return new Done(touched.messages(), touched.recipients());
    }
  }

  /**
   * @param all how many there are that fit
   * @param messages the oldest of them
   */
  public record Listing(long all, List<View> messages) {}

  /**
   * A message that waits; {@code reversePath} is the sender that other servers are told; times in
   * ISO 8601, {@code due} empty for at once, {@code way} for that of the configuration (or for
   * several), {@code until} if its sender does not want it later, {@code deadline} if it may come
   * at any time; {@code late} is what becomes of it then; {@code givenUp} from when on an attempt
   * that fails is the last one. Whether it is held, attempts, time, way and reason are of those who
   * were asked for.
   *
   * @param account the address of who sends it, or whose script does, or to whose message a mailing
   *     list does; empty for nobody, or for one that is gone
   * @param script whether it is a script that does, or a list
   * @param waiting first those who were asked for
   */
  public record View(
      String id,
      String session,
      String sender,
      String reversePath,
      String account,
      boolean script,
      String messageId,
      long octets,
      String arrived,
      boolean held,
      int attempts,
      String due,
      String reason,
      List<Recipient> waiting,
      int recipients,
      String way,
      String until,
      String deadline,
      String late,
      String givenUp,
      int priority) {
    private static View of(Waiting waiting, String account) {
      Outgoing message = waiting.message();
      Outgoing.Deadline by = message.terms().by();
      return new View(
          message.transaction(),
          message.session(),
          message.sender().toString(),
          message.reversePath().toString(),
          account,
          !message.script().isEmpty(),
          message.messageId(),
          message.octets(),
          waiting.arrived().toString(),
          waiting.held(),
          waiting.attempts(),
          time(waiting.due()),
          waiting.reason(),
          waiting.waiting().stream().map(Recipient::of).toList(),
          message.recipients().size(),
          waiting.way(),
          waiting.release().map(Object::toString).orElse(""),
          by == null ? "" : by.time().toString(),
          by == null ? "" : by.returned() ? "returned" : "told",
          waiting.givenUp().toString(),
          message.terms().priority());
    }
  }

  /** Somebody for whom a message waits; {@code due} and {@code way} as above. */
  public record Recipient(
      String address, boolean held, String way, int attempts, String due, String reason) {
    static Recipient of(QueueView.Recipient waiting) {
      return new Recipient(
          waiting.to().address().toString(),
          waiting.held(),
          waiting.way(),
          waiting.attempts(),
          time(waiting.due()),
          waiting.reason());
    }
  }

  private static String time(Optional<Instant> due) {
    return due.map(Object::toString).orElse("");
  }
}
