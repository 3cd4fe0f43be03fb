package hikyaku.server.ops;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.queue.Senders;
import hikyaku.server.sending.Allowance;
import hikyaku.server.sending.Allowance.Window;
import hikyaku.server.sending.Ledger;
import hikyaku.server.sending.SendingBook;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Who sends how much to other servers, and who may not. */
public final class SendingOperations implements AdminApi.Group {
  private static final long USUAL = 20;
  private static final long MOST = 10_000;
  private static final int LONGEST_REASON = 200;

  private final Directory directory;
  private final SendingBook book;
  private final Senders senders;
  private final Allowance allowance;
  private final InstantSource clock;

  public SendingOperations(
      Directory directory,
      SendingBook book,
      Senders senders,
      Allowance allowance,
      InstantSource clock) {
    this.directory = directory;
    this.book = book;
    this.senders = senders;
    this.allowance = allowance;
    this.clock = clock;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "sending", this::list);
    table.add(
        "GET",
        "sending/*",
        request -> {
          Account account = account(request);
          return AdminResponse.ok(view(account, book.ledger(account.id())));
        });
    table.add("POST", "sending/*/hold", this::hold);
    table.add(
        "POST",
        "sending/*/release",
        request -> AdminResponse.ok(new Done(senders.resume(account(request)))));
  }

  private Account account(AdminRequest request) throws AdminException {
    Address address = DomainOperations.address(request.part(1));
    return directory
        .accountByAddress(address)
        .orElseThrow(() -> AdminException.notFound("there is no account " + address));
  }

  private AdminResponse list(AdminRequest request) throws AdminException {
    boolean held = request.parameter("held").isPresent();
    List<View> views = new ArrayList<>();
    book.all()
        .forEach((id, ledger) ->
            directory
                .account(id)
                .filter(_ -> !held || ledger.stopped().isPresent())
                .map(account -> view(account, ledger))
                .ifPresent(views::add));
    views.sort(
        Comparator.comparing((View view) -> view.stopped() == null)
            .thenComparing(Comparator.comparingLong(View::hour).reversed())
            .thenComparing(Comparator.comparingLong(View::day).reversed())
            .thenComparing(View::account));
    int limit = (int) Math.clamp(request.number("limit", USUAL), 1, MOST);
    return AdminResponse.ok(views.subList(0, Math.min(limit, views.size())));
  }

  private AdminResponse hold(AdminRequest request) throws AdminException {
    Wanted wanted = request.json(Wanted.class);
    if (wanted.reason().isBlank() || wanted.reason().length() > LONGEST_REASON) {
      throw AdminException.badRequest("a reason has 1 to " + LONGEST_REASON + " characters");
    }
    return AdminResponse.ok(new Done(senders.stop(account(request), wanted.reason())));
  }

  private View view(Account account, Ledger ledger) {
    Instant now = clock.instant();
    return new View(
        account.primary().toString(),
        ledger.sent(Window.HOUR.length(), now),
        most(account, Window.HOUR),
        ledger.sent(Window.DAY.length(), now),
        most(account, Window.DAY),
        ledger.busiest(now),
        ledger.failed(Window.HOUR.length(), now),
        ledger.failed(Window.DAY.length(), now),
        ledger.stopped().orElse(null),
        ledger.stopped().flatMap(_ -> ledger.stoppedAt()).map(Instant::toString).orElse(null));
  }

  private @Nullable Long most(Account account, Window window) {
    OptionalLong most = allowance.most(account.primary(), window);
    return most.isPresent() ? most.getAsLong() : null;
  }

  /** Why an account is to send nothing. */
  public record Wanted(String reason) {}

  /** How many messages that wait are held, or were let go. */
  public record Done(long messages) {}

  /**
   * What an account sends.
   *
   * @param hour recipients at other servers in the last hour
   * @param mostInHour null for no limit
   * @param busiest the most in an hour of the last week, but for the last one
   * @param hourFailed of those that were refused for good
   * @param stopped why it may send nothing; null if it may
   * @param since when it was stopped, in ISO 8601
   */
  public record View(
      String account,
      long hour,
      @Nullable Long mostInHour,
      long day,
      @Nullable Long mostInDay,
      long busiest,
      long hourFailed,
      long dayFailed,
      @Nullable String stopped,
      @Nullable String since) {}
}
