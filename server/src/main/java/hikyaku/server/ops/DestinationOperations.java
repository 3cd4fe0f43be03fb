package hikyaku.server.ops;

import hikyaku.server.queue.Standing;
import java.util.List;
import java.util.function.IntFunction;

/** Where mail goes from the parts of the queue that this node works, and how that fares. */
public final class DestinationOperations implements AdminApi.Group {
  /** Destinations of an answer. */
  private static final int MOST = 1000;

  private final IntFunction<List<Standing>> standings;

  /**
   * @param standings gives so many at most, those with the most waiting first
   */
  public DestinationOperations(IntFunction<List<Standing>> standings) {
    this.standings = standings;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "destinations", _ -> AdminResponse.ok(views()));
  }

  private List<View> views() {
    return standings.apply(MOST).stream().map(View::of).toList();
  }

  /**
   * A destination for which something waits.
   *
   * @param waiting messages for it, those on their way and those that are held among them
   * @param underWay deliveries at this moment
   * @param rest how long it is left alone yet, in milliseconds; 0 if it is not
   * @param paced whether its rate is used up
   * @param trouble why it was left alone last, if nothing has gone there since; else empty
   */
  public record View(
      String destination, int waiting, int underWay, long rest, boolean paced, String trouble) {
    private static View of(Standing standing) {
      return new View(
          standing.destination(),
          standing.waiting(),
          standing.underWay(),
          standing.rest().toMillis(),
          standing.paced(),
          standing.trouble().map(Object::toString).orElse(""));
    }
  }
}
