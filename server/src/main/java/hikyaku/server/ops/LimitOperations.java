package hikyaku.server.ops;

import hikyaku.server.flow.Dimension;
import hikyaku.server.flow.FlowControl;
import hikyaku.server.flow.Limit;
import hikyaku.server.flow.LimitBook;
import hikyaku.server.flow.Standing;
import hikyaku.server.flow.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Limits: which there are, and how their subjects stand. */
public final class LimitOperations implements AdminApi.Group {
  private final LimitBook book;
  private final @Nullable FlowControl flow;
  private final Map<Subject.Kind, Bound> bounds;
  private final Recipients recipients;

  /**
   * @param flow of the node that runs; null when a data directory is looked at whose node does not
   * @param bounds on sessions that the node's configuration has, whatever limits say
   * @param recipients to whom accounts have sent
   */
  public LimitOperations(
      LimitBook book,
      @Nullable FlowControl flow,
      Map<Subject.Kind, Bound> bounds,
      Recipients recipients) {
    this.book = book;
    this.flow = flow;
    this.bounds = Map.copyOf(bounds);
    this.recipients = recipients;
  }

  /** Knows what accounts have sent, on all nodes. */
  @FunctionalInterface
  public interface Recipients {
    /**
     * How many recipients an account has sent to.
     *
     * @param dimension one that only accounts have
     */
    long of(String account, Dimension dimension);
  }

  /**
   * A bound of the configuration.
   *
   * @param key its key
   * @param sessions on one node
   */
  public record Bound(String key, int sessions) {}

  @Override
  public void enter(AdminApi.Table table) {
    table.add(
        "GET", "limits", _ -> AdminResponse.ok(book.limits().stream().map(LimitView::of).toList()));
    table.add("GET", "limits/*", this::show);
    table.add("PUT", "limits/*/*", this::set);
    table.add("DELETE", "limits/*", request -> remove(request, Optional.empty()));
    table.add("DELETE", "limits/*/*", request -> remove(request, Optional.of(dimension(request))));
  }

  private static Subject subject(AdminRequest request) throws AdminException {
    try {
      return Subject.parse(request.part(1));
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private static Dimension dimension(AdminRequest request) throws AdminException {
    try {
      return Dimension.parse(request.part(2));
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private AdminResponse set(AdminRequest request) throws AdminException {
    Subject subject = subject(request);
    Dimension dimension = dimension(request);
    Wanted wanted = request.json(Wanted.class);
    try {
      Limit limit =
          wanted.burst() == null
              ? Limit.of(subject, dimension, wanted.value())
              : new Limit(subject, dimension, wanted.value(), wanted.burst());
      book.set(limit);
      refresh();
      return AdminResponse.ok(LimitView.of(limit));
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private AdminResponse remove(AdminRequest request, Optional<Dimension> dimension)
      throws AdminException {
    Subject subject = subject(request);
    List<Limit> gone = book.remove(subject, dimension);
    if (gone.isEmpty()) {
      throw AdminException.notFound(
          "nothing is set for " + subject + dimension.map(only -> " " + only.label()).orElse(""));
    }
    refresh();
    return AdminResponse.ok(gone.stream().map(LimitView::of).toList());
  }

  /** The others find out by themselves. */
  private void refresh() {
    if (flow != null) {
      flow.look();
    }
  }

  private AdminResponse show(AdminRequest request) throws AdminException {
    Subject subject = subject(request);
    if (flow == null) {
      throw new AdminException(
          409, "the node of this data directory does not run, so nobody is counted");
    }
    flow.look();
    List<StandingView> views = new ArrayList<>();
    for (Standing standing : flow.standing(subject)) {
      Subject of = standing.subject();
      long used =
          standing.dimension().isOfAccounts() && !of.isDefault()
              ? recipients.of(of.name(), standing.dimension())
              : standing.here();
      views.add(StandingView.of(standing, used));
      Bound bound = bounds.get(standing.subject().kind());
      if (bound != null && standing.dimension() == Dimension.SESSIONS) {
        views.add(StandingView.of(standing, bound));
      }
    }
    return AdminResponse.ok(views);
  }

  /**
   * What a limit is to be.
   *
   * @param burst null for what is usual
   */
  public record Wanted(long value, @Nullable Long burst) {}

  /**
   * A limit as it is shown.
   *
   * @param value null for as many as one likes
   * @param burst of a rate
   */
  public record LimitView(
      String subject, String dimension, @Nullable Long value, @Nullable Long burst) {
    static LimitView of(Limit limit) {
      return new LimitView(
          limit.subject().toString(),
          limit.dimension().label(),
          limit.isUnlimited() ? null : limit.value(),
          limit.dimension().isRate() && !limit.isUnlimited() ? limit.burst() : null);
    }
  }

  /**
   * How a subject stands in one dimension.
   *
   * @param value null for as many as one likes
   * @param source where that comes from: a subject, or a key of the configuration, which then is a
   *     bound on this node; null if nothing says so
   * @param here sessions on this node; of recipients, those on all nodes
   * @param elsewhere sessions that other nodes have told of
   * @param perSecond of a rate, on this node
   */
  public record StandingView(
      String subject,
      String dimension,
      @Nullable Long value,
      @Nullable Long burst,
      @Nullable String source,
      long here,
      long elsewhere,
      double perSecond) {
    static StandingView of(Standing standing, long used) {
      Limit limit = standing.limit();
      LimitView view = limit == null ? null : LimitView.of(limit);
      return new StandingView(
          standing.subject().toString(),
          standing.dimension().label(),
          view == null ? null : view.value(),
          view == null ? null : view.burst(),
          view == null ? null : view.subject(),
          used,
          standing.elsewhere(),
          standing.perSecond());
    }

    static StandingView of(Standing standing, Bound bound) {
      return new StandingView(
          standing.subject().toString(),
          standing.dimension().label(),
          (long) bound.sessions(),
          null,
          bound.key(),
          standing.here(),
          0,
          0);
    }
  }
}
